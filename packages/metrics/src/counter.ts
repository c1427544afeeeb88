import { addCells, type Cells } from './cells.ts';
import type { CounterDefinition } from './definition.ts';
import { type Exemplar, type ExemplarLabels, exemplarOf, exemplarText } from './exemplar.ts';
import type { Family, LabelValues } from './family.ts';
import type { Kind } from './kind.ts';
import { packNumbers, unpackNumbers } from './pack.ts';
import { sampleLine } from './text.ts';

/** Counts up in one series. Made by {@link Counter.labels}; keep it, so that a count is one array write. */
export class CounterHandle {
  readonly #values: Float64Array;
  readonly #at: number;
  #exemplar: Exemplar | undefined;

  /** @param cells one cell */
  constructor({ values, offset }: Cells) {
    this.#values = values;
    this.#at = offset;
  }

  /**
   * O(1), no allocation.
   *
   * @param amount how many more (default 1); a negative or endless amount and NaN are ignored: a counter never falls,
   *   and an exception on the hot way would cost a request
   */
  add(amount = 1): void {
    if (amount > 0 && amount < Infinity) this.#values[this.#at] = (this.#values[this.#at] ?? 0) + amount;
  }

  /**
   * For what somebody else counts: brings the count to a total, and leaves it where it is above already. O(1), no allocation.
   *
   * @param total NaN and endless ones are ignored
   */
  riseTo(total: number): void {
    this.add(total - this.value);
  }

  /**
   * {@link add}, and remembers what was counted, for whoever reads OpenMetrics. Allocates: for what is traced.
   *
   * @param at epoch milliseconds; default now
   * @throws {MetricsError} `ERR_METRICS_LABELS`: labels that no exemplar can have
   */
  addTraced(labels: ExemplarLabels, amount = 1, at: number = Date.now()): void {
    this.#exemplar = exemplarOf(labels, amount, at);
    this.add(amount);
  }

  /** What was traced last. */
  get exemplar(): Exemplar | undefined {
    return this.#exemplar;
  }

  /** What this handle has counted so far. */
  get value(): number {
    return this.#values[this.#at] ?? 0;
  }
}

/** A number that only rises: requests, bytes, errors. Made by {@link Registry.counter}. */
export class Counter<L extends string = string> {
  readonly #family: Family<CounterHandle>;

  /** @param family the series */
  constructor(family: Family<CounterHandle>) {
    this.#family = family;
  }

  /**
   * The series of some label values. O(labels): call it once and keep what it gives.
   *
   * @param values exactly the labels of the metric
   * @throws {MetricsError} `ERR_METRICS_LABELS`: other labels than the metric has
   */
  labels(values: LabelValues<L>): CounterHandle {
    return this.#family.resolve(values);
  }
}

/** How counters are kept: one cell, and those of several add up. */
export function counterKind(definition: CounterDefinition): Kind<CounterHandle> {
  return {
    definition,
    cellsPerSeries: 1,
    writerOn: (cells) => {
      const handle = new CounterHandle(cells);
      return { handle, exemplars: () => (handle.exemplar === undefined ? [] : [handle.exemplar]) };
    },
    combine: addCells,
    outlivesItsWriter: true,
    render: ({ labels, cells: { values, offset }, exemplars }, exposition) =>
      sampleLine(definition.name, labels, values[offset] ?? 0, exposition === 'openmetrics' ? exemplarText(exemplars[0]) : ''),
    samples: ({ cells: { values, offset }, exemplars }) => [{ suffix: '', value: values[offset] ?? 0, exemplar: exemplars[0] }],
    pack: packNumbers,
    unpack: unpackNumbers,
  };
}
