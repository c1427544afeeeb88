/** Where something stands in a {@link WaitingLine}. Made and changed by the line alone. */
export class Place<T> {
  readonly value: T;
  line: WaitingLine<T> | undefined = undefined;
  prev: Place<T> | undefined = undefined;
  next: Place<T> | undefined = undefined;

  constructor(value: T) {
    this.value = value;
  }
}

/** First come, first served, and anyone may leave from the middle. A doubly linked list: every operation is O(1). */
export class WaitingLine<T> {
  #first: Place<T> | undefined = undefined;
  #last: Place<T> | undefined = undefined;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Who has waited longest. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Puts it at the end. */
  push(value: T): Place<T> {
    const place = new Place(value);
    place.line = this;
    place.prev = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** Takes out who has waited longest. */
  shift(): T | undefined {
    const place = this.#first;
    if (place === undefined) return undefined;
    this.remove(place);
    return place.value;
  }

  /** Takes one out wherever it stands. @returns false if it was no longer there */
  remove(place: Place<T>): boolean {
    if (place.line !== this) return false;
    const { prev, next } = place;
    if (prev === undefined) this.#first = next;
    else prev.next = next;
    if (next === undefined) this.#last = prev;
    else next.prev = prev;
    place.line = undefined;
    place.prev = undefined;
    place.next = undefined;
    this.#size -= 1;
    return true;
  }
}
