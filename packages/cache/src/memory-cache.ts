import type { Clock } from './clock.ts';
import { CacheError } from './errors.ts';
import { policies, type PolicyName } from './policies/index.ts';
import type { NodeList } from './policies/node-list.ts';
import type { Policy, PolicyFactory, PolicyNode } from './policies/policy.ts';

/** Why an entry left without being asked to. */
export type EvictionReason = 'capacity' | 'expired';

/** Set-up of {@link MemoryCache}. At least one of the two bounds is needed. */
export interface MemoryCacheOptions<V> {
  /** Most entries, at least 1. */
  readonly maxEntries?: number;
  /** Most bytes, as `sizeOf` counts them, at least 1. */
  readonly maxBytes?: number;
  /** What an entry weighs, 0 or more; needed with `maxBytes`. */
  readonly sizeOf?: (value: V, key: string) => number;
  /** Which entry goes when room is needed; default `s3-fifo`. Also a policy of your own: check it with `@midgard/cache/testing`. */
  readonly policy?: PolicyName | PolicyFactory;
  /** How long an entry lives unless `set` says otherwise, milliseconds above 0; absent: until it is evicted. */
  readonly ttlMs?: number;
  /** 0 to 1: by how much of its time an entry's life may be shortened at random, so that what was loaded together does not expire together. Default 0. */
  readonly ttlJitter?: number;
  readonly clock?: Clock;
  /** 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number;
  /** Told of each entry that leaves for want of room or of time. It must not call the cache. */
  readonly onEvict?: (key: string, value: V, reason: EvictionReason) => void;
}

/** What may differ for one entry. */
export interface SetOptions {
  /** Milliseconds above 0; `Infinity`: until it is evicted. */
  readonly ttlMs?: number;
}

/** Counts since the cache was made, and what it holds. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Entries that left for want of room. */
  readonly evictions: number;
  /** Entries that were found to be past their time. */
  readonly expirations: number;
  readonly entries: number;
  readonly bytes: number;
}

class Entry<V> implements PolicyNode<Entry<V>> {
  readonly key: string;
  value: V;
  bytes: number;
  expiresAt: number;
  uses = 0;
  prev: Entry<V> | undefined = undefined;
  next: Entry<V> | undefined = undefined;
  list: NodeList<Entry<V>> | undefined = undefined;

  constructor(key: string, value: V, bytes: number, expiresAt: number) {
    this.key = key;
    this.value = value;
    this.bytes = bytes;
    this.expiresAt = expiresAt;
  }
}

/** Entries that each `set` looks at for expiry: n / 2 sets visit a cache of n, so what is dead does not stay. */
const sweptPerSet = 2;

/**
 * A cache in this process, bounded by entries, bytes or both.
 *
 * Every operation is O(1), amortised. Expiry needs no timers: a dead entry falls when it is read, and each `set` looks at two
 * more. Values are held, not copied: treat them as frozen. `undefined` stands for "not there" and is not stored.
 *
 * @example
 * ```ts
 * import { MemoryCache } from '@midgard/cache';
 *
 * const players = new MemoryCache<{ name: string }>({ maxEntries: 10_000, ttlMs: 600_000, ttlJitter: 0.1 });
 * players.set('player:42', { name: 'Mira' });
 * players.get('player:42')?.name; // 'Mira'
 * ```
 */
export class MemoryCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #policy: Policy<Entry<V>>;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #sizeOf: ((value: V, key: string) => number) | undefined;
  readonly #ttlMs: number;
  readonly #ttlJitter: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onEvict: ((key: string, value: V, reason: EvictionReason) => void) | undefined;
  #sweep: Iterator<Entry<V>> | undefined = undefined;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #expirations = 0;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: no bound, a bound or time out of range, or `maxBytes` without `sizeOf` */
  constructor(options: MemoryCacheOptions<V>) {
    requireSound(options);
    const { policy = 's3-fifo' } = options;
    this.#policy = typeof policy === 'string' ? policies[policy]<Entry<V>>() : policy<Entry<V>>();
    this.#maxEntries = options.maxEntries ?? Infinity;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#sizeOf = options.sizeOf;
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#ttlJitter = options.ttlJitter ?? 0;
    this.#clock = options.clock ?? Date;
    this.#random = options.random ?? Math.random;
    this.#onEvict = options.onEvict;
  }

  /** Entries held, those included whose time is over and nobody has noticed. */
  get size(): number {
    return this.#entries.size;
  }

  /** What the entries weigh, as `sizeOf` counts; 0 without it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value, or undefined. Counts as a use and in the statistics. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isOver(entry)) {
      this.#misses += 1;
      if (entry !== undefined) this.#expire(entry);
      return undefined;
    }
    this.#hits += 1;
    this.#policy.hit(entry);
    return entry.value;
  }

  /** The value, or undefined, without any trace: no use, no statistics. */
  peek(key: string): V | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || this.#isOver(entry) ? undefined : entry.value;
  }

  /** Whether {@link peek} would give a value. */
  has(key: string): boolean {
    return this.peek(key) !== undefined;
  }

  /**
   * Stores a value, in place of any before. Others leave if there is no room; the new one is there afterwards.
   *
   * @returns false if it was not stored (heavier than `maxBytes`, or `undefined`); what was there before is gone then, too
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: `ttlMs` is not above 0; `ERR_CACHE_SIZE`: `sizeOf` gave no number of 0 or more
   */
  set(key: string, value: V, options?: SetOptions): boolean {
    const expiresAt = this.#expiryOf(options?.ttlMs ?? this.#ttlMs);
    const bytes = this.#weigh(value, key);
    if (value === undefined || bytes > this.#maxBytes) {
      this.delete(key);
      return false;
    }
    if (this.#sweep !== undefined) this.#sweepSome(this.#sweep);
    const present = this.#entries.get(key);
    if (present === undefined) this.#insert(new Entry(key, value, bytes, expiresAt));
    else this.#overwrite(present, value, bytes, expiresAt);
    return true;
  }

  /** Takes an entry out. @returns whether there was one that was still good */
  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#drop(entry);
    return !this.#isOver(entry);
  }

  /** Takes all entries out; the statistics stay. O(1) beside the garbage. */
  clear(): void {
    this.#entries.clear();
    this.#policy.clear();
    this.#sweep = undefined;
    this.#bytes = 0;
  }

  /** The counts. */
  stats(): CacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      expirations: this.#expirations,
      entries: this.#entries.size,
      bytes: this.#bytes,
    };
  }

  /** The entries that are still good, in order of insertion, without counting as uses. */
  *entries(): Generator<[key: string, value: V]> {
    for (const entry of this.#entries.values()) {
      if (!this.#isOver(entry)) yield [entry.key, entry.value];
    }
  }

  #insert(entry: Entry<V>): void {
    while (this.#entries.size >= this.#maxEntries || this.#bytes + entry.bytes > this.#maxBytes) {
      if (!this.#evictOne()) break;
    }
    this.#entries.set(entry.key, entry);
    this.#bytes += entry.bytes;
    this.#policy.add(entry);
    if (entry.expiresAt !== Infinity) this.#sweep ??= this.#entries.values();
  }

  #overwrite(entry: Entry<V>, value: V, bytes: number, expiresAt: number): void {
    if (this.#bytes - entry.bytes + bytes > this.#maxBytes) {
      // It may itself be next to go, so it comes in anew: what is set is always there afterwards.
      this.#drop(entry);
      this.#insert(new Entry(entry.key, value, bytes, expiresAt));
      return;
    }
    this.#bytes += bytes - entry.bytes;
    entry.value = value;
    entry.bytes = bytes;
    entry.expiresAt = expiresAt;
    this.#policy.hit(entry);
    if (expiresAt !== Infinity) this.#sweep ??= this.#entries.values();
  }

  #evictOne(): boolean {
    const victim = this.#policy.evict();
    if (victim === undefined) return false;
    this.#entries.delete(victim.key);
    this.#bytes -= victim.bytes;
    this.#evictions += 1;
    this.#onEvict?.(victim.key, victim.value, 'capacity');
    return true;
  }

  #expire(entry: Entry<V>): void {
    this.#drop(entry);
    this.#expirations += 1;
    this.#onEvict?.(entry.key, entry.value, 'expired');
  }

  #drop(entry: Entry<V>): void {
    this.#entries.delete(entry.key);
    this.#bytes -= entry.bytes;
    this.#policy.remove(entry);
  }

  /** An iterator over a Map stays good while entries come and go, so one walk goes on from set to set. */
  #sweepSome(walk: Iterator<Entry<V>>): void {
    for (let i = 0; i < sweptPerSet; i += 1) {
      const step = walk.next();
      if (step.done === true) {
        this.#sweep = this.#entries.size > 0 ? this.#entries.values() : undefined;
        return;
      }
      if (this.#isOver(step.value)) this.#expire(step.value);
    }
  }

  #isOver(entry: Entry<V>): boolean {
    // The clock is not free, so it is not asked for an entry that has all the time.
    return entry.expiresAt !== Infinity && this.#clock.now() >= entry.expiresAt;
  }

  #expiryOf(ttlMs: number): number {
    if (!(ttlMs > 0)) throw new CacheError('ERR_CACHE_OPTIONS', 'ttlMs must be above 0');
    if (ttlMs === Infinity) return Infinity;
    // Only ever shortened: the time that was asked for is a promise about the oldest value that a reader can see.
    const shortenedMs = this.#ttlJitter === 0 ? ttlMs : ttlMs * (1 - this.#ttlJitter * this.#random());
    return this.#clock.now() + shortenedMs;
  }

  #weigh(value: V, key: string): number {
    if (this.#sizeOf === undefined || value === undefined) return 0;
    const bytes = this.#sizeOf(value, key);
    if (!(bytes >= 0 && bytes < Infinity)) throw new CacheError('ERR_CACHE_SIZE', 'sizeOf must give a number of 0 or more');
    return bytes;
  }
}

function requireSound<V>({ maxEntries, maxBytes, sizeOf, policy, ttlMs, ttlJitter = 0 }: MemoryCacheOptions<V>): void {
  const problems: readonly (readonly [boolean, string])[] = [
    [maxEntries === undefined && maxBytes === undefined, 'a cache needs maxEntries or maxBytes'],
    [maxEntries !== undefined && !(Number.isInteger(maxEntries) && maxEntries >= 1), 'maxEntries must be a whole number of at least 1'],
    [maxBytes !== undefined && !(maxBytes >= 1), 'maxBytes must be at least 1'],
    [maxBytes !== undefined && sizeOf === undefined, 'maxBytes needs sizeOf'],
    [typeof policy === 'string' && !Object.hasOwn(policies, policy), `there is no policy "${String(policy)}"`],
    [ttlMs !== undefined && !(ttlMs > 0), 'ttlMs must be above 0'],
    [!(ttlJitter >= 0 && ttlJitter <= 1), 'ttlJitter must be 0 to 1'],
  ];
  const [, problem] = problems.find(([isWrong]) => isWrong) ?? [];
  if (problem !== undefined) throw new CacheError('ERR_CACHE_OPTIONS', problem);
}
