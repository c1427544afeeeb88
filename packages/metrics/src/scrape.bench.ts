/**
 * What a reading of 5,000 series costs, and for how long it keeps the event loop, beside the Prometheus clients of Node: as many counters as histograms of
 * 14 buckets would be a page of 45,000 lines, so there are two pages: one of 5,000 counters, and one of 5,000 lines as a service has them, most of them of histograms.
 * The longest block is the longest time between two turns of the event loop while a page was written, less what a turn without work takes.
 */
import { type BenchResult, machineLine, print, record } from '@midgard/bench';
import { Registry } from './registry.ts';
import { labelNames, type Labels, type PrometheusClient, prometheusClients } from './test/prometheus-clients.ts';

const runs = 41;
const labelsOf = (n: number): Labels => ({ game: `game${n % 7}`, operation: `operation.${n}`, code: String(n % 3) });

/** Counters and histograms of 17 lines each. */
const pages = [
  { name: '5,000 counters', counters: 5000, histograms: 0 },
  { name: '1,000 counters and 235 histograms (4,995 lines)', counters: 1000, histograms: 235 },
  { name: '5,000 histograms (85,000 lines)', counters: 0, histograms: 5000 },
] as const;
type Page = (typeof pages)[number];

function ours({ counters, histograms }: Page): () => Promise<string> {
  const registry = new Registry();
  const counter = registry.counter({ name: 'requests_total', help: 'x', labels: labelNames, maxSeries: 10_000 });
  const histogram = registry.histogram({ name: 'duration_seconds', help: 'x', labels: labelNames, maxSeries: 10_000 });
  for (let n = 0; n < counters; n += 1) counter.labels(labelsOf(n)).add(n);
  for (let n = 0; n < histograms; n += 1) for (let value = 0; value < 5; value += 1) histogram.labels(labelsOf(n)).observe(value / 3);
  return () => registry.scrape();
}

function theirs({ counter, histogram, metrics }: PrometheusClient, { counters, histograms }: Page): () => Promise<string> {
  for (let n = 0; n < counters; n += 1) counter.inc(labelsOf(n), n + 1);
  for (let n = 0; n < histograms; n += 1) for (let value = 0; value < 5; value += 1) histogram.observe(labelsOf(n), value / 3);
  return metrics;
}

/** The time of one reading, and the longest between two turns of the event loop in it. */
async function measured(scrape: () => Promise<string>): Promise<{ total: number; block: number }> {
  let block = 0;
  let isOver = false;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
    block = Math.max(block, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  await new Promise((resolve) => void setImmediate(resolve));
  const start = performance.now();
  last = start;
  setImmediate(turn);
  const text = await scrape();
  // As a server would: flat bytes.
  Buffer.from(text);
  const total = performance.now() - start;
  isOver = true;
  await new Promise((resolve) => void setImmediate(resolve));
  return { total, block };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function figures(scrape: () => Promise<string>): Promise<{ total: number; block: number }> {
  const all: Awaited<ReturnType<typeof measured>>[] = [];
  for (let n = 0; n < runs; n += 1) all.push(await measured(scrape));
  // The first are of cold code.
  const warm = all.slice(10);
  return { total: median(warm.map(({ total }) => total)), block: median(warm.map(({ block }) => block)) };
}

const results: BenchResult[] = [];
for (const page of pages) {
  const own = await figures(ours(page));
  for (const client of prometheusClients()) {
    const other = await figures(theirs(client, page));
    const peer = client.name;
    results.push(
      { what: `${page.name}: total`, value: own.total, unit: 'ms', peer: { what: peer, value: other.total }, ratio: other.total / own.total },
      { what: `${page.name}: longest block`, value: own.block, unit: 'ms', peer: { what: peer, value: other.block }, ratio: other.block / own.block },
    );
  }
}
console.log(machineLine());
print(results);
record('metrics-scrape', results);
