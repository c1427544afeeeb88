import { CellAllocator } from './cells.ts';
import { Counter, CounterHandle, renderSingle } from './counter.ts';
import { Family, type MetricOptions } from './family.ts';
import { Gauge, GaugeHandle } from './gauge.ts';
import { boundsOf, defaultBuckets, Histogram, HistogramHandle, renderHistogram } from './histogram.ts';
import { MetricsError } from './metrics-error.ts';
import { escapeHelp } from './text.ts';

/** Options of {@link Registry.histogram}. */
export interface HistogramOptions<L extends string = string> extends MetricOptions<L> {
  /** Upper bounds that rise, `+Inf` left out (default: seconds of a request). */
  readonly buckets?: readonly number[] | undefined;
}

interface Exposed {
  readonly head: string;
  readonly render: () => string;
}

/**
 * Holds the metrics of one process and writes them as Prometheus text (format 0.0.4).
 *
 * Numbers lie in typed arrays: counting is an array write and allocates nothing.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
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
  /** The `Content-Type` of {@link Registry.expose}. */
  readonly contentType: string = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #allocator = new CellAllocator();
  readonly #names = new Set<string>();
  readonly #exposed: Exposed[] = [];
  readonly #collectors = new Set<() => void>();
  #failures: CounterHandle | undefined;

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  counter<const L extends string = never>(options: MetricOptions<L>): Counter<L> {
    const family = new Family(options, { cellsPerSeries: 1, allocator: this.#allocator, handleOn: (cells) => new CounterHandle(cells) });
    this.#add(family, 'counter', [''], () => renderSingle(family));
    return new Counter<L>(family);
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  gauge<const L extends string = never>(options: MetricOptions<L>): Gauge<L> {
    const family = new Family(options, { cellsPerSeries: 1, allocator: this.#allocator, handleOn: (cells) => new GaugeHandle(cells) });
    this.#add(family, 'gauge', [''], () => renderSingle(family));
    return new Gauge<L>(family);
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_NAME`, `ERR_METRICS_CLASH`, `ERR_METRICS_OPTIONS`
   */
  histogram<const L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    const bounds = boundsOf(options.name, options.buckets ?? defaultBuckets);
    const family = new Family(options, {
      cellsPerSeries: bounds.length + 2,
      allocator: this.#allocator,
      handleOn: (cells) => new HistogramHandle(bounds, cells),
    });
    this.#add(family, 'histogram', ['', '_bucket', '_sum', '_count'], () => renderHistogram(family, bounds));
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

  /** All metrics as Prometheus text, in the order in which they were made. O(series). */
  expose(): string {
    for (const collect of this.#collectors) this.#run(collect);
    return this.#exposed.map(({ head, render }) => head + render()).join('');
  }

  #run(collect: () => void): void {
    try {
      collect();
    } catch {
      this.#failures ??= this.counter({ name: 'metrics_collect_errors_total', help: 'Collectors that failed while the metrics were read' }).labels({});
      this.#failures.add();
    }
  }

  #add({ name, help }: Pick<Family<unknown>, 'name' | 'help'>, type: string, suffixes: readonly string[], render: () => string): void {
    const names = suffixes.map((suffix) => name + suffix);
    const taken = names.find((other) => this.#names.has(other));
    if (taken !== undefined) throw new MetricsError('ERR_METRICS_CLASH', `there is a metric that writes ${taken}`);
    for (const other of names) this.#names.add(other);
    this.#exposed.push({ head: `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`, render });
  }
}
