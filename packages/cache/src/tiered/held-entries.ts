import type { Clock } from '../clock.ts';
import type { Space } from '../coherence/space.ts';
import { MemoryCache } from '../memory/memory-cache.ts';
import type { CacheStats, MemoryCacheOptions } from '../memory/options.ts';
import type { Ticket } from '../memory/ticket.ts';
import type { CachePolicy } from './cache-policy.ts';
import type { Entry, HeldEntry } from './entry.ts';
import { TagIndex } from './tag-index.ts';

/** Bounds of what is held in this process. */
export type MemoryBounds<V> = Pick<MemoryCacheOptions<V>, 'maxEntries' | 'maxBytes' | 'sizeOf' | 'policy'>;

/** The entries of one space in this process's memory: their times, their tags, and whether their changes would have been heard. */
export class HeldEntries<V> {
  readonly #memory: MemoryCache<HeldEntry<V>>;
  readonly #tags = new TagIndex();
  readonly #policy: CachePolicy;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Counts the times when anything may have been changed unheard. */
  #epoch = 0;

  /** @param options.random 0 (included) to 1 (excluded) */
  constructor({ bounds, policy, clock, random }: { bounds: MemoryBounds<V>; policy: CachePolicy; clock: Clock; random: () => number }) {
    const { sizeOf, ...rest } = bounds;
    this.#memory = new MemoryCache<HeldEntry<V>>({
      ...rest,
      ...(sizeOf === undefined ? {} : { sizeOf: ({ value }: HeldEntry<V>, key: string) => sizeOf(value, key) }),
      clock,
      onEvict: (key, { tags }) => this.#tags.remove(key, tags),
    });
    this.#policy = policy;
    this.#clock = clock;
    this.#random = random;
  }

  /** The entry, if it may be given out without asking anybody. Counts as a use. */
  fresh(key: string): HeldEntry<V> | undefined {
    const held = this.#memory.get(key);
    return held !== undefined && held.epoch === this.#epoch && this.#clock.now() < held.checkAt ? held : undefined;
  }

  /** As {@link fresh}, without counting, and where it stands. */
  ticketOf(key: string): { readonly held: HeldEntry<V>; readonly ticket: Ticket } | undefined {
    const ticket = this.#memory.ticket(key);
    const held = ticket === undefined ? undefined : this.#memory.peek(key);
    if (ticket === undefined || held === undefined || held.epoch !== this.#epoch || this.#clock.now() >= held.checkAt) return undefined;
    return { held, ticket };
  }

  /** Whether the entry of a ticket is still held, and its changes would have been heard. */
  holds(slot: number, stamp: number): boolean {
    return this.#memory.holds(slot, stamp);
  }

  /** Counts a use of what is held. */
  use(slot: number): void {
    this.#memory.use(slot);
  }

  /** The entry, if it may still have a use. */
  any(key: string): HeldEntry<V> | undefined {
    return this.#memory.peek(key);
  }

  /** Whether every change of it would have been heard. */
  isTrusted({ epoch }: HeldEntry<V>): boolean {
    return epoch === this.#epoch;
  }

  /** Keeps an entry that is known not to be older than any change heard of. */
  hold(key: string, entry: Entry<V>, space: Space): void {
    const now = this.#clock.now();
    const checkAt = Math.min(now + space.memoryTtlMs(entry.memoryTtlMs), entry.freshUntil);
    this.#put(key, { ...entry, checkAt, refreshAt: this.#refreshAt(entry, now), epoch: this.#epoch }, now);
  }

  /** It could not be loaded anew: gives a stale entry some more time, and leaves one that is still fresh alone for a while. */
  holdOn(key: string, entry: Entry<V>): void {
    const now = this.#clock.now();
    const retryAt = now + this.#policy.errorBackoffMs;
    const held = this.#memory.peek(key);
    if (held !== undefined && this.isTrusted(held) && now < held.checkAt) held.refreshAt = retryAt;
    else this.#put(key, { ...entry, checkAt: Math.min(retryAt, entry.endsAt), refreshAt: Infinity, epoch: this.#epoch }, now);
  }

  /** Ends an entry's time ahead of it. */
  expire(key: string): void {
    const held = this.#memory.peek(key);
    const now = this.#clock.now();
    if (held !== undefined && held.freshUntil > now) this.#put(key, { ...held, freshUntil: now, checkAt: now, refreshAt: Infinity }, now);
  }

  /** The shared tier has stored an entry of before. */
  wasStored(key: string, entry: Entry<V>, version: number): void {
    const held = this.#stillHeld(key, entry);
    if (held !== undefined) held.version = version;
  }

  /** The shared tier has refused an entry of before: it is not the newest. */
  wasRefused(key: string, entry: Entry<V>): void {
    if (this.#stillHeld(key, entry) !== undefined) this.drop(key);
  }

  /** Lets go of a key. */
  drop(key: string): void {
    this.#dropTagsOf(key);
    this.#memory.delete(key);
  }

  /** Lets go of all with one of these tags; the empty tag stands for everything. */
  dropTags(tags: readonly string[]): void {
    if (tags.includes('')) {
      this.#memory.clear();
      this.#tags.clear();
      return;
    }
    for (const tag of tags) for (const key of this.#tags.keysOf(tag)) this.drop(key);
  }

  /** Everything is to be asked for before it is given out again. */
  distrust(): void {
    this.#epoch += 1;
    this.#memory.voidTickets();
  }

  /** Entries that may be given out, in no order. */
  *entries(): Generator<readonly [key: string, value: V]> {
    const now = this.#clock.now();
    for (const [key, held] of this.#memory.entries()) if (held.epoch === this.#epoch && now < held.checkAt) yield [key, held.value];
  }

  /** The keys that the policy would keep longest. */
  hottest(count: number): readonly string[] {
    return this.#memory.hottest(count);
  }

  /** The counts of the memory. */
  stats(): CacheStats {
    return this.#memory.stats();
  }

  /** What is held of a key, if it is this entry and none that came after it. */
  #stillHeld(key: string, { loadedAt, value }: Entry<V>): HeldEntry<V> | undefined {
    const held = this.#memory.peek(key);
    return held?.value === value && held.loadedAt === loadedAt ? held : undefined;
  }

  /** In the place of what is there, so that the policy goes on counting the uses of its key. */
  #put(key: string, held: HeldEntry<V>, now: number): void {
    this.#dropTagsOf(key);
    const ttlMs = held.endsAt - now;
    if (ttlMs <= 0) this.#memory.delete(key);
    else if (this.#memory.set(key, held, { ttlMs })) this.#tags.add(key, held.tags);
  }

  #dropTagsOf(key: string): void {
    if (this.#tags.isEmpty) return;
    // One that is over and still lies there leaves when it is asked for, and takes its tags along.
    const held = this.#memory.peek(key) ?? this.#memory.get(key);
    if (held !== undefined && held.tags.length > 0) this.#tags.remove(key, held.tags);
  }

  #refreshAt({ freshUntil }: Entry<V>, now: number): number {
    const { refreshAfter } = this.#policy;
    if (refreshAfter === 1) return Infinity;
    // A moment of one's own in the last part of its life: so one instance is first, and the others find what it stored.
    const share = refreshAfter + (1 - refreshAfter) * this.#random();
    return now + (freshUntil - now) * share;
  }
}
