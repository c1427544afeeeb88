import type { MetricSnapshot, MetricSource, Sample } from '@midgard/health';
import type { ReadMetric, Registry } from '@midgard/metrics';

/** What lines of a histogram have behind its name. */
const suffix = /_(?:bucket|sum|count)$/;

/**
 * Figures for rules straight from our registry: it reads the metrics that rules name and writes no page, so a look is O(series of those
 * metrics). Collectors are asked at each look; of those that take their time the last answer counts, as in a page that is written at once.
 */
export class RegistrySource implements MetricSource, Disposable {
  readonly #registry: Registry;
  readonly #metrics = new Map<string, ReadMetric>();
  readonly #stop: () => void;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#stop = registry.onMetric((metric) => this.#metrics.set(metric.name, metric));
  }

  snapshot(): MetricSnapshot {
    void this.#registry.collect();
    const known = new Map<string, readonly Sample[]>();
    return {
      read: (name) => {
        const samples = known.get(name) ?? this.#read(name);
        known.set(name, samples);
        return samples;
      },
    };
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#metrics.clear();
  }

  #read(name: string): readonly Sample[] {
    const metric = this.#metrics.get(name) ?? this.#metrics.get(name.replace(suffix, ''));
    return metric?.samples().filter((sample) => sample.name === name) ?? [];
  }
}
