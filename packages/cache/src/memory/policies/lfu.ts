import { firstSlot, type Policy } from './policy.ts';
import { grown } from './slot-lists.ts';

/** All slots with one count of uses, between the buckets of the counts next to it that occur. */
interface Bucket {
  uses: number;
  /** Used last; 0: empty. */
  newest: number;
  oldest: number;
  lower: Bucket | undefined;
  higher: Bucket | undefined;
}

/**
 * Least frequently used goes first, among equals the one whose last use is longest ago. Right where popularity is steady;
 * it does not age, so what was popular once stays long.
 *
 * A chain of buckets by count makes every step O(1): Shah, Mitra, Matani, "An O(1) algorithm for implementing the LFU cache
 * eviction scheme" (2010).
 */
export class LfuPolicy implements Policy {
  #newer = new Int32Array(firstSlot);
  #older = new Int32Array(firstSlot);
  readonly #bucketOf: (Bucket | undefined)[] = [undefined, undefined, undefined, undefined];
  #lowest: Bucket | undefined = undefined;
  #highest: Bucket | undefined = undefined;

  reserve(capacity: number): void {
    this.#newer = grown(this.#newer, capacity);
    this.#older = grown(this.#older, capacity);
  }

  add(slot: number): void {
    const first = this.#lowest?.uses === 1 ? this.#lowest : this.#insert(1, undefined, this.#lowest);
    this.#push(first, slot);
  }

  hit(slot: number): void {
    const from = this.#bucketOf[slot];
    if (from === undefined) return;
    const uses = from.uses + 1;
    const hasNext = from.higher?.uses === uses;
    if (from.newest === from.oldest && !hasNext) {
      // Alone in its bucket, it takes the bucket along.
      from.uses = uses;
      return;
    }
    const next = hasNext && from.higher !== undefined ? from.higher : this.#insert(uses, from, from.higher);
    this.remove(slot);
    this.#push(next, slot);
  }

  remove(slot: number): void {
    const from = this.#bucketOf[slot];
    if (from === undefined) return;
    const newer = this.#newer[slot] ?? 0;
    const older = this.#older[slot] ?? 0;
    if (newer === 0) from.newest = older;
    else this.#older[newer] = older;
    if (older === 0) from.oldest = newer;
    else this.#newer[older] = newer;
    this.#bucketOf[slot] = undefined;
    if (from.newest === 0) this.#drop(from);
  }

  evict(): number {
    const victim = this.#lowest?.oldest ?? 0;
    if (victim !== 0) this.remove(victim);
    return victim;
  }

  *hottest(): Generator<number> {
    for (let bucket = this.#highest; bucket !== undefined; bucket = bucket.lower) {
      for (let slot = bucket.newest; slot !== 0; slot = this.#older[slot] ?? 0) yield slot;
    }
  }

  clear(): void {
    this.#lowest = undefined;
    this.#highest = undefined;
    this.#bucketOf.length = firstSlot;
  }

  #push(bucket: Bucket, slot: number): void {
    const second = bucket.newest;
    this.#bucketOf[slot] = bucket;
    this.#newer[slot] = 0;
    this.#older[slot] = second;
    if (second === 0) bucket.oldest = slot;
    else this.#newer[second] = slot;
    bucket.newest = slot;
  }

  #insert(uses: number, lower: Bucket | undefined, higher: Bucket | undefined): Bucket {
    const bucket: Bucket = { uses, newest: 0, oldest: 0, lower, higher };
    if (lower === undefined) this.#lowest = bucket;
    else lower.higher = bucket;
    if (higher === undefined) this.#highest = bucket;
    else higher.lower = bucket;
    return bucket;
  }

  #drop({ lower, higher }: Bucket): void {
    if (lower === undefined) this.#lowest = higher;
    else lower.higher = higher;
    if (higher === undefined) this.#highest = lower;
    else higher.lower = lower;
  }
}
