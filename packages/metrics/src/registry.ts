import { CellAllocator } from './cells.ts';
import { Counter, CounterHandle, renderCounter } from './counter.ts';
import { Family, type MetricOptions, type SeriesPlan } from './family.ts';
import { Gauge, GaugeHandle, renderGauge } from './gauge.ts';
import { boundsOf, defaultBuckets, Histogram, HistogramHandle, renderHistogram } from './histogram.ts';
import { MetricsError } from './metrics-error.ts';
import { escapeHelp, type Exposition } from './text.ts';

/** Options of {@link Registry.histogram}. */
export interface HistogramOptions<L extends string = string> extends MetricOptions<L> {
  /** Upper bounds that rise, `+Inf` left out (default: seconds of a request). */
  readonly buckets?: readonly number[] | undefined;
}

/** Set-up of {@link Registry}. */
export interface RegistryOptions {
  /**
   * Hears once of each metric that has more series than it may, from when on others are counted as `other`; must not throw. Default: nobody does.
   *
   * @param metric its name
   */
  readonly overflowed?: (metric: string) => void;
}

interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly render: (exposition: Exposition) => string;
}

const contentTypes: Readonly<Record<Exposition, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Holds the metrics of one process and writes them as Prometheus text (format 0.0.4) or OpenMetrics (1.0).
 *
 * Numbers lie in typed arrays: counting is an array write and allocates nothing.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @example
 * ```ts
 * import { Registry } from '@midgard/metrics';
 * const registry = new Registry();
 * const requests = registry.counter({ name: 'requests_total', help: 'Finished requests', labels: ['code'] });
 * const good = requests.labels({ code: '0' }); // once
 * good.add(); // for each request
 * registry.expose();
 * ```
 */
export class Registry {
  /** The `Content-Type` of what {@link Registry.expose} writes. */
  readonly contentTypes: Readonly<Record<Exposition, string>> = contentTypes;
  readonly #allocator = new CellAllocator();
  readonly #names = new Set<string>();
  readonly #exposed: Exposed[] = [];
  readonly #collectors = new Set<() => void>();
  readonly #overflowed: (metric: string) => void;
  #failures: CounterHandle | undefined;

  constructor({ overflowed = () => undefined }: RegistryOptions = {}) {
    this.#overflowed = overflowed;
  }

  /**
   * @param options its name ends with `_total`
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  counter<const L extends string = never>(options: MetricOptions<L>): Counter<L> {
    const family = new Family(
      options,
      this.#plan(1, (cells) => new CounterHandle(cells)),
    );
    if (!family.name.endsWith('_total')) throw new MetricsError('ERR_METRICS_NAME', `${family.name}: the name of a counter ends with _total`);
    this.#add(family, 'counter', [''], (exposition) => renderCounter(family, exposition));
    return new Counter<L>(family);
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  gauge<const L extends string = never>(options: MetricOptions<L>): Gauge<L> {
    const family = new Family(
      options,
      this.#plan(1, (cells) => new GaugeHandle(cells)),
    );
    this.#add(family, 'gauge', [''], () => renderGauge(family));
    return new Gauge<L>(family);
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  histogram<const L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    const bounds = boundsOf(options.name, options.buckets ?? defaultBuckets);
    const family = new Family(
      options,
      this.#plan(bounds.length + 2, (cells) => new HistogramHandle(bounds, cells)),
    );
    this.#add(family, 'histogram', ['', '_bucket', '_sum', '_count'], (exposition) => renderHistogram(family, bounds, exposition));
    return new Histogram<L>(family);
  }

  /**
   * Has a function called before each reading, for gauges that are asked rather than told.
   *
   * @param collect sets gauges; when it throws the others still run and `metrics_collect_errors_total` counts it
   * @returns a function that takes it out again
   */
  onCollect(collect: () => void): () => void {
    this.#collectors.add(collect);
    return () => void this.#collectors.delete(collect);
  }

  /**
   * All metrics as text, in the order in which they were made. O(series).
   *
   * @param exposition default `prometheus`; its type is in {@link contentTypes}
   */
  expose(exposition: Exposition = 'prometheus'): string {
    for (const collect of this.#collectors) this.#run(collect);
    const text = this.#exposed.map((exposed) => headOf(exposed, exposition) + exposed.render(exposition)).join('');
    return exposition === 'openmetrics' ? `${text}# EOF\n` : text;
  }

  #plan<H>(cellsPerSeries: number, handleOn: SeriesPlan<H>['handleOn']): SeriesPlan<H> {
    return { cellsPerSeries, allocator: this.#allocator, handleOn, overflowed: this.#overflowed };
  }

  #run(collect: () => void): void {
    try {
      collect();
    } catch {
      this.#failures ??= this.counter({ name: 'metrics_collect_errors_total', help: 'Collectors that failed while the metrics were read' }).labels({});
      this.#failures.add();
    }
  }

  #add({ name, help }: Pick<Family<unknown>, 'name' | 'help'>, type: string, suffixes: readonly string[], render: Exposed['render']): void {
    // OpenMetrics has one type for a counter's name without its ending, too.
    const names = [...suffixes.map((suffix) => name + suffix), ...(type === 'counter' ? [familyOf(name, type)] : [])];
    const taken = names.find((other) => this.#names.has(other));
    if (taken !== undefined) throw new MetricsError('ERR_METRICS_CLASH', `there is a metric that writes ${taken}`);
    for (const other of names) this.#names.add(other);
    this.#exposed.push({ name, help, type, render });
  }
}

/** OpenMetrics names a counter's family without its `_total`. */
function familyOf(name: string, type: string): string {
  return type === 'counter' ? name.slice(0, -'_total'.length) : name;
}

function headOf({ name, help, type }: Exposed, exposition: Exposition): string {
  const family = exposition === 'openmetrics' ? familyOf(name, type) : name;
  return `# HELP ${family} ${escapeHelp(help, exposition)}\n# TYPE ${family} ${type}\n`;
}
