import { keyOf, labelOf, type Labels, pick } from './labels.ts';
import type { MetricSnapshot, Sample } from './metric-source.ts';
import { quantiles } from './quantile.ts';
import { RateWindow } from './rate.ts';
import type { AlertRule, Comparison } from './rule.ts';

/** Something that a rule's condition holds for. */
export interface Hit {
  /** Of the series, or what is left of them. */
  readonly labels: Labels;
  /** NaN where the metric is absent. */
  readonly value: number;
}

const comparisons: Readonly<Record<Comparison, (value: number, bound: number) => boolean>> = {
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '==': (value, bound) => value === bound,
  '!=': (value, bound) => value !== bound,
};

/** The condition of one rule, with the memory that rates need. */
export class Condition {
  readonly #rule: AlertRule;
  readonly #rates: RateWindow | undefined;

  constructor(rule: AlertRule) {
    this.#rule = rule;
    this.#rates = rule.rateOverMs === undefined ? undefined : new RateWindow(rule.rateOverMs);
  }

  /**
   * What it holds for. Values that are no number hold nothing.
   *
   * @param now epoch milliseconds
   */
  hits(snapshot: MetricSnapshot, now: number): readonly Hit[] {
    const { metric, labels, quantile, comparison, value: bound, firesWhenAbsent } = this.#rule;
    const read = snapshot.read(quantile === undefined ? metric : `${metric}_bucket`);
    const wanted = Object.entries(labels);
    const selected = read.filter((sample) => !Number.isNaN(sample.value) && wanted.every(([name, value]) => labelOf(sample.labels, name) === value));
    if (selected.length === 0) {
      this.#rates?.rates([], now);
      return firesWhenAbsent ? [{ labels, value: Number.NaN }] : [];
    }
    const values = this.#joined(this.#rates?.rates(selected, now) ?? selected);
    return values.filter(({ value }) => comparisons[comparison](value, bound));
  }

  #joined(samples: readonly Sample[]): readonly Sample[] {
    const { quantile, reduce, by } = this.#rule;
    if (quantile !== undefined) return quantiles(samples, quantile, reduce === undefined ? undefined : by);
    return reduce === undefined ? samples : reduced(samples, by, reduce);
  }
}

const reducers: Readonly<Record<NonNullable<AlertRule['reduce']>, (values: readonly number[]) => number>> = {
  sum: sumOf,
  avg: (values) => sumOf(values) / values.length,
  // Not Math.max(...values): a metric may have more series than a call may have arguments.
  max: (values) => values.reduce((a, b) => Math.max(a, b)),
  min: (values) => values.reduce((a, b) => Math.min(a, b)),
};

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function reduced(samples: readonly Sample[], by: readonly string[], reduce: NonNullable<AlertRule['reduce']>): Sample[] {
  const groups = Map.groupBy(samples, ({ labels }) => keyOf(pick(labels, by)));
  return [...groups.values()].map((group) => ({
    labels: pick(group[0]?.labels ?? {}, by),
    value: reducers[reduce](group.map(({ value }) => value)),
  }));
}
