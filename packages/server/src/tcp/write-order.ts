const nothing = (): void => undefined;

/**
 * Keeps the writes of one connection in the order in which they arrived, wherever two name the same thing.
 *
 * Work with a key starts when all earlier work with one of its keys is over, however that ended; work without a key, or
 * with keys that nobody holds, starts at once. It holds one entry for each key in use, and none when the connection is idle.
 */
export class WriteOrder {
  readonly #tails = new Map<string, Promise<void>>();

  /** Keys that are in use now. */
  get size(): number {
    return this.#tails.size;
  }

  /**
   * Runs the work in its turn. Cannot deadlock: work waits only for what arrived earlier.
   * @param keys what the work changes, such as `2:player:42`
   */
  run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    if (keys.length === 0) return work();
    const earlier = keys.map((key) => this.#tails.get(key)).filter((tail) => tail !== undefined);
    const result = earlier.length === 0 ? work() : Promise.all(earlier).then(work);
    const tail = result.then(nothing, nothing);
    for (const key of keys) this.#tails.set(key, tail);
    void tail.then(() => this.#release(keys, tail));
    return result;
  }

  #release(keys: readonly string[], tail: Promise<void>): void {
    for (const key of keys) {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
