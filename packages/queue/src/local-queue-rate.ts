/** No more than `max` starts in a window, which opens with the first start after the last window; as BullMQ counts them. */
export class StartWindow {
  readonly #max: number;
  readonly #perMs: number;
  #endsAtMs = -Infinity;
  #starts = 0;

  constructor({ max, perMs }: { readonly max: number; readonly perMs: number }) {
    this.#max = max;
    this.#perMs = perMs;
  }

  /** Takes one start; false if there is none left until {@link endsAtMs}. */
  take(nowMs: number): boolean {
    if (nowMs >= this.#endsAtMs) {
      this.#endsAtMs = nowMs + this.#perMs;
      this.#starts = 0;
    }
    if (this.#starts === this.#max) return false;
    this.#starts += 1;
    return true;
  }

  get endsAtMs(): number {
    return this.#endsAtMs;
  }
}
