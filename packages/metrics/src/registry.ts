import { randomUUID } from 'node:crypto';
import { CellMemory } from './cells.ts';
import { type MetricsClock, systemClock } from './clock.ts';
import { type Collector, Collectors } from './collectors.ts';
import { Counter, type CounterHandle } from './counter.ts';
import type { Definition } from './definition.ts';
import { Distinct, type DistinctOptions } from './distinct/distinct.ts';
import { Families } from './families.ts';
import type { Family, FamilySurroundings, MetricOptions } from './family.ts';
import { Gauge, type GaugeOptions } from './gauge.ts';
import { defaultBuckets, Histogram, type HistogramOptions } from './histogram.ts';
import { DirectoryWriter } from './merge/directory.ts';
import { fillSnapshot, type MetricsSnapshot } from './merge/snapshot.ts';
import { Sources } from './merge/sources.ts';
import type { SharedMetrics } from './merge/thread-source.ts';
import { atPace, loopPace, type Pace } from './pace.ts';
import { pageParts } from './page.ts';
import { type ReadMetric, readerOf } from './read.ts';
import type { Exposition } from './text.ts';

/** Set-up of {@link Registry}. */
export interface RegistryOptions {
  /**
   * Hears once of each metric that has more series than it may, from when on others are counted as `other`; must not throw. Default: nobody does.
   *
   * @param metric its name
   */
  readonly overflowed?: ((metric: string) => void) | undefined;
  /** How long {@link Registry.scrape} and {@link Registry.snapshot} wait for collectors, in milliseconds (default 5000, half of what Prometheus waits). */
  readonly collectTimeoutMs?: number | undefined;
  /** Default: that of the machine. */
  readonly clock?: MetricsClock | undefined;
  /** Default: turns of the event loop. */
  readonly pace?: Pace | undefined;
}

const partsJoined = 32;
const joinedInOneTurn = 32;

const contentTypes: Readonly<Record<Exposition, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Holds the metrics of one thread, adds those of other threads and processes where it is told to, and writes them as
 * Prometheus text (format 0.0.4) or OpenMetrics (1.0).
 *
 * Numbers lie in typed arrays on shared memory: counting is an array write and allocates nothing.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @example
 * ```ts
 * import { Registry } from '@midgard/metrics';
 * const registry = new Registry();
 * const requests = registry.counter({ name: 'requests_total', help: 'Finished requests', labels: ['code'] });
 * const good = requests.labels({ code: '0' }); // once
 * good.add(); // for each request
 * await registry.scrape();
 * ```
 */
export class Registry {
  /** The `Content-Type` of what {@link Registry.scrape} writes. */
  readonly contentTypes: Readonly<Record<Exposition, string>> = contentTypes;
  readonly #instance = randomUUID();
  readonly #memory = new CellMemory(() => this.#announce());
  readonly #families: Families;
  readonly #collectors: Collectors;
  readonly #sources: Sources;
  readonly #clock: MetricsClock;
  readonly #pace: Pace;
  readonly #collectTimeoutMs: number;
  /** Of the metrics in the directory. */
  readonly #places = new Map<Family, number>();
  readonly #defined = new Set<(metric: ReadMetric) => void>();
  readonly #listeners = new Set<(shared: SharedMetrics) => void>();
  #directory: DirectoryWriter | undefined;
  #failures: CounterHandle | undefined;
  #refusals: CounterHandle | undefined;

  constructor({ overflowed = () => undefined, collectTimeoutMs = 5000, clock = systemClock, pace = loopPace }: RegistryOptions = {}) {
    this.#clock = clock;
    this.#pace = pace;
    this.#collectTimeoutMs = collectTimeoutMs;
    const surroundings = {
      memory: this.#memory,
      overflowed,
      defined: (family: Family) => this.#tell(family),
      created: (family: Family, series: DirectorySeries) => this.#listSeries(family, series),
    };
    this.#families = new Families(surroundings, clock);
    this.#collectors = new Collectors(() => this.#collectorFailed());
    this.#sources = new Sources(this.#families, () => this.#metricRefused());
  }

  /**
   * @param options its name ends with `_total`
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  counter<const L extends string = never>(options: MetricOptions<L>): Counter<L> {
    return new Counter<L>(this.#families.counter({ type: 'counter', ...commonOf(options) }));
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  gauge<const L extends string = never>(options: GaugeOptions<L>): Gauge<L> {
    return new Gauge<L>(this.#families.gauge({ type: 'gauge', ...commonOf(options), merge: options.merge ?? 'sum' }));
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  histogram<const L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    return new Histogram<L>(this.#families.histogram({ type: 'histogram', ...commonOf(options), bounds: [...(options.buckets ?? defaultBuckets)] }));
  }

  /**
   * Counts how many different keys there were, such as active players, in fixed memory (HyperLogLog); a gauge on the page. O(registers × slots) to read.
   *
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  distinct<const L extends string = never>(options: DistinctOptions<L>): Distinct<L> {
    const { precision = 12, windowMs = 0, slots = windowMs === 0 ? 1 : 6 } = options;
    return new Distinct<L>(this.#families.distinct({ type: 'distinct', ...commonOf(options), precision, windowMs, slots }));
  }

  /**
   * Has a function called before each reading, for gauges that are asked rather than told.
   *
   * @param collect sets gauges, or gives a promise of having done so, for which {@link expose} does not wait; when it fails or is late the others
   *   still run and `metrics_collect_errors_total` counts it
   * @returns a function that takes it out again
   */
  onCollect(collect: Collector): () => void {
    return this.#collectors.add(collect);
  }

  /**
   * All metrics as text, in the order in which they were made, at once. O(series): where they may be many, {@link scrape} lets others have the event loop.
   *
   * @param exposition default `prometheus`; its type is in {@link contentTypes}
   */
  expose(exposition: Exposition = 'prometheus'): string {
    void this.#collectors.run();
    this.#sources.refresh();
    return [...pageParts(this.#families, exposition)].join('');
  }

  /**
   * The same text, written in parts of a millisecond or so, between which the event loop turns. The numbers of a series are of one instant, those of
   * two series may not be. Several at once do not disturb each other.
   *
   * @param exposition default `prometheus`; its type is in {@link contentTypes}
   */
  async scrape(exposition: Exposition = 'prometheus'): Promise<string> {
    await this.collect();
    const page: string[] = [];
    await atPace(joinInto(page, pageParts(this.#families, exposition)), this.#pace);
    const text = page.join('');
    // To copy megabytes takes milliseconds, and whoever gets them copies them again.
    if (page.length > joinedInOneTurn) await this.#pace.rest();
    return text;
  }

  /** All numbers as data, for another process to {@link merge}. In parts, as {@link scrape}. */
  async snapshot(): Promise<MetricsSnapshot> {
    await this.collect();
    const snapshot: MetricsSnapshot = { version: 1, instance: this.#instance, metrics: [] };
    await atPace(fillSnapshot(this.#families, snapshot), this.#pace);
    return snapshot;
  }

  /**
   * Gives the memory of this registry to another thread, whose registry {@link merge}s it and then sees every write without a message. What this registry
   * has merged itself is not in it.
   *
   * @param send brings it there (`postMessage`); called now, and again where memory is added, which is seldom
   * @returns a function that ends the sending
   */
  share(send: (shared: SharedMetrics) => void): () => void {
    this.#directory ??= this.#newDirectory();
    this.#listeners.add(send);
    send({ instance: this.#instance, directory: this.#directory.buffer, chunks: this.#memory.buffers });
    return () => void this.#listeners.delete(send);
  }

  /**
   * Adds the metrics of another thread or process to what this registry exposes: counters and histograms add up, gauges by the rule of the metric,
   * of distinct counters a key that several have seen counts once. A metric that means something else here is left out and counted in
   * `metrics_merge_refused_total`; too many series are counted as `other`, as always. O(series).
   *
   * @param source whose they are, such as `worker 3`; given again they take the place of the old, unless the source was started anew in between
   * @param from what {@link share} or {@link snapshot} gave there, as it arrived
   * @throws {MetricsError} `ERR_METRICS_SNAPSHOT`: it is neither
   */
  merge(source: string, from: unknown): void {
    this.#sources.merge(source, from);
  }

  /**
   * Tells that a thread or process has ended: what it counted stays counted, its gauges go. What still arrives from it is ignored.
   *
   * @param source as in {@link merge}
   * @param instance which of those that had this name, as its snapshot tells; default: the present one
   */
  retire(source: string, instance?: string): void {
    this.#sources.retire(source, instance);
  }

  /**
   * Has a function told of each metric, now and when it is made: for adapters, which write the numbers in another form.
   *
   * @param defined is given what reads the metric
   * @returns a function that ends it
   */
  onMetric(defined: (metric: ReadMetric) => void): () => void {
    this.#defined.add(defined);
    for (const family of this.#families) defined(readerOf(family));
    return () => void this.#defined.delete(defined);
  }

  /** Asks the collectors, and other threads and processes: for adapters, before they read; {@link scrape} and {@link snapshot} do it themselves. */
  async collect(): Promise<void> {
    await this.#collectors.runAll(this.#collectTimeoutMs, this.#clock);
    this.#sources.refresh();
  }

  #newDirectory(): DirectoryWriter {
    this.#directory = new DirectoryWriter(() => this.#announce());
    for (const family of this.#families) {
      this.#list(family);
      for (const series of family.series()) this.#listSeries(family, series);
    }
    return this.#directory;
  }

  #tell(family: Family): void {
    this.#list(family);
    for (const defined of this.#defined) defined(readerOf(family));
  }

  #list(family: Family): void {
    if (this.#directory === undefined) return;
    this.#places.set(family, this.#places.size);
    this.#directory.append({ metric: family.kind.definition });
  }

  #listSeries(family: Family, { labels, cells: { chunk, offset } }: DirectorySeries): void {
    this.#directory?.append({ series: [this.#places.get(family) ?? 0, labels, chunk, offset] });
  }

  #announce(): void {
    if (this.#directory === undefined) return;
    const shared = { instance: this.#instance, directory: this.#directory.buffer, chunks: this.#memory.buffers };
    for (const send of this.#listeners) send(shared);
  }

  #collectorFailed(): void {
    this.#failures ??= this.counter({ name: 'metrics_collect_errors_total', help: 'Collectors that failed while the metrics were read' }).labels({});
    this.#failures.add();
  }

  #metricRefused(): void {
    this.#refusals ??= this.counter({
      name: 'metrics_merge_refused_total',
      help: 'Metrics of other threads and processes that are something else here, and so are not on this page',
    }).labels({});
    this.#refusals.add();
  }
}

type DirectorySeries = Parameters<FamilySurroundings['created']>[1];

function commonOf({ name, help, labels = [], maxSeries = 1000 }: MetricOptions): Pick<Definition, 'name' | 'help' | 'labels' | 'maxSeries'> {
  return { name, help, labels: [...labels], maxSeries };
}

/** Joining is most of the work: what is left of it for the end, when the page is whole, is a copy. */
function* joinInto(page: string[], parts: Iterable<string>): Generator<void, void, undefined> {
  let waiting: string[] = [];
  for (const part of parts) {
    waiting.push(part);
    if (waiting.length === partsJoined) {
      page.push(waiting.join(''));
      waiting = [];
    }
    yield;
  }
  page.push(waiting.join(''));
}
