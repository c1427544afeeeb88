import { moveToFront, NodeList, pushFront, unlink } from './node-list.ts';
import type { Policy, PolicyNode } from './policy.ts';

/** Least recently used goes first. Follows a moving set of hot keys; one long scan washes it out. */
export class LruPolicy<N extends PolicyNode<N>> implements Policy<N> {
  #recent = new NodeList<N>();

  add(node: N): void {
    pushFront(this.#recent, node);
  }

  hit(node: N): void {
    moveToFront(this.#recent, node);
  }

  remove(node: N): void {
    unlink(node);
  }

  evict(): N | undefined {
    const oldest = this.#recent.tail;
    if (oldest !== undefined) unlink(oldest);
    return oldest;
  }

  clear(): void {
    this.#recent = new NodeList();
  }
}
