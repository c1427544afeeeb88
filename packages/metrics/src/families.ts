import { type CounterHandle, counterKind } from './counter.ts';
import type { MetricsClock } from './clock.ts';
import {
  type CounterDefinition,
  type Definition,
  type DistinctDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  lineNames,
  shapeOf,
} from './definition.ts';
import { checkPlan, type DistinctHandle, distinctKind } from './distinct/distinct.ts';
import { checkDefinition, Family, type FamilySurroundings } from './family.ts';
import { type GaugeHandle, gaugeKind } from './gauge.ts';
import { checkBounds, type HistogramHandle, histogramKind } from './histogram.ts';
import type { Kind } from './kind.ts';
import { MetricsError } from './metrics-error.ts';

/** All metrics of a registry, found by name: those that the program made, and those that came with another thread or process. */
export class Families implements Iterable<Family> {
  readonly #surroundings: FamilySurroundings;
  readonly #clock: MetricsClock;
  readonly #lineNames = new Set<string>();
  readonly #all = new Map<string, Family>();
  /** Names of those that nobody here has made. */
  readonly #foreign = new Set<string>();
  readonly #counters = new Map<string, Family<CounterHandle>>();
  readonly #gauges = new Map<string, Family<GaugeHandle>>();
  readonly #histograms = new Map<string, Family<HistogramHandle>>();
  readonly #distincts = new Map<string, Family<DistinctHandle>>();

  constructor(surroundings: FamilySurroundings, clock: MetricsClock) {
    this.#surroundings = surroundings;
    this.#clock = clock;
  }

  /** In the order in which they were made; one that comes while this is read is read, too. */
  [Symbol.iterator](): Iterator<Family> {
    return this.#all.values();
  }

  /** A counter that the program makes. @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS` */
  counter(definition: CounterDefinition): Family<CounterHandle> {
    return this.#make(this.#counters, definition, () => {
      if (!definition.name.endsWith('_total')) throw new MetricsError('ERR_METRICS_NAME', `${definition.name}: the name of a counter ends with _total`);
      return counterKind(definition);
    });
  }

  /** A gauge that the program makes. @throws {MetricsError} as {@link counter} */
  gauge(definition: GaugeDefinition): Family<GaugeHandle> {
    return this.#make(this.#gauges, definition, () => gaugeKind(definition, () => this.#clock.now()));
  }

  /** A histogram that the program makes. @throws {MetricsError} as {@link counter} */
  histogram(definition: HistogramDefinition): Family<HistogramHandle> {
    return this.#make(this.#histograms, definition, () => {
      checkBounds(definition.name, definition.bounds);
      return histogramKind(definition);
    });
  }

  /** A distinct counter that the program makes. @throws {MetricsError} as {@link counter} */
  distinct(definition: DistinctDefinition): Family<DistinctHandle> {
    return this.#make(this.#distincts, definition, () => {
      checkPlan(definition.name, definition);
      return distinctKind(definition, this.#clock);
    });
  }

  /** The metric that another thread or process has told of, made where it is new; undefined where it is another metric here. */
  meet(definition: Definition): Family | undefined {
    const known = this.#all.get(definition.name);
    if (known !== undefined) return shapeOf(known.kind.definition) === shapeOf(definition) ? known : undefined;
    try {
      const made = this.#of(definition);
      this.#foreign.add(definition.name);
      return made;
    } catch (error) {
      if (error instanceof MetricsError) return undefined;
      throw error;
    }
  }

  #of(definition: Definition): Family {
    if (definition.type === 'counter') return this.counter(definition);
    if (definition.type === 'gauge') return this.gauge(definition);
    return definition.type === 'histogram' ? this.histogram(definition) : this.distinct(definition);
  }

  #make<H>(fellows: Map<string, Family<H>>, definition: Definition, kindOf: () => Kind<H>): Family<H> {
    checkDefinition(definition);
    const { name } = definition;
    const met = fellows.get(name);
    // What others have told of before the program here came to make it, is the same metric.
    if (met !== undefined && this.#foreign.has(name) && shapeOf(met.kind.definition) === shapeOf(definition)) {
      this.#foreign.delete(name);
      return met;
    }
    const kind = kindOf();
    this.#reserve(definition);
    const family = new Family(kind, this.#surroundings);
    fellows.set(name, family);
    this.#all.set(name, family);
    this.#surroundings.defined(family);
    // Without labels there is one series, and it is there from the start: a counter that is missing cannot be told from one at zero.
    if (definition.labels.length === 0) family.resolve({});
    return family;
  }

  #reserve(definition: Definition): void {
    // OpenMetrics has one type for a counter's name without its ending, too.
    const names = [...lineNames(definition), ...(definition.type === 'counter' ? [definition.name.slice(0, -'_total'.length)] : [])];
    const taken = names.find((other) => this.#lineNames.has(other));
    if (taken !== undefined) throw new MetricsError('ERR_METRICS_CLASH', `there is a metric that writes ${taken}`);
    for (const other of names) this.#lineNames.add(other);
  }
}
