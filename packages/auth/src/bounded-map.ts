/**
 * A map of at most `maxEntries`: a new key past that pushes out the oldest. O(1), amortised.
 *
 * The walk from the oldest is kept from call to call: a new one would step over every hole that earlier removals left at the
 * front of the Map.
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #maxEntries: number;
  #walk: Iterator<string> = this.#entries.keys();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    while (this.#entries.size > this.#maxEntries) this.#dropOldest();
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#walk = this.#entries.keys();
  }

  #dropOldest(): void {
    const step = this.#walk.next();
    // Everything that the walk has passed is gone, so what it gives next is the oldest.
    if (step.done === true) this.#walk = this.#entries.keys();
    else this.#entries.delete(step.value);
  }
}
