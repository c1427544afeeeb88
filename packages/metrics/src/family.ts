import type { CellAllocator, Cells } from './cells.ts';
import { MetricsError } from './metrics-error.ts';
import { escapeLabel } from './text.ts';

/** What every metric is defined by. */
export interface MetricOptions<L extends string = string> {
  /** Snake case with unit, as Prometheus' conventions ask: `midgard_request_duration_seconds`; a counter ends with `_total`. */
  readonly name: string;
  /** One sentence for whoever reads the metric. */
  readonly help: string;
  /** Label names, in the order of the output; none by default. */
  readonly labels?: readonly L[] | undefined;
  /** Most series of this metric (default 1000); further label values are counted together in one series whose labels are all `other`. */
  readonly maxSeries?: number | undefined;
}

/** Values of a metric's labels. */
export type LabelValues<L extends string = string> = Readonly<Record<L, string>>;

/** One series: its labels as text between braces, and what writes its numbers. */
export interface Series<H> {
  readonly labels: string;
  readonly handle: H;
}

/** How a metric keeps one series. */
export interface SeriesPlan<H> {
  /** Numbers that each series holds. */
  readonly cellsPerSeries: number;
  readonly allocator: CellAllocator;
  /** Makes what writes to the cells. */
  readonly handleOn: (cells: Cells) => H;
  /** Hears once, when label values are counted as `other` for the first time. */
  readonly overflowed: (metric: string) => void;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * All series of one metric, found by their label values. Bounded: labels that a client can choose would else fill the
 * memory of the server and of Prometheus.
 */
export class Family<H> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly #maxSeries: number;
  readonly #plan: SeriesPlan<H>;
  readonly #series = new Map<string, Series<H>>();
  #other: Series<H> | undefined;

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_OPTIONS`
   */
  constructor({ name, help, labels = [], maxSeries = 1000 }: MetricOptions, plan: SeriesPlan<H>) {
    if (!metricName.test(name)) throw new MetricsError('ERR_METRICS_NAME', `${JSON.stringify(name)} is no metric name`);
    const badLabel = labels.find((label, at) => !labelName.test(label) || label === 'le' || labels.indexOf(label) !== at);
    if (badLabel !== undefined)
      throw new MetricsError('ERR_METRICS_NAME', `${name}: ${JSON.stringify(badLabel)} is no label name, is reserved or stands twice`);
    if (!Number.isInteger(maxSeries) || maxSeries < 1) throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: maxSeries must be a positive integer`);
    this.name = name;
    this.help = help;
    this.labelNames = [...labels];
    this.#maxSeries = maxSeries;
    this.#plan = plan;
    // Without labels there is one series, and it is there from the start: a counter that is missing cannot be told from one at zero.
    if (labels.length === 0) this.resolve({});
  }

  /**
   * The series of some label values; made when it is new. O(labels).
   *
   * @throws {MetricsError} `ERR_METRICS_LABELS`: not exactly the labels of the metric
   */
  resolve(values: LabelValues): H {
    const labels = this.#labelText(values);
    const known = this.#series.get(labels);
    if (known !== undefined) return known.handle;
    if (this.#series.size >= this.#maxSeries) return this.#otherSeries().handle;
    const series = this.#create(labels);
    this.#series.set(labels, series);
    return series.handle;
  }

  /** Every series in the order of creation. */
  series(): readonly Series<H>[] {
    const all = [...this.#series.values()];
    return this.#other === undefined || all.includes(this.#other) ? all : [...all, this.#other];
  }

  #labelText(values: LabelValues): string {
    if (Object.keys(values).length !== this.labelNames.length) throw this.#wrongLabels(values);
    return this.labelNames
      .map((label) => {
        const value = values[label];
        if (typeof value !== 'string') throw this.#wrongLabels(values);
        return `${label}="${escapeLabel(value)}"`;
      })
      .join(',');
  }

  #otherSeries(): Series<H> {
    if (this.#other !== undefined) return this.#other;
    const labels = this.labelNames.map((label) => `${label}="other"`).join(',');
    // Someone may have used the very word: two series of the same labels would make the whole page unreadable to Prometheus.
    this.#other = this.#series.get(labels) ?? this.#create(labels);
    this.#plan.overflowed(this.name);
    return this.#other;
  }

  #create(labels: string): Series<H> {
    const { allocator, cellsPerSeries, handleOn } = this.#plan;
    return { labels, handle: handleOn(allocator.allocate(cellsPerSeries)) };
  }

  #wrongLabels(values: LabelValues): MetricsError {
    return new MetricsError(
      'ERR_METRICS_LABELS',
      `${this.name} has the labels [${this.labelNames.join(', ')}], given were [${Object.keys(values).join(', ')}]`,
    );
  }
}
