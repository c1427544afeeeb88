import type { Clock, Timer, Timers } from '../timers.ts';

interface SetTimer {
  readonly atMs: number;
  readonly callback: () => void;
  readonly isIdle: boolean;
}

/** Time that stands still until a test moves it. It begins at no round number, so that nothing passes by chance. */
export class FakeTime implements Clock, Timers {
  #nowMs = 1_700_000_000_123;
  readonly #timers = new Set<SetTimer>();
  /** How often a timer was set, to see that nothing ticks for nothing. */
  timersSet = 0;

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void, isIdle = false): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback, isIdle };
    this.#timers.add(timer);
    this.timersSet += 1;
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** The waits that are set, in milliseconds from now, shortest first. */
  get pending(): { readonly delayMs: number; readonly isIdle: boolean }[] {
    return [...this.#timers].map(({ atMs, isIdle }) => ({ delayMs: atMs - this.#nowMs, isIdle })).sort((a, b) => a.delayMs - b.delayMs);
  }

  /** Moves on from timer to timer. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#fireNext(endMs)) {
      // Each timer sees the time at which it is due.
    }
    this.#nowMs = endMs;
  }

  /** As {@link advance}, and lets promises settle after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    while (this.#fireNext(endMs)) await settle();
    this.#nowMs = endMs;
  }

  /** Jumps, as when the process was stopped: the timers that are due fire afterwards, all at the end of the jump. */
  jump(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  /** As {@link jump}, without a chance for the timers: the process works on as yet. */
  block(ms: number): void {
    this.#nowMs += ms;
  }

  #fireNext(endMs: number): boolean {
    const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.#timers.delete(next);
    next.callback();
    return true;
  }
}

/** Lets every promise settle that can without time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
