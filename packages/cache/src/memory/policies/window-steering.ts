import { LruPolicy } from './lru.ts';
import { ShadowCache } from './shadow-cache.ts';
import { WindowTinyLfu } from './window-tiny-lfu.ts';

/** The smallest window, where frequency rules, and the start (Caffeine's). */
export const leastShare = 0.01;
/** A window above this becomes all of the cache, where least recently used goes first: close by, that is worth more than the rest. */
const nearlyAll = 0.85;
/** How far towards the better end a step goes: three lead from the smallest window to all of the cache, eight back. */
const stepShare = 0.5;
/** The shadows have from this many entries to twice as many: keys are sampled so. Smaller ones err more. */
const leastShadow = 64;
/** By how much of the accesses that were not hits for all three an end must be better before the window moves. */
const tolerance = 0.02;
/** And by how many standard deviations of chance: where half of n accesses may go either way, those are √n / 2. */
const deviations = 1;
/** What counts of the time before, each time that nothing is changed. */
const memory = 0.8;

/**
 * Finds how large the window should be, by holding the cache against both ends: for a sample of the keys it runs two shadow caches,
 * one that is all window (least recently used goes first) and one with the smallest window (frequency rules). While one of them hits
 * more than the cache does, the window moves towards it; where the cache beats both it stays. So it does not
 * climb blindly: it cannot sit in a valley that either end is above, and a change of the workload shows as soon as an end gains.
 *
 * Sampling of keys by hash, with caches as much smaller: Waldspurger et al., "Cache modeling and optimization using miniature simulations"
 * (USENIX ATC 2017). The window to be moved: Einziger, Eytan, Friedman, Manes, "Adaptive software cache management" (Middleware 2018).
 */
export class WindowSteering {
  readonly #recency = new ShadowCache(new LruPolicy());
  readonly #frequency = new ShadowCache(new WindowTinyLfu(leastShare, () => {}));
  readonly #target: WindowTinyLfu;
  /** How many top bits of a hash must be 0 for its key to be sampled, and those bits. */
  #sampleBits = 0;
  #sampleMask = 0;
  /** Of a cache that has not been full yet there are no bounds to imitate. */
  #shadowEntries = Infinity;
  #contested = 0;
  #decidedAt = 0;
  #hits = 0;
  #recencyHits = 0;
  #frequencyHits = 0;

  /** @param target whose window is moved */
  constructor(target: WindowTinyLfu) {
    this.#target = target;
  }

  /** Whether accesses of this key are to be observed. */
  samples(hash: number): boolean {
    return (hash & this.#sampleMask) === 0;
  }

  /** An access of a sampled key. */
  observe(hash: number, isHit: boolean): void {
    const isRecencyHit = this.#recency.access(hash, this.#shadowEntries);
    const isFrequencyHit = this.#frequency.access(hash, this.#shadowEntries);
    // What all three hit says nothing about them, and one very hot key in the sample would drown the rest.
    if (isHit && isRecencyHit && isFrequencyHit) return;
    this.#contested += 1;
    if (isHit) this.#hits += 1;
    if (isRecencyHit) this.#recencyHits += 1;
    if (isFrequencyHit) this.#frequencyHits += 1;
    if (this.#contested >= this.#decidedAt + this.#shadowEntries) this.#decide();
  }

  /**
   * An entry was deleted, or its time is over. Deletions of what the cache does not hold are not told: many who store delete first, and
   * then no shadow would ever have what the cache misses.
   */
  forget(hash: number): void {
    if (!this.samples(hash)) return;
    this.#recency.delete(hash);
    this.#frequency.delete(hash);
  }

  /** The cache has grown to this many entries. */
  grew(entries: number): void {
    if (entries >> this.#sampleBits < leastShadow * 2) return;
    this.#sampleBits += 1;
    this.#sampleMask = -1 << (32 - this.#sampleBits);
    const isKept = (hash: number): boolean => this.samples(hash);
    this.#recency.keepOnly(isKept);
    this.#frequency.keepOnly(isKept);
  }

  /** There was no room beyond this many entries. */
  full(entries: number): void {
    if (this.#sampleBits > 0 && entries >> this.#sampleBits < leastShadow / 2) {
      this.#sampleBits -= 1;
      this.#sampleMask = this.#sampleBits === 0 ? 0 : -1 << (32 - this.#sampleBits);
    }
    this.#shadowEntries = Math.max(1, Math.round(entries / 2 ** this.#sampleBits));
  }

  clear(): void {
    this.#recency.clear();
    this.#frequency.clear();
    this.#startAnew();
  }

  #decide(): void {
    const isRecencyBetter = this.#recencyHits > this.#frequencyHits;
    const gain = Math.max(this.#recencyHits, this.#frequencyHits) - this.#hits;
    if (gain > this.#contested * tolerance && gain > (deviations * Math.sqrt(this.#contested)) / 2) {
      this.#step(isRecencyBetter ? 1 : leastShare);
      // What was counted under the old window says nothing about the new one.
      this.#startAnew();
      return;
    }
    this.#contested *= memory;
    this.#hits *= memory;
    this.#recencyHits *= memory;
    this.#frequencyHits *= memory;
    this.#decidedAt = this.#contested;
  }

  #step(end: number): void {
    const share = this.#target.windowShare + (end - this.#target.windowShare) * stepShare;
    this.#target.windowShare = share > nearlyAll ? 1 : share < leastShare * 1.5 ? leastShare : share;
  }

  #startAnew(): void {
    this.#contested = this.#decidedAt = this.#hits = this.#recencyHits = this.#frequencyHits = 0;
  }
}
