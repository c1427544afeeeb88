import { NodeList, pushFront, unlink } from './node-list.ts';
import type { Policy, PolicyNode } from './policy.ts';

/** First in, first out: reads change nothing, so it is the cheapest. For entries that age alike. */
export class FifoPolicy<N extends PolicyNode<N>> implements Policy<N> {
  #order = new NodeList<N>();

  add(node: N): void {
    pushFront(this.#order, node);
  }

  hit(): void {}

  remove(node: N): void {
    unlink(node);
  }

  evict(): N | undefined {
    const oldest = this.#order.tail;
    if (oldest !== undefined) unlink(oldest);
    return oldest;
  }

  clear(): void {
    this.#order = new NodeList();
  }
}
