import { latencyText, rateText } from '../format.ts';
import type { Outcome, Second } from '../outcome.ts';
import { type Chart, chartFigure, type Series } from './chart.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

/** Least latency that a logarithmic axis begins with. */
const leastMs = 0.001;
const megabyte = 1e6;

/** @returns the figures of a run that has measured anything */
export function charts(outcome: Outcome): string {
  const { seconds, distribution } = outcome;
  if (seconds.length === 0 || distribution.length === 0) return '<p>Nothing was measured.</p>';
  return [rateChart(seconds), latencyChart(seconds), distributionChart(distribution), ...memoryChart(seconds)].map(chartFigure).join('\n');
}

const overTime = (seconds: readonly Second[]): Pick<Chart, 'x' | 'xLabel' | 'xTitle'> => ({
  x: linearScale(Math.max(1, seconds.length)),
  xLabel: String,
  xTitle: 'seconds of the load',
});

function lineOver(name: string, seconds: readonly Second[], value: (second: Second) => number | null | undefined): Series {
  // A second is told of when it is over.
  return { name, points: seconds.map((second) => ({ x: second.second + 1, y: value(second) ?? null })) };
}

function rateChart(seconds: readonly Second[]): Chart {
  const hasErrors = seconds.some(({ errors }) => errors > 0);
  const most = Math.max(...seconds.map(({ ratePerSecond, errors }) => Math.max(ratePerSecond, errors)));
  return {
    title: 'Throughput',
    unit: 'a second',
    ...overTime(seconds),
    y: linearScale(most),
    yLabel: rateText,
    series: [lineOver('answered', seconds, ({ ratePerSecond }) => ratePerSecond), ...(hasErrors ? [lineOver('errors', seconds, ({ errors }) => errors)] : [])],
  };
}

function latencyChart(seconds: readonly Second[]): Chart {
  const latencies = seconds.flatMap(({ latencyMs: { p50, max } }) => [p50, max]);
  return {
    title: 'Latency over time',
    unit: 'logarithmic',
    ...overTime(seconds),
    y: latencyScale(latencies),
    yLabel: shortLatency,
    series: [
      lineOver('P50', seconds, ({ latencyMs }) => latencyMs.p50),
      lineOver('P95', seconds, ({ latencyMs }) => latencyMs.p95),
      lineOver('P99', seconds, ({ latencyMs }) => latencyMs.p99),
      lineOver('max', seconds, ({ latencyMs }) => latencyMs.max),
    ],
  };
}

/** Each step to the right is a tenth of the requests that were left: the slow ones are as wide as the many. */
function distributionChart(distribution: Outcome['distribution']): Chart {
  const shown = distribution.filter(([percent]) => percent < 100);
  const most = nines(99.999);
  const x: Scale = { at: (percent) => nines(percent) / most, ticks: [0, 90, 99, 99.9, 99.99, 99.999] };
  return {
    title: 'Latency by percentile',
    unit: 'logarithmic',
    x,
    xLabel: (percent) => `${percent}%`,
    xTitle: 'requests that were at least as fast',
    y: latencyScale(shown.map(([, ms]) => ms)),
    yLabel: shortLatency,
    series: [{ name: 'latency', points: shown.map(([percent, ms]) => ({ x: percent, y: ms })) }],
  };
}

/** 1 for 90 %, 2 for 99 %, … */
function nines(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

function memoryChart(seconds: readonly Second[]): readonly Chart[] {
  const most = Math.max(0, ...seconds.map(({ server }) => server?.residentBytes ?? 0)) / megabyte;
  if (most === 0) return [];
  const series = [lineOver('resident', seconds, ({ server }) => server && server.residentBytes / megabyte)];
  return [{ title: 'Memory of the service', unit: 'MB in RAM', ...overTime(seconds), y: linearScale(most), yLabel: rateText, series }];
}

function latencyScale(latencies: readonly (number | null)[]): Scale {
  const known = latencies.filter((ms) => ms !== null);
  return logScale(Math.max(leastMs, Math.min(...known)), Math.max(leastMs, ...known));
}

/** `0.1 ms`, and `10 s` of an axis instead of `10.00 s`. */
function shortLatency(ms: number): string {
  const exact = Math.log10(ms);
  if (!Number.isInteger(Math.round(exact * 1e9) / 1e9)) return latencyText(ms);
  return ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(1))} ms`;
}
