import type { Lease } from '../../connections/lease.ts';
import type { DatabaseOptions } from '../../database.ts';
import { flavor } from '../../dialects/mysql/drizzle.ts';
import { Migrator } from '../../migrations/migrator.ts';
import type { ConnectionSource } from '../connection-source.ts';
import type { ServerConnection, StatementResult, TransactionMode } from '../connection.ts';
import { ServerDatabase } from '../database.ts';
import type { Fault, ServerDialect } from '../server-dialect.ts';

/** An error of the scripted driver: it says itself what it means. */
export class DriverError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super('the driver said so');
    this.fault = fault;
  }
}

type Reply = StatementResult | Error | Promise<StatementResult>;

/** What a test decides about the connections of its database, and what it saw on them. */
export class Script {
  /** Connection and command, in their order: `1 begin serializable`. */
  readonly log: string[] = [];
  /** Replies to the next statements; an empty result where there are none. */
  readonly replies: Reply[] = [];
  /** What the next commits give. */
  readonly commits: (string | Error | Promise<string>)[] = [];
  readonly noted: (string | undefined)[] = [];
  released = 0;
  discarded = 0;
  made = 0;
}

class ScriptedConnection implements ServerConnection {
  isBroken = false;
  readonly #script: Script;
  readonly #name: number;
  readonly #cut = Promise.withResolvers<never>();

  constructor(script: Script, name: number) {
    this.#script = script;
    this.#name = name;
    this.#cut.promise.catch(() => undefined);
  }

  async run(text: string): Promise<StatementResult> {
    this.#note(text.split(' ')[0] ?? '');
    const reply = (await Promise.race([this.#script.replies.shift(), this.#cut.promise])) ?? { rows: [], affected: 0 };
    if (reply instanceof Error) throw reply;
    return reply;
  }

  async records(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    await this.run(text);
    return [];
  }

  async version(): Promise<string> {
    return 'Scripted 1.0';
  }

  async command(text: string): Promise<void> {
    this.#note(text);
  }

  async begin(mode: TransactionMode): Promise<void> {
    this.#note(`begin ${mode}`);
  }

  async commit(): Promise<string | undefined> {
    this.#note('commit');
    const reply = await Promise.race([this.#script.commits.shift(), this.#cut.promise]);
    if (reply instanceof Error) throw reply;
    return reply;
  }

  async rollback(): Promise<void> {
    this.#note('rollback');
  }

  async ping(): Promise<void> {
    this.#note('ping');
  }

  destroy(): void {
    this.#note('destroy');
    this.isBroken = true;
    this.#cut.reject(new DriverError({ code: 'ERR_DAO_UNAVAILABLE', isLost: true }));
  }

  async close(): Promise<void> {
    this.#note('close');
  }

  #note(what: string): void {
    this.#script.log.push(`${this.#name} ${what}`);
  }
}

/** Lends one connection after the other as often as it is sound, as a pool does. */
class ScriptedSource implements ConnectionSource {
  readonly #script: Script;
  readonly #idle: ScriptedConnection[] = [];

  constructor(script: Script) {
    this.#script = script;
  }

  async write(): Promise<Lease> {
    const script = this.#script;
    const connection = this.#idle.pop() ?? new ScriptedConnection(script, (script.made += 1));
    const release = (): void => {
      script.released += 1;
      this.#idle.push(connection);
    };
    const discard = (): void => {
      script.discarded += 1;
      if (!connection.isBroken) connection.destroy();
    };
    return { connection, server: 'scripted:1', role: 'primary', waitMs: 0, release, discard };
  }

  read(): Promise<Lease> {
    return this.write();
  }

  noteCommit(mark: string | undefined): void {
    this.#script.noted.push(mark);
  }

  usage(): readonly [] {
    return [];
  }

  renew(): void {
    // Nothing is kept here.
  }

  resize(): void {
    // Nothing to bound.
  }

  async close(): Promise<void> {
    this.#script.log.push('closed');
  }
}

const understand = (error: unknown): Fault => (error instanceof DriverError ? error.fault : { code: 'ERR_DAO_STATEMENT' });
const nothing = (): never => {
  throw new TypeError('not part of these tests');
};

/** @returns a database whose connections do what the script says */
export function scriptedDatabase(script: Script, options: DatabaseOptions = {}, dialect: Partial<ServerDialect> = {}): ServerDatabase {
  return new ServerDatabase(
    {
      dialect: { name: 'mysql', flavor, understand, hasSnapshotWrites: false, mergesByAnyIndex: true, ...dialect },
      source: new ScriptedSource(script),
      migrator: (clock) => new Migrator({ look: nothing, alone: nothing }, clock),
    },
    options,
  );
}
