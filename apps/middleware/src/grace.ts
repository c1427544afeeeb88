/** One grace period that all parts of a stop share: what the first takes, the next no longer has. */
export class Grace {
  readonly #graceMs: number;
  readonly #now: () => number;
  #endsAt: number | undefined;

  /**
   * @param graceMs milliseconds in all
   * @param now milliseconds of a clock that never jumps
   */
  constructor(graceMs: number, now: () => number = () => performance.now()) {
    this.#graceMs = graceMs;
    this.#now = now;
  }

  /** Milliseconds that are left; the period begins when this is asked first. */
  leftMs(): number {
    this.#endsAt ??= this.#now() + this.#graceMs;
    return Math.max(0, this.#endsAt - this.#now());
  }
}
