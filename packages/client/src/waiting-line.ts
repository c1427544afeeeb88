import type { Exchange } from './exchange.ts';

/** Below this many dead places sweeping costs more than it frees. */
const minSweep = 1024;

/**
 * Requests that wait for a free place on a connection, first come first served.
 *
 * All operations but `unshift` are O(1) amortised. A request that was given up while it waited is passed over when its
 * turn comes; the places of such requests and of those that went are swept once they outnumber the living, so the line
 * stays within twice the requests that wait, however long a server stands still.
 */
export class WaitingLine {
  #places: (Exchange | undefined)[] = [];
  #head = 0;
  #living = 0;
  readonly #onGivenUp = (): void => {
    this.#living -= 1;
  };

  /** How many wait. */
  get size(): number {
    return this.#living;
  }

  /** Puts a request at the end. */
  push(exchange: Exchange): void {
    if (this.#places.length > minSweep + 2 * this.#living) this.#sweep();
    this.#places.push(exchange);
    this.#admit(exchange);
  }

  /** Puts requests in front of all others, in their order: they have waited once already. */
  unshift(exchanges: readonly Exchange[]): void {
    this.#sweep();
    this.#places = [...exchanges, ...this.#places];
    for (const exchange of exchanges) this.#admit(exchange);
  }

  /** @returns the next request that still wants an answer, or undefined */
  shift(): Exchange | undefined {
    while (this.#head < this.#places.length) {
      const next = this.#places[this.#head];
      this.#places[this.#head] = undefined;
      this.#head += 1;
      if (next === undefined || next.isSettled) continue;
      this.#living -= 1;
      next.onGivenUp = undefined;
      return next;
    }
    return undefined;
  }

  #admit(exchange: Exchange): void {
    exchange.onGivenUp = this.#onGivenUp;
    this.#living += 1;
  }

  #sweep(): void {
    this.#places = this.#places.slice(this.#head).filter((exchange) => exchange?.isSettled === false);
    this.#head = 0;
  }
}
