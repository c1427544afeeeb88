import type { SQL } from 'drizzle-orm';
import type { Condition } from '../conditions.ts';
import type { StatementKind, StatementListener } from '../database.ts';
import type { Change, Executor, MergeRule, RowValues, Selection } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { chunksOf } from '../statements/chunks.ts';
import { type BoundStatement, type EntityStatements, statementsIn } from '../statements/entity-statements.ts';
import { requireStatement } from '../statements/hand-written.ts';
import { mergeError } from '../statements/sum-error.ts';
import type { ServerConnection, StatementResult, TransactionMode } from './connection.ts';
import { mergeRows } from './merge-rows.ts';
import { type ServerDialect, faultError } from './server-dialect.ts';

/** A hand-written statement may write, whatever its first word. */
const reading: ReadonlySet<StatementKind> = new Set(['get', 'getMany', 'find', 'count']);

const statementsOfDialect = new WeakMap<ServerDialect, (entity: Entity) => EntityStatements<unknown>>();

/** What an executor works with. */
export interface ExecutorParts {
  readonly dialect: ServerDialect;
  readonly connection: ServerConnection;
  /** How the transaction begins, at the first statement; undefined: each statement by itself. */
  readonly mode: TransactionMode | undefined;
  readonly isWritable: boolean;
  readonly onStatement: StatementListener | undefined;
  /** How long the session waited for its connection, in milliseconds. */
  readonly waitMs: number;
}

/**
 * One session's way to its connection. What is called runs in the order of the calls, one statement after the other; once the
 * session has ended nothing reaches the connection any more.
 */
export class ServerExecutor implements Executor {
  readonly isWritable: boolean;
  readonly dialect: ServerDialect;
  readonly #parts: ExecutorParts;
  readonly #statementsOf: (entity: Entity) => EntityStatements<unknown>;
  #turn: Promise<unknown> = Promise.resolve();
  #hasBegun = false;
  #called = 0;
  #running = 0;
  #end: (() => DaoError) | undefined;
  #lost: DaoError | undefined;
  #isConnectionLost = false;
  #sawDuplicate = false;
  #hasWritten = false;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    this.dialect = parts.dialect;
    this.isWritable = parts.isWritable;
    this.#statementsOf = statementsOfDialect.get(parts.dialect) ?? statementsIn(parts.dialect.flavor);
    statementsOfDialect.set(parts.dialect, this.#statementsOf);
  }

  /** Whether a statement is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Whether all that was called has come to its end. */
  get isSettled(): boolean {
    return this.#called === 0;
  }

  /** Whether there is a transaction to end. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Why the transaction is no more, though nobody ended it: a deadlock or a lost connection. */
  get lost(): DaoError | undefined {
    return this.#lost;
  }

  /** Whether the connection is of no more use, also where it does not look so: a server that has become a standby refuses all writes. */
  get isConnectionLost(): boolean {
    return this.#isConnectionLost || this.#parts.connection.isBroken;
  }

  /** Whether a statement met a row that exists. */
  get sawDuplicate(): boolean {
    return this.#sawDuplicate;
  }

  /** Whether it ran anything that writes. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** What names the commit for reads elsewhere. */
  mark: string | undefined;

  /** @returns the mark of the commit; rejects with a {@link DaoError} */
  async commit(): Promise<string | undefined> {
    try {
      return await this.#parts.connection.commit();
    } catch (error) {
      throw error instanceof DaoError ? error : faultError(this.dialect.understand(error, undefined), undefined, error);
    }
  }

  /** Refuses everything from now on; the first reason stays. */
  end(reason: () => DaoError): void {
    this.#end ??= reason;
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  get(entity: Entity, key: readonly unknown[]): Promise<RowValues | undefined> {
    const statements = this.#statementsOf(entity);
    return this.#inTurn(async () => statements.decode((await this.#run('get', entity, statements.get(key))).rows[0]));
  }

  getMany(entity: Entity, keys: readonly (readonly unknown[])[], isForUpdate: boolean): Promise<readonly RowValues[]> {
    return this.#inTurn(() => this.readMany(entity, keys, isForUpdate));
  }

  select(entity: Entity, selection: Selection): Promise<readonly RowValues[]> {
    const statements = this.#statementsOf(entity);
    return this.#inTurn(async () => statements.decodeAll((await this.#run('find', entity, statements.select(selection))).rows));
  }

  count(entity: Entity, where: readonly Condition[]): Promise<number> {
    return this.#inTurn(async () => Number((await this.#run('count', entity, this.#statementsOf(entity).count(where))).rows[0]?.[0] ?? 0));
  }

  insert(entity: Entity, rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    const statements = this.#parts.connection.runMany === undefined ? chunksOf(rows, this.#statementsOf(entity).mostRows).length : rows.length;
    return this.#inTurn(() => this.atomically(entity, statements > 1, () => this.writeNew(entity, rows)));
  }

  update(entity: Entity, change: Change): Promise<RowValues | undefined> {
    const statements = this.#statementsOf(entity);
    return this.#inTurn(async () => {
      const { affected, rows } = await this.#run('update', entity, statements.update(change));
      if (affected === 0) return undefined;
      return rows.length > 0 ? statements.decode(rows[0]) : (await this.readMany(entity, [change.key], false))[0];
    });
  }

  merge(entity: Entity, rows: readonly RowValues[], rule: MergeRule): Promise<readonly RowValues[]> {
    // A sum that turns out to be beyond its column is noticed after it was written.
    const isSeveral = rows.length > 1 || rule.kind === 'add';
    return this.#inTurn(() => this.atomically(entity, isSeveral, () => mergeRows(this, entity, rows, rule)));
  }

  delete(entity: Entity, key: readonly unknown[], where: readonly Condition[]): Promise<boolean> {
    return this.#inTurn(async () => (await this.#run('delete', entity, this.#statementsOf(entity).delete(key, where))).affected > 0);
  }

  execute(statement: SQL): Promise<readonly RowValues[]> {
    return this.#inTurn(async () => {
      const { text, values } = requireStatement(this.dialect.flavor, statement, this.isWritable);
      // A common table expression may hide a write from the look at the first word: a transaction that only reads refuses it.
      if (!this.isWritable) await this.#guarded(undefined, () => this.#begin('snapshot'));
      return this.#timed('execute', undefined, text, async () => {
        const rows = await this.#parts.connection.records(text, values);
        return { result: rows, rows: rows.length };
      });
    });
  }

  /** {@link getMany} for what runs in a turn already. */
  async readMany(entity: Entity, keys: readonly (readonly unknown[])[], isForUpdate: boolean): Promise<readonly RowValues[]> {
    const statements = this.#statementsOf(entity);
    const size = entity.key.length === 1 ? keys.length : this.dialect.flavor.maxCompositeKeys;
    const found: RowValues[] = [];
    for (let from = 0; from < keys.length; from += size) {
      const { rows } = await this.#run('getMany', entity, statements.getMany(keys.slice(from, from + size), isForUpdate));
      found.push(...statements.decodeAll(rows));
    }
    return found;
  }

  /** {@link insert} for what runs in a turn already, inside of something atomic. */
  async writeNew(entity: Entity, rows: readonly RowValues[]): Promise<readonly RowValues[]> {
    const statements = this.#statementsOf(entity);
    const { connection } = this.#parts;
    if (connection.runMany !== undefined) {
      const each = rows.map((row) => statements.encodeRow(row));
      const [first] = rows;
      if (first === undefined) return [];
      await this.#runMany(entity, statements.insert([first]).text, each);
      return statements.readBack(each.flat());
    }
    const written: RowValues[] = [];
    for (const chunk of chunksOf(rows, statements.mostRows)) {
      const statement = statements.insert(chunk);
      await this.#run('insert', entity, statement);
      written.push(...statements.readBack(statement.values));
    }
    return written;
  }

  /** Merges rows by the dialect's statement, for what runs in a turn already, inside of something atomic. */
  async writeMerged(entity: Entity, rows: readonly RowValues[], rule: MergeRule): Promise<void> {
    const statements = this.#statementsOf(entity);
    try {
      for (const chunk of chunksOf(rows, statements.mostRows)) await this.#run('merge', entity, statements.merge(chunk, rule));
    } catch (error) {
      throw mergeError(error, entity, rule);
    }
  }

  /** Runs several statements of which all or none are to count. */
  async atomically<T>(entity: Entity, isSeveral: boolean, work: () => Promise<T>): Promise<T> {
    if (!isSeveral) return work();
    await this.#command(entity, 'savepoint midgard_rows');
    try {
      return await work();
    } catch (error) {
      if (this.#lost === undefined) await this.#command(entity, 'rollback to savepoint midgard_rows');
      throw error;
    }
  }

  /** The reads and writes of a session stand in a queue: a driver has no order of its own for what is called at once. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#called += 1;
    const done = (): void => {
      this.#called -= 1;
    };
    const result = this.#turn.then(work);
    this.#turn = result.then(done, done);
    return result;
  }

  #run(kind: StatementKind, entity: Entity, { text, values }: BoundStatement<unknown>): Promise<StatementResult> {
    return this.#timed(kind, entity, text, async () => {
      const result = await this.#parts.connection.run(text, values);
      return { result, rows: result.rows.length + result.affected };
    });
  }

  #runMany(entity: Entity, text: string, rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#timed('insert', entity, text, async () => ({ result: await this.#parts.connection.runMany?.(text, rows), rows: rows.length }));
  }

  #command(entity: Entity, text: string): Promise<void> {
    return this.#guarded(entity, () => this.#parts.connection.command(text));
  }

  #timed<T>(kind: StatementKind, entity: Entity | undefined, text: string, work: () => Promise<{ result: T; rows: number }>): Promise<T> {
    return this.#guarded(entity, async () => {
      this.#hasWritten ||= !reading.has(kind);
      const startedAt = performance.now();
      const { result, rows } = await work();
      const { onStatement, waitMs } = this.#parts;
      onStatement?.({ kind, entity: entity?.name, text, rows, durationMs: performance.now() - startedAt, waitMs });
      return result;
    });
  }

  async #guarded<T>(entity: Entity | undefined, work: () => Promise<T>): Promise<T> {
    if (this.#end !== undefined) throw this.#end();
    this.#running += 1;
    try {
      await this.#begin();
      return await work();
    } catch (error) {
      throw this.#understand(error, entity);
    } finally {
      this.#running -= 1;
    }
  }

  async #begin(mode = this.#parts.mode): Promise<void> {
    const { connection } = this.#parts;
    if (this.#hasBegun || mode === undefined) return;
    this.#hasBegun = true;
    await connection.begin(mode);
  }

  #understand(error: unknown, entity: Entity | undefined): DaoError {
    // The session was ended meanwhile, and perhaps its connection with it: that is the reason to tell.
    if (this.#end !== undefined) return this.#end();
    if (error instanceof DaoError) return error;
    const fault = this.dialect.understand(error, entity);
    const known = faultError(fault, entity, error);
    this.#isConnectionLost ||= fault.isLost === true;
    this.#sawDuplicate ||= fault.code === 'ERR_DAO_DUPLICATE';
    if (fault.isLost === true || fault.isRolledBack === true || this.#parts.connection.isBroken) {
      this.#lost = known;
      this.end(() => known);
    }
    return known;
  }
}
