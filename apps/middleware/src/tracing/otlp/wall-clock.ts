/** A clock that was set, or a machine that slept: what differs by less is the rounding of `Date.now()`. */
const maxDriftMs = 5;

/** Tells the wall-clock time of moments of `performance.now()`, which never jumps: the two drift apart in a process that lives for weeks. */
export class WallClock {
  readonly #now: () => number;
  readonly #wall: () => number;
  #offset: number;

  /**
   * @param now milliseconds of a clock that never jumps
   * @param wall milliseconds since 1970
   */
  constructor(now: () => number = () => performance.now(), wall: () => number = () => Date.now()) {
    this.#now = now;
    this.#wall = wall;
    this.#offset = wall() - now();
  }

  /** @returns milliseconds since 1970 of a moment of the clock that never jumps */
  at(moment: number): number {
    const drift = this.#wall() - (this.#offset + this.#now());
    if (Math.abs(drift) > maxDriftMs) this.#offset += drift;
    return this.#offset + moment;
  }
}
