import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import { coarseClock } from './coarse-clock.ts';
import { EntrySlots } from './entry-slots.ts';
import {
  requireSoundBounds,
  requireSoundOptions,
  type CacheStats,
  type EvictionReason,
  type EntryBounds,
  type MemoryCacheOptions,
  type SetOptions,
} from './options.ts';
import type { Ticket } from './ticket.ts';
import { policies } from './policies/index.ts';
import { hashOf } from './policies/key-hash.ts';
import { firstSlot, type CacheKey, type Policy } from './policies/policy.ts';

/** Entries that each `set` looks at for expiry: n / 2 sets visit a cache of n, so what is dead does not stay. */
const sweptPerSet = 2;

/**
 * A cache in this process, bounded by entries, bytes or both.
 *
 * Every operation on a key is O(1), amortised. Expiry needs no timer an entry: a dead entry falls when it is read, and each
 * `set` looks at two more. Values are held, not copied: treat them as frozen. `undefined` stands for "not there" and is not stored.
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
export class MemoryCache<V, K extends CacheKey = string> {
  /** Where keys stand: the settled ones, and apart from them those in the policy's window, which come and go. */
  readonly #settled = new Map<K, number>();
  readonly #window = new Map<K, number>();
  readonly #slots: EntrySlots<K, V>;
  readonly #policy: Policy;
  readonly #hasWindow: boolean;
  #maxEntries: number;
  #maxBytes: number;
  readonly #sizeOf: ((value: V, key: K) => number) | undefined;
  readonly #ttlMs: number;
  readonly #ttlJitter: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onEvict: ((key: K, value: V, reason: EvictionReason) => void) | undefined;
  #sweptTo = firstSlot;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #expirations = 0;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: no bound, a bound or time out of range, or `maxBytes` without `sizeOf` */
  constructor(options: MemoryCacheOptions<V, K>) {
    requireSoundOptions(options);
    const { policy = 'adaptive' } = options;
    const create = typeof policy === 'string' ? policies[policy] : policy;
    this.#policy = create((slot) => this.#settle(slot));
    this.#hasWindow = this.#policy.mayBeSettled !== undefined;
    this.#slots = new EntrySlots((capacity) => this.#policy.reserve(capacity));
    this.#maxEntries = options.maxEntries ?? Infinity;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#sizeOf = options.sizeOf;
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#ttlJitter = options.ttlJitter ?? 0;
    this.#clock = options.clock ?? coarseClock;
    this.#random = options.random ?? Math.random;
    this.#onEvict = options.onEvict;
  }

  /** Entries held, those included whose time is over and nobody has noticed. */
  get size(): number {
    return this.#settled.size + this.#window.size;
  }

  /** What the entries weigh, as `sizeOf` counts; 0 without it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value, or undefined. Counts as a use and in the statistics. */
  get(key: K): V | undefined {
    // The hot way, so what #find and #isOver do stands here once more.
    const slot = this.#settled.get(key) ?? this.#window.get(key);
    if (slot === undefined) {
      this.#misses += 1;
      return undefined;
    }
    const slots = this.#slots;
    if (slots.endsAtMs !== undefined && this.#isOver(slot)) {
      this.#misses += 1;
      this.#expire(slot);
      return undefined;
    }
    this.#hits += 1;
    this.#policy.hit(slot);
    return slots.values[slot];
  }

  /** The value, or undefined, without any trace: no use, no statistics. */
  peek(key: K): V | undefined {
    const slot = this.#find(key);
    return slot === undefined || this.#isOver(slot) ? undefined : this.#slots.values[slot];
  }

  /** Where {@link peek} would find a value, so that {@link holds} can tell later whether it is still that one. Leaves no trace. */
  ticket(key: K): Ticket | undefined {
    const slot = this.#find(key);
    return slot === undefined || this.#isOver(slot) ? undefined : { slot, stamp: this.#slots.stampOf(slot) };
  }

  /** Whether the very value of a {@link Ticket} is still held; whether its time is over is not looked at. No look-up, no trace. */
  holds(slot: number, stamp: number): boolean {
    return this.#slots.stampOf(slot) === stamp;
  }

  /** Counts a use of what stands in the slot of a ticket that {@link holds}, as {@link get} does. */
  use(slot: number): void {
    this.#hits += 1;
    this.#policy.hit(slot);
  }

  /** Makes every ticket void; the entries stay. O(1). */
  voidTickets(): void {
    this.#slots.restampAll();
  }

  /** Whether {@link peek} would give a value. */
  has(key: K): boolean {
    return this.peek(key) !== undefined;
  }

  /** When the entry's time is over: epoch milliseconds, `Infinity` if never, undefined if it is not there. Leaves no trace. */
  expiresAt(key: K): number | undefined {
    const slot = this.#find(key);
    return slot === undefined || this.#isOver(slot) ? undefined : this.#slots.endOf(slot);
  }

  /**
   * Stores a value, in place of any before. Others leave if there is no room; the new one is there afterwards.
   *
   * @returns false if it was not stored (heavier than `maxBytes`, or `undefined`); what was there before is gone then, too
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: `ttlMs` is not above 0; `ERR_CACHE_SIZE`: `sizeOf` gave no number of 0 or more
   */
  set(key: K, value: V, options?: SetOptions): boolean {
    const ttlMs = options?.ttlMs ?? this.#ttlMs;
    const endsAtMs = ttlMs === Infinity ? Infinity : this.#endOf(ttlMs);
    const bytes = this.#sizeOf === undefined ? 0 : this.#weigh(this.#sizeOf, value, key);
    if (value === undefined || bytes > this.#maxBytes) {
      this.delete(key);
      return false;
    }
    if (this.#slots.endsAtMs !== undefined) this.#sweepSome();
    const hash = this.#hasWindow ? hashOf(key) : 0;
    const present = this.#findHashed(key, hash);
    if (present === undefined) this.#insert(key, hash, value, bytes, endsAtMs);
    else this.#overwrite(present, key, hash, value, bytes, endsAtMs);
    return true;
  }

  /** Takes an entry out. @returns whether there was one that was still good */
  delete(key: K): boolean {
    const slot = this.#find(key);
    if (slot === undefined) return false;
    const isGood = !this.#isOver(slot);
    this.#drop(slot, key);
    return isGood;
  }

  /** Takes all entries out; the statistics stay. O(1) beside the garbage. */
  clear(): void {
    this.#settled.clear();
    this.#window.clear();
    this.#slots.clear();
    this.#policy.clear();
    this.#sweptTo = firstSlot;
    this.#bytes = 0;
  }

  /**
   * Sets new bounds; one that is not named stays. What is too much leaves at once. The tables keep the room that they once took.
   *
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: a bound out of range, or `maxBytes` without `sizeOf`
   */
  resize(bounds: EntryBounds): void {
    requireSoundBounds(bounds, this.#sizeOf !== undefined);
    this.#maxEntries = bounds.maxEntries ?? this.#maxEntries;
    this.#maxBytes = bounds.maxBytes ?? this.#maxBytes;
    while (this.size > this.#maxEntries || this.#bytes > this.#maxBytes) {
      if (!this.#evictOne()) break;
    }
  }

  /** The counts. */
  stats(): CacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      expirations: this.#expirations,
      entries: this.size,
      bytes: this.#bytes,
    };
  }

  /** The entries that are still good, in no order, without counting as uses. What comes or goes during the walk may be in it or not. */
  *entries(): Generator<[key: K, value: V]> {
    for (let slot = firstSlot; slot < this.#slots.end; slot += 1) {
      const key = this.#slots.keys[slot];
      const value = this.#slots.values[slot];
      if (key !== undefined && value !== undefined && !this.#isOver(slot)) yield [key, value];
    }
  }

  /** The keys of {@link entries}. */
  *keys(): Generator<K> {
    for (const [key] of this.entries()) yield key;
  }

  /**
   * The keys that the policy would keep longest, the dearest first, so that a restarted process can load them first. O(n).
   *
   * @param count most keys, 0 or more
   */
  hottest(count: number): K[] {
    const keys: K[] = [];
    if (!(count > 0)) return keys;
    for (const slot of this.#policy.hottest()) {
      const key = this.#slots.keys[slot];
      if (key === undefined || this.#isOver(slot)) continue;
      keys.push(key);
      if (keys.length >= count) break;
    }
    return keys;
  }

  #find(key: K): number | undefined {
    return this.#settled.get(key) ?? this.#window.get(key);
  }

  /** As {@link #find}; for a key that is not there it mostly asks a sketch in place of a table that is many times as large. */
  #findHashed(key: K, hash: number): number | undefined {
    const mayBeSettled = this.#policy.mayBeSettled?.(hash) ?? true;
    return (mayBeSettled ? this.#settled.get(key) : undefined) ?? this.#window.get(key);
  }

  #insert(key: K, hash: number, value: V, bytes: number, endsAtMs: number): void {
    while (this.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes) {
      if (!this.#evictOne()) break;
    }
    const slots = this.#slots;
    const slot = slots.take(key, value, this.#maxEntries);
    slots.setEnd(slot, endsAtMs);
    slots.setWeight(slot, bytes);
    this.#bytes += bytes;
    if (this.#hasWindow) this.#window.set(key, slot);
    else this.#settled.set(key, slot);
    this.#policy.add(slot, hash);
  }

  #overwrite(slot: number, key: K, hash: number, value: V, bytes: number, endsAtMs: number): void {
    const slots = this.#slots;
    const growth = bytes - slots.weightOf(slot);
    if (this.#bytes + growth > this.#maxBytes) {
      // It may itself be next to go, so it comes in anew: what is set is always there afterwards.
      this.#drop(slot, key);
      this.#insert(key, hash, value, bytes, endsAtMs);
      return;
    }
    this.#bytes += growth;
    slots.replace(slot, value);
    slots.setEnd(slot, endsAtMs);
    slots.setWeight(slot, bytes);
    this.#policy.hit(slot);
  }

  #evictOne(): boolean {
    const slot = this.#policy.evict();
    const key = this.#slots.keys[slot];
    if (key === undefined) return false;
    const value = this.#release(slot, key);
    this.#evictions += 1;
    if (value !== undefined) this.#onEvict?.(key, value, 'capacity');
    return true;
  }

  #expire(slot: number): void {
    const key = this.#slots.keys[slot];
    if (key === undefined) return;
    const value = this.#drop(slot, key);
    this.#expirations += 1;
    if (value !== undefined) this.#onEvict?.(key, value, 'expired');
  }

  #drop(slot: number, key: K): V | undefined {
    this.#policy.remove(slot);
    return this.#release(slot, key);
  }

  /** What the policy no longer holds leaves the tables. */
  #release(slot: number, key: K): V | undefined {
    // The window first: what leaves for want of room mostly leaves from there, and its table is small.
    if (!this.#window.delete(key)) this.#settled.delete(key);
    const value = this.#slots.values[slot];
    this.#bytes -= this.#slots.weightOf(slot);
    this.#slots.release(slot);
    return value;
  }

  #settle(slot: number): void {
    const key = this.#slots.keys[slot];
    if (key === undefined) return;
    this.#window.delete(key);
    this.#settled.set(key, slot);
  }

  /** Goes round the slots from set to set. */
  #sweepSome(): void {
    for (let i = 0; i < sweptPerSet; i += 1) {
      if (this.#sweptTo >= this.#slots.end) this.#sweptTo = firstSlot;
      if (this.#isOver(this.#sweptTo)) this.#expire(this.#sweptTo);
      this.#sweptTo += 1;
    }
  }

  #isOver(slot: number): boolean {
    // The clock is not free, so it is not asked for an entry that has all the time.
    const endsAtMs = this.#slots.endOf(slot);
    return endsAtMs !== Infinity && this.#clock.now() >= endsAtMs;
  }

  #endOf(ttlMs: number): number {
    if (!(ttlMs > 0)) throw new CacheError('ERR_CACHE_OPTIONS', 'ttlMs must be above 0');
    // Only ever shortened: the time that was asked for is a promise about the oldest value that a reader can see.
    const shortenedMs = this.#ttlJitter === 0 ? ttlMs : ttlMs * (1 - this.#ttlJitter * this.#random());
    return this.#clock.now() + shortenedMs;
  }

  #weigh(sizeOf: (value: V, key: K) => number, value: V, key: K): number {
    if (value === undefined) return 0;
    const bytes = sizeOf(value, key);
    if (!(bytes >= 0 && bytes < Infinity)) throw new CacheError('ERR_CACHE_SIZE', 'sizeOf must give a number of 0 or more');
    return bytes;
  }
}
