import type { Cells } from './cells.ts';
import type { Family, LabelValues } from './family.ts';
import { sampleLine } from './text.ts';

/** Holds the present value of one series. Made by {@link Gauge.labels}. */
export class GaugeHandle {
  readonly #values: Float64Array;
  readonly #at: number;

  /** @param cells one cell */
  constructor({ values, offset }: Cells) {
    this.#values = values;
    this.#at = offset;
  }

  /** @param value the value from now on; O(1), no allocation */
  set(value: number): void {
    this.#values[this.#at] = value;
  }

  /** @param amount how much more (default 1), negative for less; O(1), no allocation */
  add(amount = 1): void {
    this.#values[this.#at] = (this.#values[this.#at] ?? 0) + amount;
  }

  /** The present value. */
  get value(): number {
    return this.#values[this.#at] ?? 0;
  }
}

/** A number that rises and falls: open connections, bytes in use. Made by {@link Registry.gauge}. */
export class Gauge<L extends string = string> {
  readonly #family: Family<GaugeHandle>;

  /** @param family the series */
  constructor(family: Family<GaugeHandle>) {
    this.#family = family;
  }

  /**
   * The series of some label values. O(labels): call it once and keep what it gives.
   *
   * @param values exactly the labels of the metric
   * @throws {MetricsError} `ERR_METRICS_LABELS`: other labels than the metric has
   */
  labels(values: LabelValues<L>): GaugeHandle {
    return this.#family.resolve(values);
  }
}

/** The lines of a gauge. */
export function renderGauge(family: Pick<Family<GaugeHandle>, 'name' | 'series'>): string {
  return family
    .series()
    .map(({ labels, handle }) => sampleLine(family.name, labels, handle.value))
    .join('');
}
