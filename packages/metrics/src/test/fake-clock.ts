import type { MetricsClock } from '../clock.ts';

/** A clock that stands until it is told to go. */
export class FakeClock implements MetricsClock {
  #now: number;
  #waiting: { readonly at: number; readonly run: () => void }[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run };
    this.#waiting.push(timer);
    return () => void (this.#waiting = this.#waiting.filter((each) => each !== timer));
  }

  /** Goes on and runs what is due. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#waiting.filter(({ at }) => at <= this.#now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
  }
}
