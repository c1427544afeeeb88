interface Wait {
  readonly upTo: number;
  left: number;
  readonly resolve: () => void;
}

/** Counts what is not settled, and tells when all has been that was there at some time. */
export class Unsettled {
  #count = 0;
  #waits: Wait[] = [];

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count += 1;
  }

  /** O(1) beside the waits there are. */
  settle(sequence: number): void {
    this.#count -= 1;
    for (const wait of this.#waits) {
      if (sequence > wait.upTo) continue;
      wait.left -= 1;
      if (wait.left === 0) wait.resolve();
    }
    if (this.#waits[0]?.left === 0) this.#waits = this.#waits.filter(({ left }) => left > 0);
  }

  /** @param upTo the highest sequence there is so far */
  wait(upTo: number): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waits.push({ upTo, left: this.#count, resolve });
    return promise;
  }
}
