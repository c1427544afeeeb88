/** A 32nd of the way a step: a limit that starts at its least is at its most after 32 full batches. */
const stepsToMost = 32;
/** What is left after a batch that took too long. TCP halves, for a queue that overflows; here a batch was merely slow. */
const shrinkTo = 0.75;

/**
 * How many items a batch may have: grows by a step with each full batch that was quick enough, shrinks by a quarter with each that was
 * not. So it swings about the largest batch that the handler does in time.
 *
 * Additive increase, multiplicative decrease: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion
 * Avoidance" (1989), as TCP does (RFC 5681) and, for calls, Netflix' concurrency-limits.
 */
export class BatchLimit {
  readonly #minItems: number;
  readonly #maxItems: number;
  readonly #targetMs: number;
  readonly #step: number;
  #items: number;

  /** @param targetMs undefined: the limit is `maxItems`, and stays */
  constructor(minItems: number, maxItems: number, targetMs: number | undefined) {
    this.#minItems = targetMs === undefined ? maxItems : minItems;
    this.#maxItems = maxItems;
    this.#targetMs = targetMs ?? Infinity;
    this.#step = Math.max(1, (maxItems - minItems) / stepsToMost);
    this.#items = this.#minItems;
  }

  get items(): number {
    return Math.floor(this.#items);
  }

  /**
   * Learns from a batch.
   *
   * @param size how many items it had
   * @param limitThen what {@link items} was when it was handed out: of several slow batches of the same time only the first shrinks the limit
   */
  observe(size: number, durationMs: number, limitThen: number): void {
    if (durationMs > this.#targetMs) this.#items = Math.min(this.#items, Math.max(this.#minItems, limitThen * shrinkTo));
    else if (size >= limitThen) this.#items = Math.min(this.#maxItems, this.#items + this.#step);
    // A batch that was not full tells nothing of one that is larger.
  }
}
