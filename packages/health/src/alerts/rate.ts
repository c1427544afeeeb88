import { keyOf } from './labels.ts';
import type { Sample } from './metric-source.ts';

interface Point {
  readonly at: number;
  readonly value: number;
}

/**
 * Remembers a metric's counters for a while, and tells how fast they rise. A counter that falls has started anew at zero.
 *
 * It keeps what lies within the window and one point before it, so that there is a rate however seldom it is looked at. Memory is
 * O(series × looks within a window).
 */
export class RateWindow {
  readonly #windowMs: number;
  #series = new Map<string, Point[]>();

  /** @param windowMs above 0 */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Takes in the counters as they are now.
   *
   * @param now epoch milliseconds
   * @returns each that has been seen before, with its rise per second
   */
  rates(samples: readonly Sample[], now: number): Sample[] {
    const series = new Map<string, Point[]>();
    const rates = samples.flatMap(({ labels, value }) => {
      const key = keyOf(labels);
      const known = this.#series.get(key) ?? [];
      // Where the clock was set back, what was seen before is of no use.
      const points = (known.at(-1)?.at ?? now) > now ? [] : known;
      points.push({ at: now, value });
      const firstWithin = points.findIndex(({ at }) => at > now - this.#windowMs);
      points.splice(0, Math.max(0, Math.min(firstWithin - 1, points.length - 2)));
      series.set(key, points);
      const rate = rateOf(points);
      return rate === undefined ? [] : [{ labels, value: rate }];
    });
    // A series that is gone is forgotten: when it comes back it is another one.
    this.#series = series;
    return rates;
  }
}

function rateOf(points: readonly Point[]): number | undefined {
  const [first, ...later] = points;
  const seconds = ((points.at(-1)?.at ?? 0) - (first?.at ?? 0)) / 1000;
  if (first === undefined || seconds <= 0) return undefined;
  let previous = first.value;
  let increase = 0;
  for (const { value } of later) {
    increase += value < previous ? value : value - previous;
    previous = value;
  }
  return increase / seconds;
}
