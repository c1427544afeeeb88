import * as successor from '@prometheus-io/client';
import * as fc from 'fast-check';
import * as predecessor from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Registry } from '../registry.ts';
import { borrowFromPromClient } from './borrow.ts';
import { lendToPromClient } from './lend.ts';

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8' as const;
const awkward = 'a "b"\\\nc';

/** Lines of a page, without their order and without what the formats say of empty lines. */
function linesOf(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

function ours(): Registry {
  const registry = new Registry();
  const counter = registry.counter({ name: 'requests_total', help: 'Requests', labels: ['code'] });
  counter.labels({ code: awkward }).add(3);
  counter.labels({ code: '0' }).addTraced({ trace_id: 'abc' }, 2, 5000);
  registry.gauge({ name: 'level', help: 'Level' }).labels({}).set(-1.5);
  const histogram = registry.histogram({ name: 'seconds', help: 'Time', labels: ['code'], buckets: [0.1, 1] });
  histogram.labels({ code: '0' }).observe(0.05);
  histogram.labels({ code: '0' }).observeTraced(0.5, { trace_id: 'def' }, 5000);
  histogram.labels({ code: '0' }).observe(7);
  registry.distinct({ name: 'players', help: 'Players' }).labels({}).add(1n);
  return registry;
}

// The two have types of their own, so each is made by hand.
describe.each([
  ['prom-client 15', () => new predecessor.Registry(), () => openedPredecessor()],
  ['@prometheus-io/client 0.16', () => new successor.Registry(), () => new successor.Registry<typeof openMetrics>(openMetrics)],
])('the page of %s', (_name, text, open) => {
  test('has ours, to the letter', async () => {
    const registry = ours();
    const theirs = text();
    lendToPromClient(registry, theirs);
    expect(linesOf(await theirs.metrics())).toEqual(linesOf(registry.expose()));
  });

  test('has ours as OpenMetrics with what was traced', async () => {
    const registry = ours();
    const theirs = open();
    lendToPromClient(registry, theirs);
    const page = await theirs.metrics();
    // They write the moment as they have it, and we to the millisecond.
    expect(linesOf(page)).toEqual(linesOf(registry.expose('openmetrics').replaceAll('5.000\n', '5\n')));
  });

  test('has what is made later, asks collectors once, and has nothing when it is over', async () => {
    const registry = ours();
    const theirs = text();
    const stop = lendToPromClient(registry, theirs);
    const readings = registry.counter({ name: 'readings_total', help: 'x' }).labels({});
    registry.onCollect(async () => {
      await Promise.resolve();
      readings.add();
    });
    expect(await theirs.metrics()).toContain('readings_total 1\n');
    expect(await theirs.metrics()).toContain('readings_total 2\n');
    theirs.resetMetrics();
    expect(readings.value).toBe(2);
    stop();
    registry.gauge({ name: 'late', help: 'x' });
    expect((await theirs.metrics()).trim()).toBe('');
  });
});

/** Labels stand in another order, and one counter has another name. */
function sorted(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.replace(/\{(?<labels>.*)\}/, (_, labels: string) => `{${labels.split(',').toSorted().join(',')}}`))
    .map((line) => line.replace('their_odd ', 'their_odd_total '))
    .toSorted();
}

test('labels come to prom-client as they were given, whatever they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 5 }), async (all) => {
      const registry = new Registry();
      const gauge = registry.gauge({ name: 'g', help: 'x', labels: ['a', 'b'] });
      for (const [a, b] of all) gauge.labels({ a, b }).set(1);
      const given: object[] = [];
      const stop = registry.onMetric((metric) => given.push(...metric.samples().map(({ labels }) => labels)));
      stop();
      const different = new Map(all.map(([a, b]) => [JSON.stringify([a, b]), { a, b }]));
      expect(given).toEqual([...different.values()]);
      const theirs = new predecessor.Registry();
      lendToPromClient(registry, theirs);
      expect(linesOf(await theirs.metrics())).toEqual(linesOf(registry.expose()));
    }),
  );
});

test.each([
  ['prom-client 15', predecessorMetrics],
  ['@prometheus-io/client 0.16', successorMetrics],
])('our page has the counters, gauges and histograms of %s, and as many numbers as they have', async (_name, make) => {
  const theirs = make();
  const registry = new Registry();
  const stop = borrowFromPromClient(registry, theirs.registry);
  expect(await registry.scrape()).toContain('# TYPE their_level gauge\n');
  theirs.write();
  const own = linesOf(await theirs.registry.metrics()).filter((line) => !line.includes('summary'));
  const page = linesOf(await registry.scrape());
  expect(sorted(page)).toEqual(
    sorted([
      ...own,
      '# HELP metrics_merge_refused_total Metrics of other threads and processes that are something else here, and so are not on this page',
      '# TYPE metrics_merge_refused_total counter',
      'metrics_merge_refused_total 1',
    ]),
  );
  stop();
  theirs.write();
  expect(await registry.scrape()).toContain('their_odd_total 1\n');
});

function openedPredecessor(): predecessor.Registry<typeof openMetrics> {
  const registry = new predecessor.Registry<typeof openMetrics>();
  registry.setContentType(openMetrics);
  return registry;
}

const names = { code: awkward, app: 'x' };

function predecessorMetrics() {
  const registry = new predecessor.Registry();
  const registers = [registry];
  const counter = new predecessor.Counter({ name: 'their_requests_total', help: 'Requests', labelNames: ['code', 'app'], registers });
  const odd = new predecessor.Counter({ name: 'their_odd', help: 'x', registers });
  const gauge = new predecessor.Gauge({ name: 'their_level', help: 'Level', registers });
  const histogram = new predecessor.Histogram({ name: 'their_seconds', help: 'Time', labelNames: ['code', 'app'], buckets: [0.1, 1], registers });
  const summary = new predecessor.Summary({ name: 'their_summary', help: 'x', registers });
  return { registry, write: () => write(counter, odd, gauge, histogram, summary) };
}

function successorMetrics() {
  const registry = new successor.Registry();
  const registers = [registry];
  const counter = new successor.Counter({ name: 'their_requests_total', help: 'Requests', labelNames: ['code', 'app'], registers });
  const odd = new successor.Counter({ name: 'their_odd', help: 'x', registers });
  const gauge = new successor.Gauge({ name: 'their_level', help: 'Level', registers });
  const histogram = new successor.Histogram({ name: 'their_seconds', help: 'Time', labelNames: ['code', 'app'], buckets: [0.1, 1], registers });
  const summary = new successor.Summary({ name: 'their_summary', help: 'x', registers });
  return { registry, write: () => write(counter, odd, gauge, histogram, summary) };
}

function write(
  counter: { inc(labels: typeof names, value: number): void },
  odd: { inc(): void },
  gauge: { set(value: number): void },
  histogram: { observe(labels: typeof names, value: number): void },
  summary: { observe(value: number): void },
): void {
  counter.inc(names, 3);
  odd.inc();
  gauge.set(-2.5);
  for (const value of [0.05, 0.5, 0.75, 9]) histogram.observe(names, value);
  summary.observe(1);
}
