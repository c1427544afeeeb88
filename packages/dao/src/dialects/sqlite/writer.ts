import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { DaoListener, StatementListener, WorkOptions } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import type { SqliteConnection } from './connection.ts';
import { isBusy, toDaoError } from './errors.ts';
import { SqliteExecutor, watchOf } from './executor.ts';
import { type Outcome, Work, checkWorkOptions } from '../../work.ts';

/** Bounds of the writer; see `DatabaseOptions`. */
export interface WriterLimits {
  readonly busyTimeoutMs: number;
  readonly maxQueue: number;
  readonly maxGroup: number;
  readonly maxGroupMs: number;
}

/** One transaction of a group, run but not yet told of. */
interface Member {
  readonly work: Work<SqliteExecutor>;
  readonly outcome: Outcome;
}

const maxBusyDelayMs = 10;

/**
 * The one connection that writes. Transactions queue for it and run one after the other, each in a SAVEPOINT of its own, in
 * groups that one COMMIT, and so one fsync, makes durable; only after it is anyone told. A transaction that fails is rolled back
 * to its savepoint and hurts no other. Even a failure is told only after the COMMIT: it may rest on what another of the group wrote.
 *
 * A transaction that waits for something else than the database holds up its group, at most until its own time is up.
 */
export class Writer {
  readonly #connection: SqliteConnection;
  readonly #limits: WriterLimits;
  readonly #listener: DaoListener | undefined;
  readonly #onStatement: StatementListener | undefined;
  readonly #queue = new Set<Work<SqliteExecutor>>();
  /** Where a transaction's own work runs, so that one inside of another is seen. */
  readonly #inside = new AsyncLocalStorage<{ isRunning: boolean }>();
  #draining: Promise<void> | undefined;

  /** @param connection with no busy time-out: waiting for another process must not block this thread */
  constructor(connection: SqliteConnection, limits: WriterLimits, listener?: DaoListener) {
    this.#connection = connection;
    this.#limits = limits;
    this.#listener = listener;
    this.#onStatement = listener?.statement?.bind(listener);
  }

  /** @returns the result of `work`, once it is durable */
  transaction<T>(work: (executor: SqliteExecutor) => Promise<T> | T, options: WorkOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      checkWorkOptions(options);
      if (this.#inside.getStore()?.isRunning === true) throw new DaoError('ERR_DAO_NESTED', 'a transaction inside of a transaction would wait for itself');
      if (this.#queue.size >= this.#limits.maxQueue) throw new DaoError('ERR_DAO_OVERLOADED', 'too many transactions wait');
      const run = async (executor: SqliteExecutor): Promise<() => void> => {
        const state = { isRunning: true };
        try {
          const result = await this.#inside.run(state, work, executor);
          return this.#acknowledging(() => resolve(result));
        } finally {
          state.isRunning = false;
        }
      };
      this.#queue.add(new Work(run, reject, (given) => this.#queue.delete(given), options));
      this.#draining ??= this.#drain();
    });
  }

  /** Once the group is durable; told of for the one who asked, and not for whoever's transaction was the first of the group. */
  #acknowledging(acknowledge: () => void): () => void {
    const listener = this.#listener;
    if (listener?.acknowledged === undefined) return acknowledge;
    const ranAt = performance.now();
    return AsyncLocalStorage.bind(() => {
      listener.acknowledged?.({ commitMs: performance.now() - ranAt });
      acknowledge();
    });
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  /** Lets go of the connection, after what was written has moved from the log into the file. */
  close(): void {
    try {
      this.#connection.exec('pragma wal_checkpoint(truncate)');
    } finally {
      this.#connection.close();
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.size > 0) {
        // The rest of this turn's requests joins the group, and reads get their turn between groups.
        await nextTurn();
        if (await this.#begin()) await this.#runGroup();
      }
    } finally {
      this.#draining = undefined;
    }
  }

  async #begin(): Promise<boolean> {
    const giveUpAt = performance.now() + this.#limits.busyTimeoutMs;
    for (let delayMs = 1; this.#queue.size > 0; delayMs = Math.min(delayMs * 2, maxBusyDelayMs)) {
      try {
        this.#connection.run('begin immediate');
        return true;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt) {
          this.#failQueue(toDaoError(error));
          return false;
        }
      }
      await sleep(delayMs);
    }
    return false;
  }

  #failQueue(error: DaoError): void {
    for (const work of this.#queue) work.fail(error);
    this.#queue.clear();
  }

  async #runGroup(): Promise<void> {
    const startedAt = performance.now();
    const members: Member[] = [];
    for (const work of this.#queue) {
      this.#queue.delete(work);
      members.push({ work, outcome: await this.#runInSavepoint(work) });
      const isFull = members.length >= this.#limits.maxGroup || performance.now() - startedAt >= this.#limits.maxGroupMs;
      if (isFull || !this.#connection.isTransaction) break;
    }
    if (this.#commit(members)) this.#listener?.committed?.({ transactions: members.length, durationMs: performance.now() - startedAt });
  }

  async #runInSavepoint(work: Work<SqliteExecutor>): Promise<Outcome> {
    if (!this.#savepoint('savepoint midgard_work'))
      return { isDone: false, isGivenUp: false, acknowledge: () => work.fail(new DaoError('ERR_DAO_UNAVAILABLE', 'the transaction could not begin')) };
    const outcome = await work.start(new SqliteExecutor(this.#connection, true, watchOf(this.#onStatement, work.ageMs)));
    if (!outcome.isDone) this.#savepoint('rollback to midgard_work');
    this.#savepoint('release midgard_work');
    if (outcome.isGivenUp) outcome.acknowledge();
    return outcome;
  }

  /** A savepoint that cannot be handled takes the whole group back: its COMMIT then fails, and everyone is told so. */
  #savepoint(statement: string): boolean {
    try {
      if (this.#connection.isTransaction) this.#connection.run(statement);
    } catch {
      this.#rollback();
    }
    return this.#connection.isTransaction;
  }

  /** @returns whether what the group wrote is durable */
  #commit(members: readonly Member[]): boolean {
    try {
      this.#connection.run('commit');
    } catch (error) {
      this.#rollback();
      // The driver's kind of error does not matter here: whatever it was, nobody's work became durable.
      const lost = new DaoError('ERR_DAO_UNAVAILABLE', 'the transaction could not be committed', { cause: error });
      for (const { work } of members) work.fail(lost);
      return false;
    }
    for (const { outcome } of members) outcome.acknowledge();
    return true;
  }

  #rollback(): void {
    if (this.#connection.isTransaction) this.#connection.run('rollback');
  }
}
