import { RingBufferError } from './errors.ts';

/** Set-up of {@link RingBuffer}. */
export interface RingBufferOptions {
  /** Most items held: a whole number from 1 to 2^26, kept exactly and taken at once. */
  readonly capacity: number;
}

/** Anything but undefined. */
export type RingItem = object | string | number | bigint | boolean | symbol | null;

/** An array of V8 holds little more than this. */
const maxCapacity = 2 ** 26;

/**
 * A bounded first-in-first-out buffer of objects. It never grows, and holds nothing alive that was taken out.
 *
 * When it is full, `push` refuses the new item and `pushOver` lets the oldest go. Both, `pop`, `peek` and `at` are O(1) and
 * allocate nothing; `toArray`, `clear` and iteration are O(size). Items are anything but undefined, which says that there is none.
 *
 * @example
 * ```ts
 * import { RingBuffer } from '@midgard/ring-buffer';
 *
 * const recent = new RingBuffer<string>({ capacity: 2 });
 * for (const line of ['a', 'b', 'c']) recent.pushOver(line);
 * recent.toArray(); // ['b', 'c']
 * ```
 */
export class RingBuffer<T extends RingItem> implements Iterable<T> {
  /**
   * Empty slots are undefined. So a push and a pop each look at one slot only, instead of comparing head, tail and size,
   * and neither waits for what the other wrote: that made a pair of them a third faster.
   */
  readonly #slots: (T | undefined)[];
  /** Slot of the oldest item. */
  #head = 0;
  /** Slot of the next item. */
  #tail = 0;

  /** @throws {RingBufferError} `ERR_RING_OPTIONS`: `capacity` is not a whole number from 1 to 2^26 */
  constructor({ capacity }: RingBufferOptions) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > maxCapacity) {
      throw new RingBufferError('ERR_RING_OPTIONS', 'capacity must be a whole number from 1 to 2^26');
    }
    this.#slots = Array.from({ length: capacity }, () => undefined);
  }

  /** Most items held. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Items held. */
  get size(): number {
    if (this.isFull) return this.capacity;
    const distance = this.#tail - this.#head;
    return distance < 0 ? distance + this.capacity : distance;
  }

  /** Whether the next push finds no room. */
  get isFull(): boolean {
    return this.#slots[this.#tail] !== undefined;
  }

  /**
   * Adds the newest item.
   *
   * @param item undefined is refused always
   * @returns false if there was no room and nothing has changed
   */
  push(item: T): boolean {
    const slots = this.#slots;
    const tail = this.#tail;
    if (slots[tail] !== undefined || item === undefined) return false;
    slots[tail] = item;
    this.#tail = tail + 1 === slots.length ? 0 : tail + 1;
    return true;
  }

  /**
   * Adds the newest item, for which the oldest goes when there is no room.
   *
   * A method and not an option of the ring: the mere branch, never taken, cost every `push` a third of its time.
   *
   * @returns the item that had to go; undefined if there was room
   */
  pushOver(item: T): T | undefined {
    const oldest = this.isFull ? this.pop() : undefined;
    this.push(item);
    return oldest;
  }

  /** Takes the oldest item out; undefined if there is none. */
  pop(): T | undefined {
    const slots = this.#slots;
    const head = this.#head;
    const item = slots[head];
    if (item !== undefined) {
      slots[head] = undefined;
      this.#head = head + 1 === slots.length ? 0 : head + 1;
    }
    return item;
  }

  /** The oldest item, which stays; undefined if there is none. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /**
   * The item at a place, which stays; undefined if there is none.
   *
   * @param index whole number: 0 is the oldest, -1 the newest
   */
  at(index: number): T | undefined {
    const place = index < 0 ? index + this.size : index;
    return place >= 0 && place < this.size ? this.#slots[(this.#head + place) % this.capacity] : undefined;
  }

  /** Lets all items go. */
  clear(): void {
    while (this.pop() !== undefined) {}
  }

  /** All items, the oldest first. */
  toArray(): T[] {
    return [...this];
  }

  /** The items from the oldest on, each read when its turn comes: do not push or pop meanwhile, take `toArray()` for that. */
  *[Symbol.iterator](): Generator<T, void> {
    const size = this.size;
    for (let place = 0; place < size; place += 1) {
      const item = this.at(place);
      if (item !== undefined) yield item;
    }
  }
}
