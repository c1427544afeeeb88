/**
 * A fixed number of doubly linked lists that share their members: an id is in at most one list. All is O(1) but growing.
 *
 * The links stand in typed arrays, 8 bytes an id, so that a million of them are nothing to the garbage collector. Each list is a ring
 * through a place of its own (the first `lists` places), which spares every test for an end.
 */
export class LinkedLists {
  readonly #lists: number;
  #next: Int32Array;
  #previous: Int32Array;

  /** @param lists how many lists, named 0 to `lists` − 1 */
  constructor(lists: number, capacity: number) {
    this.#lists = lists;
    this.#next = new Int32Array(lists + capacity);
    this.#previous = new Int32Array(lists + capacity);
    this.clear();
  }

  /** Makes room for the ids below `capacity`. */
  grow(capacity: number): void {
    const next = new Int32Array(this.#lists + capacity);
    const previous = new Int32Array(this.#lists + capacity);
    next.set(this.#next);
    previous.set(this.#previous);
    this.#next = next;
    this.#previous = previous;
  }

  /** Empties every list. */
  clear(): void {
    for (let list = 0; list < this.#lists; list += 1) this.#next[list] = this.#previous[list] = list;
  }

  /** The id that has been longest in the list, or −1. */
  first(list: number): number {
    const place = this.#next[list] ?? list;
    return place === list ? -1 : place - this.#lists;
  }

  /** The id that was appended last, or −1. */
  last(list: number): number {
    const place = this.#previous[list] ?? list;
    return place === list ? -1 : place - this.#lists;
  }

  /** Puts an id, which is in no list, at the end of one. */
  append(list: number, id: number): void {
    const place = this.#lists + id;
    const last = this.#previous[list] ?? list;
    this.#next[last] = place;
    this.#previous[place] = last;
    this.#next[place] = list;
    this.#previous[list] = place;
  }

  /** Takes an id out of the list that it is in. @returns that list if it is empty now, else −1 */
  remove(id: number): number {
    const place = this.#lists + id;
    const next = this.#next[place] ?? 0;
    const previous = this.#previous[place] ?? 0;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    return next === previous ? next : -1;
  }
}
