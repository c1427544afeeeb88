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
      const text = expose();
      const runs = runsByName(text);
      return { read: (metric) => (runs.get(metric) ?? []).flatMap(({ start, end }) => samplesOf(text.slice(start, end))) };
    },
  };
}

/** Lines of one metric that stand together. */
interface Run {
  readonly start: number;
  end: number;
}

/** Where the lines of each metric are. Lines of one metric stand together, so most are seen to be of the last one without making a text. */
function runsByName(text: string): Map<string, Run[]> {
  const runs = new Map<string, Run[]>();
  let name = '';
  let run: Run = { start: 0, end: 0 };
  for (let start = 0; start < text.length; start = run.end + 1) {
    const lineEnd = text.indexOf('\n', start);
    const end = lineEnd < 0 ? text.length : lineEnd;
    if (name !== '' && text.startsWith(name, start) && endsName(text.charCodeAt(start + name.length))) {
      run.end = end;
      continue;
    }
    run = { start, end };
    name = nameAt(text, start, end);
    const known = runs.get(name);
    if (known === undefined) runs.set(name, [run]);
    else known.push(run);
  }
  return runs;
}

/** The name that a line begins with; empty for a comment. */
function nameAt(text: string, start: number, lineEnd: number): string {
  if (text[start] === '#') return '';
  let end = start;
  while (end < lineEnd && !endsName(text.charCodeAt(end))) end += 1;
  return text.slice(start, end);
}

const brace = 0x7b;
const space = 0x20;
const tab = 0x09;

function endsName(code: number): boolean {
  return code === brace || code === space || code === tab;
}

function samplesOf(lines: string): Sample[] {
  return lines.split('\n').flatMap((line) => parseSample(line) ?? []);
}
