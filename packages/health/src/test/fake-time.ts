import { type Clock, maxTimerMs, type Timer, type Timers } from '../time.ts';

/** A clock and timers that a test moves by hand. */
export class FakeTime implements Clock, Timers {
  readonly #timers = new Set<{ readonly dueAt: number; readonly callback: () => void }>();
  #ms = 1_700_000_000_000;

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#ms;
  }

  after(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0 && delayMs <= maxTimerMs)) throw new RangeError(`setTimeout does not wait for ${delayMs} ms`);
    const timer = { dueAt: this.#ms + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves on, firing what falls due in order of time; what each timer has started goes as far as it can before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#ms + ms;
    await settled();
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#ms = next.dueAt;
      this.#timers.delete(next);
      next.callback();
      await settled();
    }
    this.#ms = end;
  }

  #nextUntil(end: number): { readonly dueAt: number; readonly callback: () => void } | undefined {
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= end);
    return due.sort((a, b) => a.dueAt - b.dueAt)[0];
  }
}

/** Lets promises that are settled already tell each other. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
