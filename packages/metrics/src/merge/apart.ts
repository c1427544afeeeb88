import type { MetricsSnapshot } from './snapshot.ts';

/** Which metrics of a process are shown for itself, and under which label. */
export interface ApartOptions {
  readonly label: string;
  /** Of this process; without quotes and backslashes. */
  readonly value: string;
  /** @param name of a metric that makes no sense for several processes together, such as the memory of one */
  readonly isApart: (name: string) => boolean;
}

/** Gives the series of such metrics one more label, so that a page of several processes has one of each and not their sum. O(series of those metrics). */
export function setApart({ metrics, ...snapshot }: MetricsSnapshot, { label, value, isApart }: ApartOptions): MetricsSnapshot {
  const added = `${label}="${value}"`;
  return {
    ...snapshot,
    metrics: metrics.map((metric) => {
      const { definition, series } = metric;
      if (!isApart(definition.name)) return metric;
      return {
        definition: { ...definition, labels: [...definition.labels, label] },
        series: series.map(([labels, ...numbers]) => [labels === '' ? added : `${labels},${added}`, ...numbers] as const),
      };
    }),
  };
}
