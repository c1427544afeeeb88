/** How long to wait between attempts to connect. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds (default 100). */
  readonly baseMs?: number;
  /** Upper bound of any wait, in milliseconds (default 10,000). */
  readonly maxMs?: number;
  /** 0 to below 1 (default `Math.random`). */
  readonly random?: () => number;
}

/**
 * Exponential back-off with full jitter: each wait is uniform between 0 and a bound that doubles, so that the thousand
 * clients of a server that restarts do not come back in the same millisecond.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  /** @param options the bounds of the waits and where chance comes from */
  constructor({ baseMs = 100, maxMs = 10_000, random = Math.random }: BackoffOptions = {}) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** @returns the next wait in milliseconds */
  next(): number {
    const bound = Math.min(this.#maxMs, this.#baseMs * 2 ** this.#attempts);
    // 2^30 is far above any bound; beyond it the power would only grow towards Infinity.
    this.#attempts = Math.min(this.#attempts + 1, 30);
    return this.#random() * bound;
  }

  /** To be called after a success: the next wait is a first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
