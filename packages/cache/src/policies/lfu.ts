import { NodeList, pushFront, unlink } from './node-list.ts';
import type { Policy, PolicyNode } from './policy.ts';

/** All nodes with one count of uses, and its neighbours among the counts that occur. */
interface Bucket<N> {
  readonly uses: number;
  readonly nodes: NodeList<N>;
  lower: Bucket<N> | undefined;
  higher: Bucket<N> | undefined;
}

/**
 * Least frequently used goes first, among equals the one whose last use is longest ago. Right where popularity is steady;
 * it does not age, so what was popular once stays long.
 *
 * A chain of buckets by count makes every step O(1): Shah, Mitra, Matani, "An O(1) algorithm for implementing the LFU cache
 * eviction scheme" (2010).
 */
export class LfuPolicy<N extends PolicyNode<N>> implements Policy<N> {
  readonly #buckets = new Map<number, Bucket<N>>();
  #lowest: Bucket<N> | undefined = undefined;

  add(node: N): void {
    this.#place(node, 1, undefined);
  }

  hit(node: N): void {
    const from = this.#buckets.get(node.uses);
    unlink(node);
    this.#place(node, node.uses + 1, from);
    if (from !== undefined) this.#dropIfEmpty(from);
  }

  remove(node: N): void {
    const bucket = this.#buckets.get(node.uses);
    unlink(node);
    if (bucket !== undefined) this.#dropIfEmpty(bucket);
  }

  evict(): N | undefined {
    const victim = this.#lowest?.nodes.tail;
    if (victim !== undefined) this.remove(victim);
    return victim;
  }

  clear(): void {
    this.#buckets.clear();
    this.#lowest = undefined;
  }

  /** `below` is the bucket that the node comes from, after which a new bucket has its place; undefined: at the bottom. */
  #place(node: N, uses: number, below: Bucket<N> | undefined): void {
    node.uses = uses;
    pushFront((this.#buckets.get(uses) ?? this.#insertBucket(uses, below)).nodes, node);
  }

  #insertBucket(uses: number, lower: Bucket<N> | undefined): Bucket<N> {
    const higher = lower === undefined ? this.#lowest : lower.higher;
    const bucket: Bucket<N> = { uses, nodes: new NodeList(), lower, higher };
    if (lower === undefined) this.#lowest = bucket;
    else lower.higher = bucket;
    if (higher !== undefined) higher.lower = bucket;
    this.#buckets.set(uses, bucket);
    return bucket;
  }

  #dropIfEmpty(bucket: Bucket<N>): void {
    if (bucket.nodes.size > 0) return;
    const { lower, higher } = bucket;
    if (lower === undefined) this.#lowest = higher;
    else lower.higher = higher;
    if (higher !== undefined) higher.lower = lower;
    this.#buckets.delete(bucket.uses);
  }
}
