import type { Policy } from './policy.ts';
import { SlotLists } from './slot-lists.ts';

const recent = 1;

/** Least recently used goes first. Follows a moving set of hot keys; one long scan washes it out. */
export class LruPolicy implements Policy {
  readonly #lists = new SlotLists();

  reserve(capacity: number): void {
    this.#lists.reserve(capacity);
  }

  add(slot: number): void {
    this.#lists.pushFront(recent, slot);
  }

  hit(slot: number): void {
    this.#lists.moveToFront(recent, slot);
  }

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  evict(): number {
    const oldest = this.#lists.last(recent);
    if (oldest !== 0) this.#lists.remove(oldest);
    return oldest;
  }

  hottest(): Iterable<number> {
    return this.#lists.slots(recent);
  }

  clear(): void {
    this.#lists.clear();
  }
}
