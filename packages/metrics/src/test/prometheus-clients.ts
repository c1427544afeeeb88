/** The Prometheus clients of Node, each with a counter and a histogram of three labels, for the benchmarks. */
import * as successor from '@prometheus-io/client';
import * as predecessor from 'prom-client';

/** Label names of both metrics. */
export const labelNames = ['game', 'operation', 'code'] as const;

/** Upper bounds of the histogram, as many as ours has by default. */
export const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Values of the labels. */
export type Labels = Readonly<Record<(typeof labelNames)[number], string>>;

/** What the benchmarks use of a client. */
export interface PrometheusClient {
  readonly name: string;
  readonly counter: { labels(labels: Labels): { inc(value?: number): void }; inc(labels: Labels, value?: number): void };
  readonly histogram: { labels(labels: Labels): { observe(value: number): void }; observe(labels: Labels, value: number): void };
  readonly metrics: () => Promise<string>;
}

const counterOptions = { name: 'requests_total', help: 'x', labelNames };
const histogramOptions = { name: 'duration_seconds', help: 'x', labelNames, buckets };

/** New metrics of both clients. */
export function prometheusClients(): readonly PrometheusClient[] {
  const old = new predecessor.Registry();
  const young = new successor.Registry();
  return [
    {
      name: 'prom-client 15',
      counter: new predecessor.Counter({ ...counterOptions, registers: [old] }),
      histogram: new predecessor.Histogram({ ...histogramOptions, registers: [old] }),
      metrics: () => old.metrics(),
    },
    {
      name: '@prometheus-io/client 0.16',
      counter: new successor.Counter({ ...counterOptions, registers: [young] }),
      histogram: new successor.Histogram({ ...histogramOptions, registers: [young] }),
      metrics: () => young.metrics(),
    },
  ];
}
