import { type Cells, type CellMemory, copyCells, looseCells, type PlacedCells } from './cells.ts';
import type { Definition } from './definition.ts';
import type { Exemplar } from './exemplar.ts';
import type { Kind, Reading, Writer } from './kind.ts';
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

/** What another thread or process has written of a series. */
export interface Part {
  readonly cells: Cells;
  exemplars: readonly (Exemplar | undefined)[];
}

/** One series: its labels as text between braces, what writes its numbers, and what others wrote of it. */
export interface Series<H> extends Writer<H> {
  readonly labels: string;
  readonly cells: PlacedCells;
  readonly parts: Set<Part>;
}

/** What a family needs of its registry. */
export interface FamilySurroundings {
  readonly memory: CellMemory;
  /** Hears once, when label values are counted as `other` for the first time. */
  readonly overflowed: (metric: string) => void;
  /** Hears of each new metric, before it has series. */
  readonly defined: (family: Family) => void;
  /** Hears of each new series. */
  readonly created: (family: Family, series: Pick<Series<unknown>, 'labels' | 'cells'>) => void;
}

/** Series by the value of one label, then of the next. */
interface Branch<H> {
  readonly next: Map<string, Branch<H>>;
  series: Series<H> | undefined;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_OPTIONS`: what Prometheus does not take
 */
export function checkDefinition({ name, labels, maxSeries }: Pick<Definition, 'name' | 'labels' | 'maxSeries'>): void {
  if (!metricName.test(name)) throw new MetricsError('ERR_METRICS_NAME', `${JSON.stringify(name)} is no metric name`);
  const badLabel = labels.find((label, at) => !labelName.test(label) || label === 'le' || labels.indexOf(label) !== at);
  if (badLabel !== undefined) throw new MetricsError('ERR_METRICS_NAME', `${name}: ${JSON.stringify(badLabel)} is no label name, is reserved or stands twice`);
  if (!Number.isInteger(maxSeries) || maxSeries < 1) throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: maxSeries must be a positive integer`);
}

/**
 * All series of one metric, found by their label values. Bounded: labels that a client can choose would else fill the
 * memory of the server and of Prometheus.
 */
export class Family<H = unknown> {
  readonly kind: Kind<H>;
  readonly #surroundings: FamilySurroundings;
  readonly #series = new Map<string, Series<H>>();
  readonly #byValues: Branch<H> = { next: new Map(), series: undefined };
  readonly #otherLabels: string;
  /** What a series is read into. */
  readonly #scratch: Cells;
  #other: Series<H> | undefined;
  #hasOverflowed = false;

  constructor(kind: Kind<H>, surroundings: FamilySurroundings) {
    const { labels } = kind.definition;
    this.kind = kind;
    this.#surroundings = surroundings;
    this.#otherLabels = labels.map((label) => `${label}="other"`).join(',');
    this.#scratch = looseCells(kind.cellsPerSeries);
  }

  /**
   * The series of some label values; made when it is new. O(labels).
   *
   * @throws {MetricsError} `ERR_METRICS_LABELS`: not exactly the labels of the metric
   */
  resolve(values: LabelValues): H {
    const known = this.#find(values);
    if (known !== undefined) return known.handle;
    const series = this.admit(this.#labelText(values));
    // What is counted as other is not kept: its label values have no end.
    if (series !== this.#other) this.#keep(values, series);
    return series.handle;
  }

  /** The series of labels as text, or that of `other` where there are too many. */
  admit(labels: string): Series<H> {
    const known = this.#series.get(labels);
    if (known !== undefined) return known;
    // Someone may use the very word: two series of the same labels would make the whole page unreadable to Prometheus.
    if (labels !== '' && labels === this.#otherLabels) return (this.#other ??= this.#create(labels));
    if (this.#series.size >= this.kind.definition.maxSeries) return this.#overflow();
    const series = this.#create(labels);
    this.#series.set(labels, series);
    return series;
  }

  /** Every series in the order of creation; one that comes while this is read is read, too. */
  *series(): Generator<Series<H>, void, undefined> {
    yield* this.#series.values();
    if (this.#other !== undefined) yield this.#other;
  }

  /** The numbers of a series now, with those of others; good until the next is read. O(cells × others). */
  read({ labels, cells, parts, ...own }: Series<H>): Reading {
    let exemplars = own.exemplars();
    if (parts.size === 0) return { labels, cells, exemplars };
    const { combine } = this.kind;
    copyCells(cells, this.#scratch);
    for (const part of parts) {
      combine(this.#scratch, part.cells);
      exemplars = newest(exemplars, part.exemplars);
    }
    return { labels, cells: this.#scratch, exemplars };
  }

  /** By the values alone: to write the labels as text would take ten times as long. */
  #find(values: LabelValues): Series<H> | undefined {
    const { labels } = this.kind.definition;
    let branch: Branch<H> | undefined = this.#byValues;
    for (const label of labels) {
      branch = branch.next.get(values[label] ?? '');
      if (branch === undefined) return undefined;
    }
    let given = 0;
    for (const _ in values) given += 1;
    return given === labels.length ? branch.series : undefined;
  }

  #keep(values: LabelValues, series: Series<H>): void {
    let branch = this.#byValues;
    for (const label of this.kind.definition.labels) {
      const value = values[label] ?? '';
      let next = branch.next.get(value);
      if (next === undefined) branch.next.set(value, (next = { next: new Map(), series: undefined }));
      branch = next;
    }
    branch.series = series;
  }

  #labelText(values: LabelValues): string {
    const { labels } = this.kind.definition;
    if (Object.keys(values).length !== labels.length) throw this.#wrongLabels(values);
    let text = '';
    for (const label of labels) {
      const value = values[label];
      if (typeof value !== 'string') throw this.#wrongLabels(values);
      text += `${text === '' ? '' : ','}${label}="${escapeLabel(value)}"`;
    }
    return text;
  }

  #overflow(): Series<H> {
    if (!this.#hasOverflowed) {
      this.#hasOverflowed = true;
      this.#surroundings.overflowed(this.kind.definition.name);
    }
    return (this.#other ??= this.#create(this.#otherLabels));
  }

  #create(labels: string): Series<H> {
    const { cellsPerSeries, writerOn } = this.kind;
    const cells = this.#surroundings.memory.allocate(cellsPerSeries);
    this.#surroundings.created(this, { labels, cells });
    return { labels, cells, ...writerOn(cells), parts: new Set() };
  }

  #wrongLabels(values: LabelValues): MetricsError {
    const { name, labels } = this.kind.definition;
    return new MetricsError('ERR_METRICS_LABELS', `${name} has the labels [${labels.join(', ')}], given were [${Object.keys(values).join(', ')}]`);
  }
}

function newest(some: Part['exemplars'], others: Part['exemplars']): Part['exemplars'] {
  if (others.length === 0) return some;
  return Array.from({ length: Math.max(some.length, others.length) }, (_, place) => {
    const [one, other] = [some[place], others[place]];
    return one === undefined || (other !== undefined && other.at > one.at) ? other : one;
  });
}
