import { addCells, type Cells } from './cells.ts';
import type { HistogramDefinition } from './definition.ts';
import { type Exemplar, type ExemplarLabels, exemplarOf, exemplarText } from './exemplar.ts';
import type { Family, LabelValues, MetricOptions } from './family.ts';
import type { Kind, Reading } from './kind.ts';
import { MetricsError } from './metrics-error.ts';
import { packNumbers, unpackNumbers } from './pack.ts';
import { formatNumber } from './text.ts';

/** Options of {@link Registry.histogram}. */
export interface HistogramOptions<L extends string = string> extends MetricOptions<L> {
  /** Upper bounds that rise, `+Inf` left out (default: seconds of a request). */
  readonly buckets?: readonly number[] | undefined;
}

/** For requests: from half a millisecond, where a cached read ends, to ten seconds, where callers give up. In seconds. */
export const defaultBuckets: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Bounds that rise by a factor: as fine for what is short as for what is long.
 *
 * @param start the lowest, above 0
 * @param factor above 1
 * @param count 1 to 500
 * @throws {MetricsError} `ERR_METRICS_OPTIONS`: out of these ranges, or the last would not be finite
 * @example
 * ```ts
 * import { exponentialBuckets } from '@midgard/metrics';
 *
 * exponentialBuckets(64, 4, 5); // [64, 256, 1024, 4096, 16384], for sizes in bytes
 * ```
 */
export function exponentialBuckets(start: number, factor: number, count: number): readonly number[] {
  if (!(start > 0 && factor > 1 && Number.isInteger(count) && count >= 1 && count <= 500))
    throw new MetricsError('ERR_METRICS_OPTIONS', 'exponential buckets need a start above 0, a factor above 1 and a count from 1 to 500');
  const bounds = Array.from({ length: count }, (_, at) => start * factor ** at);
  if (!Number.isFinite(bounds.at(-1))) throw new MetricsError('ERR_METRICS_OPTIONS', 'the last of these exponential buckets would have no finite bound');
  return bounds;
}

/**
 * Sorts values into buckets in one series. Made by {@link Histogram.labels}.
 *
 * Cells: one for each bound, one for what is above the last bound, one for the sum. Each value is counted in one bucket
 * only; they are added up when read.
 */
export class HistogramHandle {
  readonly #bounds: Float64Array;
  readonly #values: Float64Array;
  readonly #at: number;
  /** By bucket; made with the first. */
  #exemplars: (Exemplar | undefined)[] | undefined;

  /**
   * @param bounds rising upper bounds, shared by all series
   * @param cells bounds + 2 cells
   */
  constructor(bounds: Float64Array, { values, offset }: Cells) {
    this.#bounds = bounds;
    this.#values = values;
    this.#at = offset;
  }

  /**
   * O(buckets), no allocation. From the low end on, because most values of a service are small.
   *
   * @param value usually seconds; NaN is ignored
   */
  observe(value: number): void {
    if (value !== value) return;
    const bucket = this.#bucketOf(value);
    const values = this.#values;
    const at = this.#at;
    const sum = at + this.#bounds.length + 1;
    values[at + bucket] = (values[at + bucket] ?? 0) + 1;
    values[sum] = (values[sum] ?? 0) + value;
  }

  /**
   * {@link observe} for a value that occurred several times at once. O(buckets), no allocation.
   *
   * @param value usually seconds; NaN is ignored
   * @param times how often, an integer from 0 on
   */
  observeMany(value: number, times: number): void {
    if (value !== value) return;
    const bucket = this.#bucketOf(value);
    const values = this.#values;
    const at = this.#at;
    const sum = at + this.#bounds.length + 1;
    values[at + bucket] = (values[at + bucket] ?? 0) + times;
    values[sum] = (values[sum] ?? 0) + value * times;
  }

  /**
   * {@link observe}, and remembers what was observed as its bucket's example, for whoever reads OpenMetrics. Allocates: for what is traced.
   *
   * @param at epoch milliseconds; default now
   * @throws {MetricsError} `ERR_METRICS_LABELS`: labels that no exemplar can have
   */
  observeTraced(value: number, labels: ExemplarLabels, at: number = Date.now()): void {
    if (value !== value) return;
    const exemplar = exemplarOf(labels, value, at);
    (this.#exemplars ??= [])[this.#bucketOf(value)] = exemplar;
    this.observe(value);
  }

  /** What was traced last, by bucket. */
  get exemplars(): readonly (Exemplar | undefined)[] {
    return this.#exemplars ?? [];
  }

  #bucketOf(value: number): number {
    const bounds = this.#bounds;
    const { length } = bounds;
    let bucket = 0;
    while (bucket < length && value > (bounds[bucket] ?? 0)) bucket += 1;
    return bucket;
  }

  /** How many values there were. O(buckets). */
  get count(): number {
    return this.cumulative().at(-1) ?? 0;
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#values[this.#at + this.#bounds.length + 1] ?? 0;
  }

  /** How many values were at most each bound, and how many there were at all. O(buckets). */
  cumulative(): number[] {
    let total = 0;
    const counts = this.#values.subarray(this.#at, this.#at + this.#bounds.length + 1);
    return Array.from(counts, (count) => (total += count));
  }
}

/** How a measure is spread: durations, sizes. Made by {@link Registry.histogram}. */
export class Histogram<L extends string = string> {
  readonly #family: Family<HistogramHandle>;

  /** @param family the series */
  constructor(family: Family<HistogramHandle>) {
    this.#family = family;
  }

  /**
   * The series of some label values. O(labels): call it once and keep what it gives.
   *
   * @param values exactly the labels of the metric
   * @throws {MetricsError} `ERR_METRICS_LABELS`: other labels than the metric has
   */
  labels(values: LabelValues<L>): HistogramHandle {
    return this.#family.resolve(values);
  }
}

/**
 * @param name of the metric, for the message
 * @throws {MetricsError} `ERR_METRICS_OPTIONS`: no buckets, or they do not rise, or one is not finite
 */
export function checkBounds(name: string, buckets: readonly number[]): void {
  const doRise = buckets.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > (buckets[at - 1] ?? Infinity)));
  if (buckets.length === 0 || !doRise) throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: buckets must be finite numbers that rise`);
}

/** How histograms are kept: a cell for each bucket and one for the sum; those of several add up. */
export function histogramKind(definition: HistogramDefinition): Kind<HistogramHandle> {
  const bounds = Float64Array.from(definition.bounds);
  const limits = [...bounds, Infinity].map(formatNumber);
  const write = writerOf(definition.name, limits);
  return {
    definition,
    cellsPerSeries: bounds.length + 2,
    writerOn: (cells) => {
      const handle = new HistogramHandle(bounds, cells);
      return { handle, exemplars: () => handle.exemplars };
    },
    combine: addCells,
    outlivesItsWriter: true,
    render: (reading, exposition) => write(reading, exposition === 'openmetrics'),
    samples: ({ cells: { values, offset }, exemplars }) => {
      let total = 0;
      const buckets = limits.map((le, at) => ({ suffix: '_bucket' as const, le, value: (total += values[offset + at] ?? 0), exemplar: exemplars[at] }));
      return [...buckets, { suffix: '_sum', value: values[offset + limits.length] ?? 0 }, { suffix: '_count', value: total }];
    },
    pack: packNumbers,
    unpack: unpackNumbers,
  };
}

/** Most lines of a page are those of histograms, so what is the same for all series is joined once. */
function writerOf(name: string, limits: readonly string[]): (reading: Reading, hasExemplars: boolean) => string {
  const heads = limits.map((limit) => `le="${limit}"} `);
  return ({ labels, cells: { values, offset }, exemplars }, hasExemplars) => {
    const bucket = `${name}_bucket{${labels}${labels === '' ? '' : ','}`;
    const braces = labels === '' ? '' : `{${labels}}`;
    let text = '';
    let total = 0;
    for (const [at, head] of heads.entries()) {
      total += values[offset + at] ?? 0;
      text += `${bucket}${head}${total}${hasExemplars ? exemplarText(exemplars[at]) : ''}\n`;
    }
    return `${text}${name}_sum${braces} ${formatNumber(values[offset + heads.length] ?? 0)}\n${name}_count${braces} ${total}\n`;
  };
}
