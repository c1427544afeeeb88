/** What an entry is found by. Numbers are meant to be whole. */
export type CacheKey = string | number;

/** The first slot that an entry may have. Those below are for a policy's own list heads, and 0 says "none". */
export const firstSlot = 4;

/**
 * Decides which entry goes when room is needed. It knows nothing of values, bytes or time.
 *
 * An entry is a slot, a number from {@link firstSlot} on that the cache gives out and reuses, so that what a policy notes of
 * it stands in typed arrays and a hit writes a byte and no object. What it promises, and what `@midgard/cache/testing`
 * checks: `evict` gives back each slot once that was added and neither removed nor given back since, in whatever order; 0
 * when there is none. Every call but `hottest` is O(1), amortised.
 */
export interface Policy {
  /**
   * For a policy with a window, in which new entries stand until it settles them; absent: it has none. The cache keeps the keys of
   * the window apart, so that those that come and go touch a small table only.
   *
   * @returns false: no settled entry has a key with this hash, so that the cache need not look for it
   */
  mayBeSettled?(hash: number): boolean;
  /** Slots below `capacity` may come from now on. */
  reserve(capacity: number): void;
  /**
   * An entry that the policy does not hold comes in.
   *
   * @param hash 32 bits that stand for the key where there is a window, else 0
   */
  add(slot: number, hash: number): void;
  /** An entry that it holds was read or overwritten. */
  hit(slot: number): void;
  /** An entry that it holds goes for a reason of the cache's: deleted or expired. */
  remove(slot: number): void;
  /** Gives up one entry; 0: there is none. */
  evict(): number;
  /** What is held, the dearest first. O(n). */
  hottest(): Iterable<number>;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Makes a policy.
 *
 * @param settle the policy calls it once for each slot that leaves the window and stays; of use with {@link Policy.mayBeSettled} only
 */
export type PolicyFactory = (settle: (slot: number) => void) => Policy;
