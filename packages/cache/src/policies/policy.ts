import type { NodeList } from './node-list.ts';

/**
 * What a policy sees of an entry. The links and the counter are the policy's own to write; the cache does not touch them.
 * They live in the entry itself, so that a hit costs no second look-up.
 */
export interface PolicyNode<N> {
  readonly key: string;
  prev: N | undefined;
  next: N | undefined;
  list: NodeList<N> | undefined;
  uses: number;
}

/**
 * Decides which entry goes when room is needed. It knows nothing of values, bytes or time.
 *
 * What it promises, and what `@midgard/cache/testing` checks: `evict` gives back each node once that was added and neither
 * removed nor given back since, in whatever order; undefined when there is none. Every call is O(1), amortised.
 */
export interface Policy<N> {
  /** A node that the policy does not hold comes in. */
  add(node: N): void;
  /** A node that it holds was read or overwritten. */
  hit(node: N): void;
  /** A node that it holds goes for a reason of the cache's: deleted or expired. */
  remove(node: N): void;
  /** Gives up one node. */
  evict(): N | undefined;
  /** Forgets everything. */
  clear(): void;
}

/** Makes a policy for entries of any kind. */
export type PolicyFactory = <N extends PolicyNode<N>>() => Policy<N>;
