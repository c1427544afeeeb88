import type { StatementListener, WorkOptions } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { SqliteConnection } from './connection.ts';
import { toDaoError } from './errors.ts';
import { SqliteExecutor, watchOf } from './executor.ts';
import { Work, checkWorkOptions } from '../../work.ts';

/** A reader seldom meets a lock in WAL mode; when it does, it is for moments. */
const busyTimeoutMs = 100;

/**
 * The connections that read. Each read has one for itself with its own snapshot: were one shared, a read would see the state of
 * an older one that still runs, and miss what was acknowledged since.
 */
export class Readers {
  readonly #path: string;
  readonly #maxConnections: number;
  readonly #maxQueue: number;
  readonly #onStatement: StatementListener | undefined;
  readonly #idle: SqliteConnection[] = [];
  readonly #waiting = new Set<Work<SqliteExecutor>>();
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor(path: string, maxConnections: number, maxQueue: number, onStatement?: StatementListener) {
    this.#path = path;
    this.#maxConnections = maxConnections;
    this.#maxQueue = maxQueue;
    this.#onStatement = onStatement;
  }

  /** @returns the result of `work` on a snapshot that is taken after this call */
  read<T>(work: (executor: SqliteExecutor) => Promise<T> | T, options: WorkOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      checkWorkOptions(options);
      if (this.#waiting.size >= this.#maxQueue) throw new DaoError('ERR_DAO_OVERLOADED', 'too many reads wait');
      const run = async (executor: SqliteExecutor): Promise<() => void> => {
        const result = await work(executor);
        return () => resolve(result);
      };
      this.#waiting.add(new Work(run, reject, (given) => this.#waiting.delete(given), options));
      this.#startWaiting();
    });
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #startWaiting(): void {
    for (const work of this.#waiting) {
      if (this.#running >= this.#maxConnections) return;
      this.#waiting.delete(work);
      this.#running += 1;
      this.#run(work)
        .catch((error: unknown) => work.fail(error))
        .finally(() => {
          this.#running -= 1;
          this.#startWaiting();
          if (this.#running === 0) this.#onIdle?.();
        });
    }
  }

  async #run(work: Work<SqliteExecutor>): Promise<void> {
    const connection = this.#begin();
    const outcome = await work.start(new SqliteExecutor(connection, false, watchOf(this.#onStatement, work.ageMs)));
    this.#release(connection);
    outcome.acknowledge();
  }

  #begin(): SqliteConnection {
    try {
      const connection = this.#idle.pop() ?? this.#open();
      // The snapshot is taken by the first statement.
      connection.run('begin');
      return connection;
    } catch (error) {
      throw toDaoError(error);
    }
  }

  #open(): SqliteConnection {
    const connection = new SqliteConnection(this.#path, busyTimeoutMs);
    connection.exec('pragma query_only = on');
    return connection;
  }

  #release(connection: SqliteConnection): void {
    try {
      if (connection.isTransaction) connection.run('commit');
      this.#idle.push(connection);
    } catch {
      // A connection that cannot end a read is of no more use; the read itself has what it wanted.
      connection.close();
    }
  }
}
