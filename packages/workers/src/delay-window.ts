/** How long the last ones took. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** Enough for a 95th percentile that one outlier does not move, little enough to follow the load. */
const kept = 256;

/** Keeps the last 256 durations. `add` is O(1) and allocates nothing; the percentiles are sorted when asked for. */
export class DelayWindow {
  readonly #samples = new Float64Array(kept);
  #added = 0;

  /** @param ms 0 or more */
  add(ms: number): void {
    this.#samples[this.#added % kept] = ms;
    this.#added += 1;
  }

  /** By nearest rank, in milliseconds; 0 as long as there is nothing. */
  percentiles(): Percentiles {
    const sorted = this.#samples.slice(0, Math.min(this.#added, kept)).sort();
    const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return { p50: rank(0.5), p95: rank(0.95) };
  }
}
