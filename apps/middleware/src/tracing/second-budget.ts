/** So many in each second, and no more: for what must not grow with the trouble that it tells of. */
export class SecondBudget {
  readonly #perSecond: number;
  readonly #now: () => number;
  #second = Number.NEGATIVE_INFINITY;
  #taken = 0;

  /** @param now milliseconds of a clock that never jumps */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @returns false where this second has had as many */
  take(): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.#perSecond) return false;
    this.#taken += 1;
    return true;
  }
}
