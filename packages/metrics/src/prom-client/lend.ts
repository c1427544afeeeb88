import type { ReadMetric, ReadSample } from '../read.ts';
import type { Registry } from '../registry.ts';
import { parseLabels } from '../text.ts';

/** What a registry of prom-client asks of a metric. */
export interface LentMetric {
  get(): Promise<object>;
  reset(): void;
}

/** A registry of prom-client 15 or of its successor `@prometheus-io/client`, as far as we need it. */
export interface BorrowingRegistry {
  registerMetric(metric: LentMetric): void;
  removeSingleMetric(name: string): void;
}

/**
 * Shows all metrics of a registry of ours on the page of a registry of prom-client, and those that are made later, too. They are read when that page is, and
 * cannot be reset from there.
 *
 * @param theirs which has none of their names
 * @returns a function that takes them out again
 * @throws what `registerMetric` throws for a name that is there already
 * @example
 * ```ts
 * import { Registry } from '@midgard/metrics';
 * import { lendToPromClient } from '@midgard/metrics/prom-client';
 * import { register } from 'prom-client';
 *
 * const registry = new Registry();
 * lendToPromClient(registry, register);
 * await register.metrics();
 * ```
 */
export function lendToPromClient(registry: Registry, theirs: BorrowingRegistry): () => void {
  const collected = once(() => registry.collect());
  const names: string[] = [];
  const stop = registry.onMetric((metric) => {
    theirs.registerMetric(new Lent(metric, collected));
    names.push(metric.name);
  });
  return () => {
    stop();
    for (const name of names) theirs.removeSingleMetric(name);
  };
}

class Lent implements LentMetric {
  /** Theirs takes the `_total` off where the page is to be OpenMetrics, and puts it on again in each line. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly #metric: ReadMetric;
  readonly #collected: () => Promise<void>;

  constructor(metric: ReadMetric, collected: () => Promise<void>) {
    this.name = metric.name;
    this.help = metric.help;
    this.type = metric.type;
    this.#metric = metric;
    this.#collected = collected;
  }

  async get(): Promise<object> {
    await this.#collected();
    const { name, help, type } = this;
    return { name, help, type, aggregator: 'sum', values: this.#metric.samples().map((sample) => valueOf(sample, type)) };
  }

  /** A page does not set back what is counted elsewhere. */
  reset(): void {}
}

function valueOf({ name, labels, value, exemplar }: ReadSample, type: string): object {
  return {
    labels,
    value,
    ...(type === 'histogram' ? { metricName: name } : {}),
    ...(exemplar === undefined ? {} : { exemplar: { labelSet: parseLabels(exemplar.labels), value: exemplar.value, timestamp: exemplar.at } }),
  };
}

/** All metrics are asked for at once, and each asks; what they ask is done once for all of them. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => (running = undefined));
    return running;
  };
}
