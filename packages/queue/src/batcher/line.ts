import type { Item } from './item.ts';

/** Items that wait to be handed out, linked to each other: all is O(1) for each item. */
export class Line<T, R> {
  #first: Item<T, R> | undefined = undefined;
  #last: Item<T, R> | undefined = undefined;
  #size = 0;
  #bytes = 0;

  get first(): Item<T, R> | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Puts an item at the end. */
  push(item: Item<T, R>): void {
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#count(item, 1);
  }

  /** Puts items that were here before in front of all others, in their order. */
  putBack(items: readonly Item<T, R>[]): void {
    for (const item of items.toReversed()) {
      item.next = this.#first;
      this.#first = item;
      this.#last ??= item;
      this.#count(item, 1);
    }
  }

  /** Takes items from the front: as many as the bounds let through. */
  take(maxItems: number, maxBytes: number): Item<T, R>[] {
    const taken: Item<T, R>[] = [];
    let bytes = 0;
    for (let item = this.#first; item !== undefined && taken.length < maxItems; item = this.#first) {
      bytes += item.bytes;
      if (bytes > maxBytes) break;
      this.#first = item.next;
      if (item.next === undefined) this.#last = undefined;
      // Else one that takes long would keep all that came after it alive.
      item.next = undefined;
      this.#count(item, -1);
      taken.push(item);
    }
    return taken;
  }

  #count(item: Item<T, R>, sign: 1 | -1): void {
    this.#size += sign;
    this.#bytes += sign * item.bytes;
  }
}
