import type { Timer } from '@midgard/queue';
import type { Clock } from '../clock.ts';
import type { Timers } from '../tcp/timers.ts';

interface Repeated {
  readonly ms: number;
  readonly run: () => void;
  dueAt: number;
}

/** A clock and timers that move only when a test says so. */
export class FakeTime implements Clock, Timers {
  #now = 1_700_000_000_000;
  readonly #repeated = new Set<Repeated>();

  now(): number {
    return this.#now;
  }

  /** Timers that run. */
  get timers(): number {
    return this.#repeated.size;
  }

  every(ms: number, run: () => void): () => void {
    const repeated: Repeated = { ms, run, dueAt: this.#now + ms };
    this.#repeated.add(repeated);
    return () => this.#repeated.delete(repeated);
  }

  after(delayMs: number, callback: () => void): Timer {
    const stop = this.every(delayMs, () => {
      stop();
      callback();
    });
    return { cancel: stop };
  }

  /** Lets time pass and runs what falls due, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = [...this.#repeated].sort((a, b) => a.dueAt - b.dueAt).find(({ dueAt }) => dueAt <= until);
      if (next === undefined) break;
      this.#now = next.dueAt;
      next.dueAt += next.ms;
      next.run();
    }
    this.#now = until;
  }
}
