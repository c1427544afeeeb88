import type { Timers } from '../timers.ts';

/** Timers that a test moves by hand. */
export class ManualTimers implements Timers {
  #now = 0;
  #set: { readonly at: number; readonly callback: () => void }[] = [];
  /** Delays that were asked for. */
  readonly delays: number[] = [];

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#set.push(timer);
    this.delays.push(delayMs);
    return () => {
      this.#set = this.#set.filter((other) => other !== timer);
    };
  }

  /** Lets time pass; what falls due is called in order. */
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#set.filter(({ at }) => at <= this.#now).toSorted((one, other) => one.at - other.at);
    this.#set = this.#set.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
  }
}
