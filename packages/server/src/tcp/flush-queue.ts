import type { Flushable } from './context.ts';

/**
 * Connections with answers that the kernel has not got yet. All that one turn of the event loop brings to a connection goes out together, in one
 * write.
 *
 * A turn may bring answers to a thousand of them, and each holds an output buffer meanwhile: so when `most` wait, these do not wait for its end.
 */
export class FlushQueue {
  readonly #most: number;
  #waiting: Flushable[] = [];
  #isScheduled = false;

  /** @param most that wait at a time, at least 1 */
  constructor(most: number) {
    this.#most = most;
  }

  /** Flushes it when this turn is over, or before. O(1), but for each `most`-th. */
  add(one: Flushable): void {
    if (this.#waiting.push(one) >= this.#most) this.#flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.flush();
  }
}
