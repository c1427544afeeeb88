import type { Clock, Timer, Timers } from './timers.ts';

/** What a heartbeat needs. */
export interface HeartbeatOptions {
  /** Milliseconds of silence after which a sign of life is asked for; twice that long is the end. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** One interval without a byte: ask. */
  readonly onQuiet: () => void;
  /** Two intervals without a byte: the other side is gone. */
  readonly onDead: () => void;
}

/** Watches for silence. Each byte that arrives costs one reading of the clock and no timer. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #hasAsked = false;
  #timer: Timer;

  /** @param options how long silence may last, and what follows it */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#timer = options.timers.after(options.intervalMs, () => this.#check());
  }

  /** To be called whenever bytes arrive. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#hasAsked = false;
  }

  /** Ends the watch. */
  stop(): void {
    this.#timer.cancel();
  }

  #check(): void {
    const { intervalMs, clock, timers, onQuiet, onDead } = this.#options;
    const silentMs = clock.now() - this.#heardAt;
    if (silentMs >= 2 * intervalMs) return onDead();
    if (silentMs >= intervalMs && !this.#hasAsked) {
      this.#hasAsked = true;
      onQuiet();
    }
    const nextMs = (this.#hasAsked ? 2 : 1) * intervalMs - silentMs;
    this.#timer = timers.after(Math.max(1, nextMs), () => this.#check());
  }
}
