import { GhostKeys } from './ghost-keys.ts';
import { NodeList, pushFront, unlink } from './node-list.ts';
import type { Policy, PolicyNode } from './policy.ts';

/** Two bits of use are enough (paper, §4.2). */
const maxUses = 3;
/** Uses in the small queue above which an entry has earned its place in the main one. */
const promoteAbove = 1;
/** The small queue holds a tenth of the entries (paper, §4.1). */
const smallShare = 10;

/**
 * Three queues, each first in, first out: new entries pass a small one, those that are used there go on to the main one,
 * and the names of those that are not are remembered for a while, so that a second try goes to the main one at once.
 *
 * A scan passes through the small queue and leaves the main one alone; a hit only counts up, no link is written.
 * Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction" (SOSP 2023).
 * An eviction may pass over used entries, each of which pays with a use of its own: O(1) amortised.
 */
export class S3FifoPolicy<N extends PolicyNode<N>> implements Policy<N> {
  #small = new NodeList<N>();
  #main = new NodeList<N>();
  /** As many as there are entries. */
  readonly #ghosts = new GhostKeys();

  add(node: N): void {
    node.uses = 0;
    pushFront(this.#ghosts.delete(node.key) ? this.#main : this.#small, node);
  }

  hit(node: N): void {
    if (node.uses < maxUses) node.uses += 1;
  }

  remove(node: N): void {
    unlink(node);
  }

  evict(): N | undefined {
    for (;;) {
      const victim = this.#isSmallFull() ? this.#evictSmall() : this.#evictMain();
      if (victim !== undefined || this.#small.size + this.#main.size === 0) return victim;
    }
  }

  clear(): void {
    this.#small = new NodeList();
    this.#main = new NodeList();
    this.#ghosts.clear();
  }

  #isSmallFull(): boolean {
    return this.#small.size > 0 && this.#small.size * smallShare >= this.#small.size + this.#main.size;
  }

  /** Undefined: the oldest has earned its place and moved on. */
  #evictSmall(): N | undefined {
    const oldest = this.#small.tail;
    if (oldest === undefined) return undefined;
    unlink(oldest);
    if (oldest.uses > promoteAbove) {
      oldest.uses = 0;
      pushFront(this.#main, oldest);
      return undefined;
    }
    this.#remember(oldest.key);
    return oldest;
  }

  /** Undefined: the oldest was used and goes round once more. */
  #evictMain(): N | undefined {
    const oldest = this.#main.tail;
    if (oldest === undefined) return undefined;
    unlink(oldest);
    if (oldest.uses === 0) return oldest;
    oldest.uses -= 1;
    pushFront(this.#main, oldest);
    return undefined;
  }

  #remember(key: string): void {
    this.#ghosts.add(key, this.#small.size + this.#main.size + 1);
  }
}
