/** Tells a server that is slow from one that answers nothing any more. */
export class Silence {
  readonly #maxMs: number;
  #answers = 0;
  #answersWhenLate = -1;
  #sinceMs = 0;

  /** @param maxMs for so long after an answer is found to be late there may be none */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** The server has answered something. */
  heard(): void {
    this.#answers += 1;
  }

  /** An answer is late. @returns whether there has been none at all for too long */
  isTooLong(): boolean {
    const nowMs = performance.now();
    if (this.#answersWhenLate !== this.#answers) {
      this.#answersWhenLate = this.#answers;
      this.#sinceMs = nowMs;
    }
    return nowMs - this.#sinceMs >= this.#maxMs;
  }
}
