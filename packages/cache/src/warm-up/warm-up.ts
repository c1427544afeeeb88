import { monotonicClock, processTimers, type Timers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';

/** What is loaded, how fast, and when not. */
export interface WarmUpOptions<K> {
  /** Keys in the order of their worth, such as the hottest of the last run and then pages of a query. */
  readonly keys: AsyncIterable<readonly K[]> | Iterable<readonly K[]>;
  /** Brings keys into the cache, as their readers would: `(keys) => cache.getOrLoadMany(keys, loader)`. */
  readonly load: (keys: readonly K[]) => Promise<unknown>;
  /** Most keys in a second, above 0 (default 1000): the database has readers to serve. */
  readonly keysPerSecond?: number;
  /** Keys in one load, at least 1 (default 100). */
  readonly batch?: number;
  /** Whether others need the machine or the database now; it is asked before each load, and loading waits while it says so. */
  readonly isBusy?: () => boolean;
  /** Ends it after the load under way. */
  readonly signal?: AbortSignal;
  /** Hears after each load. */
  readonly onProgress?: (soFar: WarmUpProgress) => void;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** How far a warm-up has come. */
export interface WarmUpProgress {
  /** Keys that were loaded, or were there already. */
  readonly warmed: number;
  /** Keys of loads that failed; they are loaded when somebody asks for them. */
  readonly failed: number;
}

/** What became of a warm-up. */
export interface WarmUpResult extends WarmUpProgress {
  /** False: its signal ended it, or its keys could not be read to the end. */
  readonly isComplete: boolean;
}

const defaultKeysPerSecond = 1000;
const defaultBatch = 100;
const busyPauseMs = 50;

/**
 * Loads keys before anybody asks for them, at a pace that others do not feel. A failed load does not end it, since what it would have brought
 * is loaded when it is needed.
 *
 * @returns once all is loaded; readiness may wait for it
 * @throws {CacheError} `ERR_CACHE_OPTIONS`: a number out of range
 *
 * @example
 * ```ts
 * import { TieredCache, warmUp } from '@midgard/cache';
 *
 * const players = new TieredCache<string>({ space: 'player', memory: { maxEntries: 10_000 } });
 * const load = (keys: readonly string[]) => players.getOrLoadMany(keys, async (missing) => missing.map((key) => `player ${key}`));
 * const { warmed } = await warmUp({ keys: [['1', '2'], ['3']], load, keysPerSecond: 500 });
 * console.log(warmed); // 3
 * ```
 */
export async function warmUp<K>(options: WarmUpOptions<K>): Promise<WarmUpResult> {
  const {
    keysPerSecond = defaultKeysPerSecond,
    batch = defaultBatch,
    isBusy = () => false,
    signal,
    onProgress,
    clock = monotonicClock,
    timers = processTimers,
  } = options;
  if (!(keysPerSecond > 0)) throw new CacheError('ERR_CACHE_OPTIONS', 'keysPerSecond must be above 0');
  if (!(Number.isInteger(batch) && batch >= 1)) throw new CacheError('ERR_CACHE_OPTIONS', 'batch must be a whole number of at least 1');
  let warmed = 0;
  let failed = 0;
  let mayLoadAt = clock.now();
  const isAborted = (): boolean => signal?.aborted === true;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void timers.after(ms, resolve));
  try {
    for await (const keys of batches(options.keys, batch)) {
      while (!isAborted() && isBusy()) await pause(busyPauseMs);
      if (clock.now() < mayLoadAt) await pause(mayLoadAt - clock.now());
      if (isAborted()) return { warmed, failed, isComplete: false };
      mayLoadAt = Math.max(mayLoadAt, clock.now()) + (keys.length / keysPerSecond) * 1000;
      const isLoaded = await options.load(keys).then(
        () => true,
        () => false,
      );
      if (isLoaded) warmed += keys.length;
      else failed += keys.length;
      onProgress?.({ warmed, failed });
    }
    return { warmed, failed, isComplete: true };
  } catch {
    // Only the keys themselves can fail here: what they would have named is loaded when it is needed.
    return { warmed, failed, isComplete: false };
  }
}

async function* batches<K>(pages: AsyncIterable<readonly K[]> | Iterable<readonly K[]>, size: number): AsyncGenerator<readonly K[]> {
  for await (const page of pages) {
    for (let at = 0; at < page.length; at += size) yield page.slice(at, at + size);
  }
}
