import type { Policy } from './policy.ts';
import { SlotLists } from './slot-lists.ts';

const order = 1;

/** First in, first out: reads change nothing, so it is the cheapest. For entries that age alike. */
export class FifoPolicy implements Policy {
  readonly #lists = new SlotLists();

  reserve(capacity: number): void {
    this.#lists.reserve(capacity);
  }

  add(slot: number): void {
    this.#lists.pushFront(order, slot);
  }

  hit(): void {}

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  evict(): number {
    const oldest = this.#lists.last(order);
    if (oldest !== 0) this.#lists.remove(oldest);
    return oldest;
  }

  hottest(): Iterable<number> {
    return this.#lists.slots(order);
  }

  clear(): void {
    this.#lists.clear();
  }
}
