import { monotonicClock, processTimers, type Timer, type Timers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import { BloomFilter } from './bloom-filter.ts';
import type { BloomKey } from './key-hash.ts';
import { type Pace, pacedRead } from './paced-read.ts';

/** Hears what a {@link KnownKeys} does. Called at once, so it must be quick; it must not throw. */
export interface KnownKeysListener {
  /** Absent keys are refused from now on, unless it `isSaturated`: then there are more than `maxKeys`, and all pass. */
  filled?(event: { readonly keys: number; readonly tookMs: number; readonly isSaturated: boolean }): void;
  /** The source failed; it is asked again in so many milliseconds. What was complete stays so. */
  fillFailed?(event: { readonly error: unknown; readonly retryInMs: number }): void;
  /** Everything passes until it is filled anew. */
  distrusted?(): void;
}

/** Set-up of {@link KnownKeys}. */
export interface KnownKeysOptions<K extends BloomKey> {
  /**
   * Pages of all the keys that exist, in any order. It must see what is committed when it is called: the primary, not a replica that
   * lags behind. What is committed later it may see or not. The signal is aborted when nobody wants the rest.
   */
  readonly source: (signal: AbortSignal) => AsyncIterable<readonly K[]>;
  /** How many keys to make room for at first, at least 1; later it is known. */
  readonly expectedKeys: number;
  /** Of the keys that do not exist, which part passes at most; default 0.01. */
  readonly falsePositiveRate?: number;
  /** With more keys everything passes, and the memory is given back; default as of {@link BloomFilter}. */
  readonly maxKeys?: number;
  /** At most so many keys are read from the source in a second; default 100 000. */
  readonly maxKeysPerSecond?: number;
  /** A page that takes longer is a failure of the source, milliseconds; default 30 000. */
  readonly pageTimeoutMs?: number;
  /** Filled anew so often, to forget the keys that were deleted, milliseconds; up to a fifth less, so that instances differ. Default 1 hour. */
  readonly refillEveryMs?: number;
  /** After a failure the source is asked again: the first time after `firstMs`, each time later by twice that, up to `maxMs`; half of it by chance. Default 1 s, 1 min. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number };
  readonly listener?: KnownKeysListener;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number;
}

/** The next filter is made for so much more than the last one held, for the inserts until the fill after it. */
const headroom = 1.1;

interface Fill {
  readonly filter: BloomFilter;
  readonly controller: AbortController;
}

/**
 * Says which keys certainly do not exist, so that asking for them costs no load: a Bloom filter of all keys of a source.
 *
 * It is safe while it is incomplete: until the whole source has been read, and from {@link distrust} until it has been read anew,
 * every key might exist. A key that exists is never refused, if
 * - whoever inserts calls {@link add} after the commit and before acknowledging the write,
 * - inserts of other instances are told by {@link add} as well, and when some may have been missed, {@link distrust} is called.
 *   With a {@link Coherence}: its listener's `distrusted` calls `fill`, unless the state is `away`; a {@link TieredCache} calls the rest.
 *
 * Deleted keys pass until the next fill, which goes into a fresh filter while the old one answers: twice the memory meanwhile.
 * Reading is paced and lets the event loop turn every 2 ms.
 *
 * @example
 * ```ts
 * import { KnownKeys } from '@midgard/cache';
 *
 * const players = new KnownKeys<string>({
 *   expectedKeys: 1_000_000,
 *   source: async function* () {
 *     yield ['player:1', 'player:2']; // in truth: pages by keyset from the database
 *   },
 * });
 * players.fill();
 * players.add('player:3'); // after the commit of its insert
 * players.mightExist('player:4'); // true until it is filled, then false
 * players.stop();
 * ```
 */
export class KnownKeys<K extends BloomKey> {
  readonly #options: KnownKeysOptions<K>;
  readonly #maxKeys: number;
  readonly #pace: Pace;
  readonly #refillEveryMs: number;
  readonly #retry: { readonly firstMs: number; readonly maxMs: number };
  readonly #listener: KnownKeysListener;
  readonly #random: () => number;
  /** Holds every key; undefined: nobody can say. */
  #complete: BloomFilter | undefined = undefined;
  #fill: Fill | undefined = undefined;
  #next: Timer | undefined = undefined;
  #expectedKeys: number;
  #failures = 0;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a number out of range */
  constructor(options: KnownKeysOptions<K>) {
    const { maxKeysPerSecond = 100_000, pageTimeoutMs = 30_000, clock = monotonicClock, timers = processTimers } = options;
    this.#options = options;
    this.#expectedKeys = options.expectedKeys;
    this.#refillEveryMs = options.refillEveryMs ?? 3_600_000;
    this.#retry = options.retry ?? { firstMs: 1000, maxMs: 60_000 };
    this.#pace = { maxKeysPerSecond, pageTimeoutMs, clock, timers };
    this.#listener = options.listener ?? {};
    this.#random = options.random ?? Math.random;
    requirePositive({
      maxKeysPerSecond,
      pageTimeoutMs,
      refillEveryMs: this.#refillEveryMs,
      'retry.firstMs': this.#retry.firstMs,
      'retry.maxMs': this.#retry.maxMs,
    });
    // Made here, so that what a filter refuses is refused now and not by a timer later.
    this.#maxKeys = this.#freshFilter(options.maxKeys).maxKeys;
  }

  /** Whether absent keys are refused now. */
  get isComplete(): boolean {
    return this.#complete !== undefined && !this.#complete.isSaturated;
  }

  /** Different keys that it knows while it is complete, too few by up to the false positive rate; else 0. */
  get size(): number {
    return this.isComplete ? (this.#complete?.size ?? 0) : 0;
  }

  /** What its filters take, the one included that is being filled. */
  get bytes(): number {
    return (this.#complete?.bytes ?? 0) + (this.#fill?.filter.bytes ?? 0);
  }

  /** Whether to load the key at all. False is certain. O(key length). */
  mightExist(key: K): boolean {
    return this.#complete === undefined || this.#complete.mightHave(key);
  }

  /** The key exists from now on: call it after the commit of the insert and before the insert is acknowledged. */
  add(key: K): void {
    this.#complete?.add(key);
    this.#fill?.filter.add(key);
  }

  /**
   * Begins to read the source into a fresh filter, and repeats it from time to time. To be called when every insert from now on is told
   * by {@link add}: at the start, and after {@link distrust} when the words of others are heard again. A fill under way is given up for it.
   */
  fill(): void {
    this.#giveUp();
    this.#failures = 0;
    void this.#run();
  }

  /** Inserts were or will be missed: every key might exist, and nothing is read, until {@link fill}. */
  distrust(): void {
    this.#giveUp();
    this.#complete = undefined;
    this.#listener.distrusted?.();
  }

  /** Reads no more. What is complete goes on to answer, and to take what is added. */
  stop(): void {
    this.#giveUp();
  }

  /** See {@link stop}. */
  [Symbol.dispose](): void {
    this.stop();
  }

  async #run(): Promise<void> {
    const fill = { filter: this.#freshFilter(this.#maxKeys), controller: new AbortController() };
    this.#fill = fill;
    const { filter, controller } = fill;
    const beganAt = this.#pace.clock.now();
    try {
      await pacedRead(this.#options.source, (key) => (filter.add(key), !filter.isSaturated), this.#pace, controller.signal);
      if (this.#fill === fill) this.#succeed(filter, this.#pace.clock.now() - beganAt);
    } catch (error) {
      if (this.#fill === fill) this.#fail(error);
    }
  }

  #succeed(filter: BloomFilter, tookMs: number): void {
    this.#fill = undefined;
    this.#complete = filter;
    this.#failures = 0;
    this.#expectedKeys = Math.min(Math.max(this.#options.expectedKeys, Math.ceil(filter.size * headroom)), this.#maxKeys);
    this.#plan(this.#refillEveryMs * (1 - 0.2 * this.#random()));
    this.#listener.filled?.({ keys: filter.size, tookMs, isSaturated: filter.isSaturated });
  }

  #fail(error: unknown): void {
    this.#fill = undefined;
    const { firstMs, maxMs } = this.#retry;
    const retryInMs = Math.min(firstMs * 2 ** this.#failures, maxMs) * (0.5 + 0.5 * this.#random());
    this.#failures += 1;
    this.#plan(retryInMs);
    this.#listener.fillFailed?.({ error, retryInMs });
  }

  #plan(delayMs: number): void {
    this.#next = this.#pace.timers.after(delayMs, () => void this.#run());
  }

  #giveUp(): void {
    this.#next?.cancel();
    this.#next = undefined;
    const fill = this.#fill;
    this.#fill = undefined;
    fill?.controller.abort();
  }

  #freshFilter(maxKeys: number | undefined): BloomFilter {
    const { falsePositiveRate = 0.01 } = this.#options;
    return new BloomFilter({ expectedKeys: this.#expectedKeys, falsePositiveRate, random: this.#random, ...(maxKeys === undefined ? {} : { maxKeys }) });
  }
}

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0)) throw new CacheError('ERR_CACHE_OPTIONS', `${name}: a number above 0 was expected, not ${value}`);
  }
}
