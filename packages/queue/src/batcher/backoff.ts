import { maxTimerMs, type Timer, type Timers } from '../timers.ts';

interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  readonly timers: Timers;
  readonly random: () => number;
}

/**
 * Holds what failed for a while: anything from nothing to a bound that doubles with each attempt, so that those who failed together do
 * not come back together ("full jitter").
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff<I> {
  readonly #options: BackoffOptions;
  readonly #back: (items: readonly I[]) => void;
  readonly #held = new Map<readonly I[], Timer>();

  /** @param back gets what was held, when its time is over */
  constructor(options: BackoffOptions, back: (items: readonly I[]) => void) {
    this.#options = options;
    this.#back = back;
  }

  /**
   * @param attempts how often it was tried, at least 1
   * @returns for how long it is held, milliseconds
   */
  hold(items: readonly I[], attempts: number): number {
    const { baseMs, capMs, timers, random } = this.#options;
    const delayMs = random() * Math.min(capMs, baseMs * 2 ** (attempts - 1), maxTimerMs);
    const timer = timers.after(delayMs, () => {
      this.#held.delete(items);
      this.#back(items);
    });
    this.#held.set(items, timer);
    return delayMs;
  }

  /** Takes out all that is held. */
  takeAll(): I[] {
    for (const timer of this.#held.values()) timer.cancel();
    const items = [...this.#held.keys()].flat();
    this.#held.clear();
    return items;
  }
}
