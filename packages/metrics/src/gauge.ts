import { addCells, type Cells } from './cells.ts';
import type { GaugeDefinition, GaugeMerge } from './definition.ts';
import type { Family, LabelValues, MetricOptions } from './family.ts';
import { type Kind, noExemplars } from './kind.ts';
import { packNumbers, unpackNumbers } from './pack.ts';
import { sampleLine } from './text.ts';

/** Options of {@link Registry.gauge}. */
export interface GaugeOptions<L extends string = string> extends MetricOptions<L> {
  /**
   * What the value is where several threads or processes have one (default `sum`). Of `min`, `max` and `last` those that never set it are left
   * out; `last` goes by the wall clock, which each write then reads.
   */
  readonly merge?: GaugeMerge | undefined;
}

/** Holds the present value of one series. Made by {@link Gauge.labels}. */
export class GaugeHandle {
  readonly #values: Float64Array;
  readonly #at: number;
  readonly #stamp: (() => number) | undefined;

  /**
   * @param cells one cell, and with a stamp one more
   * @param stamp tells above 0 that, or when, the value was set
   */
  constructor({ values, offset }: Cells, stamp?: () => number) {
    this.#values = values;
    this.#at = offset;
    this.#stamp = stamp;
  }

  /** @param value the value from now on; O(1), no allocation */
  set(value: number): void {
    this.#values[this.#at] = value;
    if (this.#stamp !== undefined) this.#values[this.#at + 1] = this.#stamp();
  }

  /** @param amount how much more (default 1), negative for less; O(1), no allocation */
  add(amount = 1): void {
    this.#values[this.#at] = (this.#values[this.#at] ?? 0) + amount;
    if (this.#stamp !== undefined) this.#values[this.#at + 1] = this.#stamp();
  }

  /** The present value, as this handle knows it. */
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

type Stamped = readonly [value: number, stamp: number];

/** Whether the second takes the place of the first; of equals it makes no difference which. */
const isPreferred: Readonly<Record<Exclude<GaugeMerge, 'sum'>, (mine: Stamped, other: Stamped) => boolean>> = {
  // NaN is written as such, whoever has it.
  min: ([mine], [other]) => other < mine || other !== other,
  max: ([mine], [other]) => other > mine || other !== other,
  last: ([mine, at], [other, later]) => later > at || (later === at && (other > mine || mine !== mine)),
};

/** How gauges are kept: one cell, and by every rule but `sum` a second that tells whether or when it was set. */
export function gaugeKind(definition: GaugeDefinition, now: () => number): Kind<GaugeHandle> {
  const { name, merge } = definition;
  const stamp = { sum: undefined, min: () => 1, max: () => 1, last: () => Math.max(now(), Number.MIN_VALUE) }[merge];
  return {
    definition,
    cellsPerSeries: stamp === undefined ? 1 : 2,
    writerOn: (cells) => ({ handle: new GaugeHandle(cells, stamp), exemplars: noExemplars }),
    combine: merge === 'sum' ? addCells : (into, part) => prefer(into, part, isPreferred[merge]),
    // What has ended has no connections and no memory.
    outlivesItsWriter: false,
    render: ({ labels, cells: { values, offset } }) => sampleLine(name, labels, values[offset] ?? 0),
    samples: ({ cells: { values, offset } }) => [{ suffix: '', value: values[offset] ?? 0 }],
    pack: packNumbers,
    unpack: unpackNumbers,
  };
}

function prefer(into: Cells, part: Cells, isBetter: (mine: Stamped, other: Stamped) => boolean): void {
  const [mine, other] = [stampedOf(into), stampedOf(part)];
  const [value, stamp] = other;
  if (stamp === 0 || (mine[1] !== 0 && !isBetter(mine, other))) return;
  into.values[into.offset] = value;
  into.values[into.offset + 1] = stamp;
}

function stampedOf({ values, offset }: Cells): Stamped {
  return [values[offset] ?? 0, values[offset + 1] ?? 0];
}
