import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Freshness, Session } from '@midgard/dao';
import { MidgardError } from '@midgard/errors';
import { RowLoader } from './row-loader.ts';

/** What a reader gets: one state of the database, the same for all that began in the same tick. */
export interface Snapshot {
  readonly session: Session;
  readonly rows: RowLoader;
}

type Reader = (snapshot: Snapshot) => Promise<void>;

/**
 * Gives readers that ask in the same tick one snapshot of the database, so that a batch of single-row reads becomes one
 * query a table.
 *
 * A snapshot begins after its last reader joined and never before: whoever asks after a commit sees it.
 */
export class Snapshots {
  readonly #database: Database;
  readonly #freshness: Freshness;
  #gathering: Reader[] | undefined;

  /**
   * @param database where the snapshots are taken
   * @param freshness what they must see where there are replicas
   */
  constructor(database: Database, freshness: Freshness = 'own') {
    this.#database = database;
    this.#freshness = freshness;
  }

  /**
   * @param work reads; its own failure concerns no other reader
   * @param signal when it aborts, the caller gets a time-out and the snapshot no longer waits for this reader
   */
  read<T>(work: (snapshot: Snapshot) => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const aborted = signal === undefined ? undefined : whenAborted(signal, reject);
    // The first reader of a tick begins for all; each runs for its own request nevertheless.
    const reader: Reader = AsyncLocalStorage.bind(async (snapshot: Snapshot) => {
      const done = (async () => work(snapshot))().then(resolve, reject);
      await (aborted === undefined ? done : Promise.race([done, aborted.promise]));
      aborted?.dispose();
    });
    this.#join(reader, reject);
    return promise;
  }

  #join(reader: Reader, fail: (error: unknown) => void): void {
    const failing: Reader & { fail?: (error: unknown) => void } = Object.assign(reader, { fail });
    if (this.#gathering !== undefined) {
      this.#gathering.push(failing);
      return;
    }
    const gathering = [failing];
    this.#gathering = gathering;
    // Once the promise jobs of this tick are done, all the requests of one batch or chunk have asked.
    void Promise.resolve().then(() => process.nextTick(() => this.#begin(gathering)));
  }

  #begin(readers: (Reader & { fail?: (error: unknown) => void })[]): void {
    this.#gathering = undefined;
    this.#database
      .read(
        async (session) => {
          const snapshot = { session, rows: new RowLoader(session) };
          await Promise.all(readers.map((reader) => reader(snapshot)));
        },
        { freshness: this.#freshness },
      )
      .catch((error: unknown) => {
        for (const { fail } of readers) fail?.(error);
      });
  }
}

function whenAborted(signal: AbortSignal, reject: (error: unknown) => void): { promise: Promise<void>; dispose: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const abort = (): void => {
    reject(new MidgardError('timeout', '', { cause: signal.reason }));
    resolve();
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return { promise, dispose: () => signal.removeEventListener('abort', abort) };
}
