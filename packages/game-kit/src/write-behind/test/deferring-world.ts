import { type Database, DaoError, IdGenerator, type Session, type WorkOptions } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { MidgardError } from '@midgard/errors';
import type { GameLog } from '../../context.ts';
import type { GameHandler } from '../../game.ts';
import { GameRuntime } from '../../runtime/game-runtime.ts';
import { ManualClock, playerCaller, service } from '../../testing/open-game.ts';
import type { WriteBehindOptions } from '../write-behind.ts';
import { deferringGame } from './deferring-game.ts';
import { ManualTimers } from './manual-timers.ts';
import { MemoryLog } from './memory-log.ts';

/** Fails transactions on purpose: before they begin, after they were committed, or as a database does that refuses a value for good. */
export type TransactionFault = () => 'before' | 'after' | 'refused' | undefined;

/** One database and one log, over which runtimes come and go as processes do. */
export class DeferringWorld implements AsyncDisposable {
  readonly log = new MemoryLog();
  readonly clock: ManualClock;
  readonly logged: { readonly level: string; readonly message: string }[] = [];
  timers = new ManualTimers();
  fault: TransactionFault = () => undefined;
  /** What the runtimes told of their batches. */
  readonly flushes: { readonly writes: number; readonly rows: number; readonly durationMs: number }[] = [];
  /** Transactions that were begun. */
  transactions = 0;
  readonly #ids: IdGenerator;
  #life = 0;
  #onCommit: () => void = () => undefined;
  #runtime: GameRuntime | undefined;
  readonly #handler: GameHandler;
  readonly database: Database;

  private constructor(database: Database, clock: ManualClock, handler: GameHandler) {
    this.database = database;
    this.clock = clock;
    this.#handler = handler;
    this.#ids = new IdGenerator({ clock, instance: 0 });
  }

  static async open(options: Partial<WriteBehindOptions> = {}, handler: GameHandler = deferringGame): Promise<DeferringWorld> {
    const clock = new ManualClock();
    const world = new DeferringWorld(await temporaryDatabase({ clock }), clock, handler);
    await world.start(options);
    return world;
  }

  get runtime(): GameRuntime {
    if (this.#runtime === undefined) throw new Error('no process was started');
    return this.#runtime;
  }

  /** A new process on what the last one left. */
  async start(options: Partial<WriteBehindOptions> = {}, handler: GameHandler = this.#handler): Promise<void> {
    // Timers of a process that is gone never fire.
    this.timers = new ManualTimers();
    this.#life += 1;
    const writeBehind = { log: this.log, timers: this.timers, ...options };
    const listener = { flushed: (event: (typeof this.flushes)[number]) => void this.flushes.push(event) };
    this.#runtime = new GameRuntime(handler, { database: this.#faulty(), ids: this.#ids, clock: this.clock, log: this.#gameLog(), listener, writeBehind });
    await this.#runtime.start();
  }

  async call(name: string, input: unknown, { playerId, signal }: { readonly playerId?: bigint; readonly signal?: AbortSignal } = {}): Promise<unknown> {
    const operation = this.runtime.operation(name);
    if (operation === undefined) throw new MidgardError('operationNotFound', name);
    return this.runtime.execute({ operation, input, caller: playerId === undefined ? service : playerCaller(playerId), signal });
  }

  /** Ends with the next transaction of the runtime, before the runtime knows. */
  nextCommit(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onCommit = resolve;
    return promise;
  }

  /** Lets time pass, and what it set going come to its end. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.timers.advance(ms);
    for (let before = -1; before !== this.transactions;) {
      before = this.transactions;
      // Transactions run one after the other: this one ends behind those that were set going.
      await this.database.transaction(() => undefined);
      await new Promise(setImmediate);
    }
  }

  /** Lets time pass until something has ended. */
  async passUntil(end: Promise<unknown>, stepMs: number): Promise<void> {
    const passing = new AbortController();
    const ending = end.finally(() => passing.abort());
    while (!passing.signal.aborted) await this.pass(stepMs);
    await ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#runtime !== undefined) await this.passUntil(this.#runtime.stop({ graceMs: 0 }), 1000);
    await this.database.close();
  }

  #faulty(): Database {
    const { database } = this;
    const life = this.#life;
    const transaction = async <T>(work: (session: Session) => Promise<T> | T, options?: WorkOptions): Promise<T> => {
      this.transactions += 1;
      // A process that is gone begins nothing more; what it began may still be committed.
      const fault = life === this.#life ? this.fault() : 'before';
      if (fault === 'before') throw new DaoError('ERR_DAO_UNAVAILABLE', 'the database is away');
      if (fault === 'refused') throw new DaoError('ERR_DAO_RANGE', 'refused for good');
      const result = await database.transaction(work, options);
      this.#onCommit();
      if (fault === 'after') throw new DaoError('ERR_DAO_UNAVAILABLE', 'nobody saw the end of the commit');
      return result;
    };
    return new Proxy(database, {
      get: (target, name) => (name === 'transaction' ? transaction : (Reflect.get(target, name, target).bind?.(target) ?? Reflect.get(target, name, target))),
    });
  }

  #gameLog(): GameLog {
    const to = (level: string) => (_: object, message: string) => void this.logged.push({ level, message });
    return { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  }
}
