import type { Labels } from './labels.ts';
import { parseSample } from './prometheus-text.ts';

/** One series of a metric at one moment. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The metrics at one moment, so that all rules of an evaluation see the same. */
export interface MetricSnapshot {
  /**
   * @param metric as it is exposed: `http_requests_total`, `http_request_duration_seconds_bucket`
   * @returns its series; empty when there is no such metric
   */
  read(metric: string): readonly Sample[];
}

/** Where rules have their figures from. */
export interface MetricSource {
  snapshot(): MetricSnapshot;
}

/**
 * Reads the metrics of any registry that writes Prometheus text, such as that of `@midgard/metrics` or of prom-client.
 *
 * A snapshot is O(lines), of which only those of metrics that rules name are taken apart.
 *
 * @param expose writes format 0.0.4
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @example
 * ```ts
 * import { textMetrics } from '@midgard/health';
 *
 * const source = textMetrics(() => 'ledger_imbalance{game="realm"} 3\n');
 * source.snapshot().read('ledger_imbalance'); // [{ labels: { game: 'realm' }, value: 3 }]
 * ```
 */
export function textMetrics(expose: () => string): MetricSource {
  return {
    snapshot() {
      const lines = linesByName(expose());
      return { read: (metric) => (lines.get(metric) ?? []).flatMap((line) => parseSample(line) ?? []) };
    },
  };
}

function linesByName(text: string): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const name = line.slice(0, line.search(/[{ \t]/));
    const known = lines.get(name);
    if (known === undefined) lines.set(name, [line]);
    else known.push(line);
  }
  return lines;
}
