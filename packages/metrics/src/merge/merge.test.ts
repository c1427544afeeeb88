import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Counter, CounterHandle } from '../counter.ts';
import type { Distinct } from '../distinct/distinct.ts';
import type { Gauge } from '../gauge.ts';
import type { Histogram } from '../histogram.ts';
import { Registry } from '../registry.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { codeOf, numbersOf } from '../test/reading.ts';

const labels = ['who', 'where'] as const;
type Label = (typeof labels)[number];

interface Metrics {
  readonly counter: Counter<Label>;
  readonly histogram: Histogram<Label>;
  readonly distinct: Distinct<Label>;
  readonly sum: Gauge<Label>;
  readonly min: Gauge<Label>;
  readonly max: Gauge<Label>;
  readonly last: Gauge<Label>;
}

const made = new WeakMap<Registry, Metrics>();

/** The same metrics in every registry, each by its own order, as programs make them. */
function metricsOf(registry: Registry): Metrics {
  const metrics = {
    counter: registry.counter({ name: 'c_total', help: 'x', labels }),
    histogram: registry.histogram({ name: 'h', help: 'x', labels, buckets: [1, 2, 5] }),
    distinct: registry.distinct({ name: 'd', help: 'x', labels, precision: 6 }),
    sum: registry.gauge({ name: 'g_sum', help: 'x', labels }),
    min: registry.gauge({ name: 'g_min', help: 'x', labels, merge: 'min' }),
    max: registry.gauge({ name: 'g_max', help: 'x', labels, merge: 'max' }),
    last: registry.gauge({ name: 'g_last', help: 'x', labels, merge: 'last' }),
  };
  made.set(registry, metrics);
  return metrics;
}

type Name = keyof Metrics;

interface Write {
  readonly by: number;
  readonly metric: Name;
  readonly who: string;
  readonly value: number;
}

function write(metrics: Metrics, { metric, who, value }: Write): void {
  const series = { who, where: '"\n' };
  if (metric === 'counter') metrics.counter.labels(series).add(value);
  else if (metric === 'histogram') metrics.histogram.labels(series).observe(value);
  else if (metric === 'distinct') metrics.distinct.labels(series).add(value);
  else metrics[metric].labels(series).set(value);
}

/** What the gauge of one registry has to be where several have one. */
const rules: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  last: (values) => values.at(-1) ?? 0,
};

/** The page without the order of its lines. */
function linesOf(page: string): string[] {
  return page.split('\n').toSorted();
}

const registries = 3;
// Whole numbers: sums of others depend on the order in the last bit.
const writes = fc.array(
  fc.record({
    by: fc.nat(registries - 1),
    metric: fc.constantFrom<Name>('counter', 'histogram', 'distinct', 'sum', 'min', 'max', 'last'),
    who: fc.constantFrom('a', 'b', 'other', 'ä"\n\\'),
    value: fc.integer({ min: 0, max: 8 }),
  }),
  { maxLength: 60 },
);
const order = fc.shuffledSubarray([0, 1, 2], { minLength: registries });

/** Registries that were written to, and one that has seen it all. */
function written(all: readonly Write[]): { several: Registry[]; one: Registry } {
  const clock = new FakeClock(1);
  const several = Array.from({ length: registries }, () => new Registry({ clock }));
  const theirs = several.map(metricsOf);
  const one = new Registry({ clock });
  const its = metricsOf(one);
  const gauges = new Map<string, Map<number, number>>();
  for (const each of all) {
    clock.advance(1);
    write(theirs[each.by]!, each);
    const key = `${each.metric} ${each.who}`;
    const values = gauges.get(key) ?? new Map<number, number>();
    gauges.set(key, values);
    // Those that are set again are the last.
    values.delete(each.by);
    values.set(each.by, each.value);
    write(its, { ...each, value: rules[each.metric]?.([...values.values()]) ?? each.value });
  }
  return { several, one };
}

describe('several registries, in any order, give the page of one that saw all writes', () => {
  test('as snapshots that went through JSON', async () => {
    await fc.assert(
      fc.asyncProperty(writes, order, async (all, inOrder) => {
        const { several, one } = written(all);
        const merged = new Registry();
        for (const at of inOrder) merged.merge(`worker ${at}`, JSON.parse(JSON.stringify(await several[at]!.snapshot())));
        expect(linesOf(merged.expose())).toEqual(linesOf(one.expose()));
      }),
    );
  });

  test('as memory, and later writes and series are there without a word', () => {
    fc.assert(
      fc.property(writes, writes, order, (before, after, inOrder) => {
        const merged = new Registry();
        const early = written(before);
        for (const at of inOrder) early.several[at]!.share((shared) => merged.merge(`thread ${at}`, shared));
        expect(linesOf(merged.expose())).toEqual(linesOf(early.one.expose()));
        // Gauges have their own order in time, so only what adds up is written by two hands.
        const sums = after.filter(({ metric }) => metric === 'counter' || metric === 'histogram' || metric === 'distinct');
        const theirs = early.several.map((registry) => metricsAgain(registry));
        const its = metricsAgain(early.one);
        for (const each of sums) {
          write(theirs[each.by]!, each);
          write(its, each);
        }
        expect(linesOf(merged.expose())).toEqual(linesOf(early.one.expose()));
      }),
    );
  });

  test('as snapshots of registries that have merged others', async () => {
    await fc.assert(
      fc.asyncProperty(writes, async (all) => {
        const { several, one } = written(all);
        const [first, second, third] = several;
        second!.share((shared) => first!.merge('thread', shared));
        const merged = new Registry();
        merged.merge('worker 1', await first!.snapshot());
        merged.merge('worker 2', await third!.snapshot());
        expect(linesOf(merged.expose())).toEqual(linesOf(one.expose()));
      }),
    );
  });
});

/** The metrics of a registry that has them already. */
function metricsAgain(registry: Registry): Metrics {
  const metrics = made.get(registry);
  if (metrics === undefined) throw new TypeError('this registry was not made here');
  return metrics;
}

/** A process that counts. */
function born(): { registry: Registry; counter: CounterHandle; told: number; last: unknown } {
  const registry = new Registry();
  return { registry, counter: registry.counter({ name: 'c_total', help: 'x' }).labels({}), told: 0, last: undefined };
}

describe('what ends', () => {
  test('stays counted, and its gauges go', async () => {
    const worker = new Registry();
    worker.counter({ name: 'c_total', help: 'x' }).labels({}).add(3);
    worker.gauge({ name: 'g', help: 'x' }).labels({}).set(5);
    const merged = new Registry();
    merged.merge('worker 1', await worker.snapshot());
    merged.retire('worker 1');
    expect(numbersOf(merged.expose())).toEqual(
      new Map([
        ['c_total', 3],
        ['g', 0],
      ]),
    );
  });

  test('no counter falls, however often and whenever workers start, are asked, end and answer late', async () => {
    const step = fc.record({ slot: fc.nat(1), what: fc.constantFrom('count', 'ask', 'restart', 'end', 'late') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const merged = new Registry();
        const workers = [born(), born()];
        const gone: (ReturnType<typeof born> & { readonly slot: number })[] = [];
        for (const { slot, what } of steps) {
          const worker = workers[slot]!;
          if (what === 'count') worker.counter.add();
          if (what === 'ask') {
            worker.last = await worker.registry.snapshot();
            merged.merge(`worker ${slot}`, worker.last);
            worker.told = worker.counter.value;
          }
          if (what === 'end') merged.retire(`worker ${slot}`);
          if (what === 'end' || what === 'restart') {
            gone.push({ ...worker, slot });
            workers[slot] = born();
          }
          const late = gone.at(-1);
          if (what === 'late' && late?.last !== undefined) merged.merge(`worker ${late.slot}`, late.last);
          const told = [...gone, ...workers].reduce((sum, each) => sum + each.told, 0);
          if (told > 0) expect(numbersOf(merged.expose()).get('c_total')).toBe(told);
        }
      }),
    );
  });

  test('of gauges that are no sum, those that were never set do not count', async () => {
    const merged = new Registry();
    for (const [at, value] of [undefined, 5, 7, undefined].entries()) {
      const worker = new Registry();
      for (const merge of ['min', 'max', 'last'] as const) {
        const gauge = worker.gauge({ name: `g_${merge}`, help: 'x', merge }).labels({});
        if (value !== undefined) gauge.set(-value);
      }
      merged.merge(`worker ${at}`, await worker.snapshot());
    }
    const numbers = numbersOf(merged.expose());
    expect([numbers.get('g_min'), numbers.get('g_max')]).toEqual([-7, -5]);
    expect(numbers.get('g_last')).toBeLessThan(0);
  });

  test('a thread that ended is read once more', () => {
    const thread = new Registry();
    const merged = new Registry();
    thread.share((shared) => merged.merge('thread 1', shared));
    thread.counter({ name: 'c_total', help: 'x' }).labels({}).add(3);
    merged.retire('thread 1');
    expect(merged.expose()).toContain('\nc_total 3\n');
  });
});

describe('limits', () => {
  test('series beyond the limit are counted as other, and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), fc.string({ maxLength: 2 }))), async (counts) => {
        const options = { name: 'c_total', help: 'x', labels: ['who'], maxSeries: 3 } as const;
        const several = Array.from({ length: registries }, () => new Registry());
        const counters = several.map((registry) => registry.counter(options));
        for (const [by, who] of counts) counters[by]!.labels({ who }).add();
        const merged = new Registry();
        for (const [at, registry] of several.entries()) merged.merge(`worker ${at}`, await registry.snapshot());
        const numbers = [...numbersOf(merged.expose()).values()];
        expect(numbers.length).toBeLessThanOrEqual(4);
        expect(numbers.reduce((sum, value) => sum + value, 0)).toBe(counts.length);
      }),
    );
  });

  test('memory that grows while it is shared is seen', () => {
    const thread = new Registry();
    const merged = new Registry();
    let sent = 0;
    thread.share((shared) => {
      sent += 1;
      merged.merge('thread 1', shared);
    });
    const histogram = thread.histogram({ name: 'h', help: 'x', labels: ['n'], maxSeries: 3000 });
    for (let n = 0; n < 3000; n += 1) histogram.labels({ n: String(n) }).observe(n);
    const numbers = numbersOf(merged.expose());
    for (let n = 0; n < 3000; n += 1) expect(numbers.get(`h_sum{n="${n}"}`)).toBe(n);
    // 16 cells a series: a message for each 512 of them, and for each time that the directory has doubled.
    expect(sent).toBeLessThan(12);
  });

  test('memory that has not arrived yet is waited for', () => {
    const thread = new Registry();
    const merged = new Registry();
    const onTheWay: unknown[] = [];
    const stop = thread.share((shared) => void onTheWay.push(structuredClone(shared)));
    const counter = thread.counter({ name: 'c_total', help: 'x', labels: ['n'] });
    merged.merge('thread 1', onTheWay[0]);
    counter.labels({ n: '1' }).add();
    expect(merged.expose()).not.toContain('n="1"');
    merged.merge('thread 1', onTheWay[1]);
    expect(merged.expose()).toContain('c_total{n="1"} 1\n');
    stop();
    for (let n = 0; n < 999; n += 1) counter.labels({ n: String(n) });
    expect(onTheWay).toHaveLength(2);
  });
});

describe('what is something else here', () => {
  test.each<[string, (registry: Registry) => unknown]>([
    ['another type', (registry) => registry.gauge({ name: 'h', help: 'x' })],
    ['other buckets', (registry) => registry.histogram({ name: 'h', help: 'x', buckets: [1, 2] })],
    ['other labels', (registry) => registry.histogram({ name: 'h', help: 'x', labels: ['a'] })],
    ['a line of its name', (registry) => registry.gauge({ name: 'h_sum', help: 'x' })],
  ])('%s: is left out and counted once', async (_name, make) => {
    const worker = new Registry();
    worker
      .histogram({ name: 'h', help: 'x', buckets: [1] })
      .labels({})
      .observe(1);
    worker.counter({ name: 'c_total', help: 'x' }).labels({}).add(2);
    const merged = new Registry();
    make(merged);
    const before = linesOf(merged.expose());
    for (let reading = 0; reading < 3; reading += 1) merged.merge('worker 1', await worker.snapshot());
    const page = merged.expose();
    for (const line of before) expect(page).toContain(line);
    expect(page).toContain('\nc_total 2\n');
    expect(page).toContain('\nmetrics_merge_refused_total 1\n');
  });

  test('what is made here after it was heard of is the same metric', async () => {
    const worker = new Registry();
    worker.counter({ name: 'c_total', help: 'x' }).labels({}).add(2);
    const merged = new Registry();
    merged.merge('worker 1', await worker.snapshot());
    const again = () => merged.counter({ name: 'c_total', help: 'mine' });
    again().labels({}).add(3);
    expect(merged.expose()).toContain('\nc_total 5\n');
    expect(codeOf(again)).toBe('ERR_METRICS_CLASH');
  });

  test.each([
    undefined,
    null,
    'text',
    [],
    {},
    { instance: 'a' },
    { instance: 'a', version: 2, metrics: [] },
    { instance: 'a', version: 1, metrics: [null] },
    { instance: 'a', version: 1, metrics: [{ definition: {} }] },
    { instance: 'a', version: 1, metrics: [{ definition: { type: 'counter', name: 'c_total', help: '', labels: [], maxSeries: 1 }, series: [['']] }] },
    { instance: 'a', version: 1, metrics: [{ definition: { type: 'counter', name: 'c_total', help: '', labels: [], maxSeries: 1 }, series: [['', [1, 2]]] }] },
    { instance: 'a', version: 1, metrics: [{ definition: { type: 'counter', name: 'c_total', help: '', labels: [], maxSeries: 1 }, series: [['', ['x']]] }] },
    { instance: 'a', directory: new ArrayBuffer(8), chunks: [] },
  ])('%j is refused', (from) => {
    expect(codeOf(() => new Registry().merge('worker 1', from))).toBe('ERR_METRICS_SNAPSHOT');
  });
});

test('of exemplars the newest is on the page', async () => {
  const several = [5, 9, 7].map((at) => {
    const registry = new Registry();
    registry
      .histogram({ name: 'h', help: 'x', buckets: [1] })
      .labels({})
      .observeTraced(0.5, { at: String(at) }, at * 1000);
    return registry;
  });
  const merged = new Registry();
  for (const [at, registry] of several.entries()) merged.merge(`worker ${at}`, JSON.parse(JSON.stringify(await registry.snapshot())));
  expect(merged.expose('openmetrics')).toContain('h_bucket{le="1"} 3 # {at="9"} 0.5 9.000\n');
});

test('endless numbers go through JSON', async () => {
  const worker = new Registry();
  for (const [name, value] of Object.entries({ a: Infinity, b: -Infinity, c: Number.NaN })) worker.gauge({ name, help: 'x' }).labels({}).set(value);
  const merged = new Registry();
  merged.merge('worker 1', JSON.parse(JSON.stringify(await worker.snapshot())));
  expect(merged.expose()).toBe(worker.expose());
});
