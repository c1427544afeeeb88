import { firstSlot } from './policy.ts';

/**
 * Up to three doubly linked lists of slots, in two typed arrays. A slot is in one list at a time; list n has its head and
 * tail at index n, 1 to 3, as a slot of its own, so that nothing asks whether a list is empty. All O(1), no allocation.
 */
export class SlotLists {
  #prev = Int32Array.from({ length: firstSlot }, (_, list) => list);
  #next = this.#prev.slice();

  /** Slots below `capacity` may come from now on. */
  reserve(capacity: number): void {
    this.#prev = grown(this.#prev, capacity);
    this.#next = grown(this.#next, capacity);
  }

  /** The slot before all others; 0: the list is empty. */
  first(list: number): number {
    const slot = this.#next[list] ?? 0;
    return slot === list ? 0 : slot;
  }

  /** The slot behind all others; 0: the list is empty. */
  last(list: number): number {
    const slot = this.#prev[list] ?? 0;
    return slot === list ? 0 : slot;
  }

  /** Puts a slot that is in no list before all others. */
  pushFront(list: number, slot: number): void {
    const next = this.#next;
    const prev = this.#prev;
    const second = next[list] ?? 0;
    next[list] = slot;
    prev[slot] = list;
    next[slot] = second;
    prev[second] = slot;
  }

  /** Takes a slot out of the list that it is in. */
  remove(slot: number): void {
    const next = this.#next;
    const prev = this.#prev;
    const before = prev[slot] ?? 0;
    const behind = next[slot] ?? 0;
    next[before] = behind;
    prev[behind] = before;
  }

  /** Puts a slot of this list before all others. */
  moveToFront(list: number, slot: number): void {
    if (this.#next[list] === slot) return;
    this.remove(slot);
    this.pushFront(list, slot);
  }

  /** The slots of a list from the front. */
  *slots(list: number): Generator<number> {
    for (let slot = this.first(list); slot !== 0; slot = this.#next[slot] === list ? 0 : (this.#next[slot] ?? 0)) yield slot;
  }

  /** Empties every list. */
  clear(): void {
    for (let list = 0; list < firstSlot; list += 1) this.#prev[list] = this.#next[list] = list;
  }
}

/** The same numbers in an array of at least `capacity`. */
export function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T, capacity: number): T;
export function grown(array: Int32Array | Uint8Array | Float64Array, capacity: number): Int32Array | Uint8Array | Float64Array {
  if (array.length >= capacity) return array;
  const larger = array instanceof Int32Array ? new Int32Array(capacity) : array instanceof Uint8Array ? new Uint8Array(capacity) : new Float64Array(capacity);
  larger.set(array);
  return larger;
}
