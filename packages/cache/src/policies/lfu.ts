import { NodeList, pushFront, unlink } from './node-list.ts';
import type { Policy, PolicyNode } from './policy.ts';

/** All nodes with one count of uses, between the buckets of the counts next to it that occur. */
class Bucket<N> extends NodeList<N> {
  uses: number;
  lower: Bucket<N> | undefined;
  higher: Bucket<N> | undefined;

  constructor(uses: number, lower: Bucket<N> | undefined, higher: Bucket<N> | undefined) {
    super();
    this.uses = uses;
    this.lower = lower;
    this.higher = higher;
  }
}

/**
 * Least frequently used goes first, among equals the one whose last use is longest ago. Right where popularity is steady;
 * it does not age, so what was popular once stays long.
 *
 * A chain of buckets by count makes every step O(1): Shah, Mitra, Matani, "An O(1) algorithm for implementing the LFU cache
 * eviction scheme" (2010).
 */
export class LfuPolicy<N extends PolicyNode<N>> implements Policy<N> {
  #lowest: Bucket<N> | undefined = undefined;

  add(node: N): void {
    const first = this.#lowest?.uses === 1 ? this.#lowest : this.#insert(1, undefined, this.#lowest);
    pushFront(first, node);
  }

  hit(node: N): void {
    const from = node.list;
    if (!(from instanceof Bucket)) return;
    const uses = from.uses + 1;
    const hasNext = from.higher?.uses === uses;
    if (from.size === 1 && !hasNext) {
      // Alone in its bucket, it takes the bucket along.
      from.uses = uses;
      return;
    }
    const next = hasNext && from.higher !== undefined ? from.higher : this.#insert(uses, from, from.higher);
    this.remove(node);
    pushFront(next, node);
  }

  remove(node: N): void {
    const from = node.list;
    unlink(node);
    if (from instanceof Bucket && from.size === 0) this.#drop(from);
  }

  evict(): N | undefined {
    const victim = this.#lowest?.tail;
    if (victim !== undefined) this.remove(victim);
    return victim;
  }

  clear(): void {
    this.#lowest = undefined;
  }

  #insert(uses: number, lower: Bucket<N> | undefined, higher: Bucket<N> | undefined): Bucket<N> {
    const bucket = new Bucket(uses, lower, higher);
    if (lower === undefined) this.#lowest = bucket;
    else lower.higher = bucket;
    if (higher !== undefined) higher.lower = bucket;
    return bucket;
  }

  #drop({ lower, higher }: Bucket<N>): void {
    if (lower === undefined) this.#lowest = higher;
    else lower.higher = higher;
    if (higher !== undefined) higher.lower = lower;
  }
}
