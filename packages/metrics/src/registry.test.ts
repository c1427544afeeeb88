import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponentialBuckets } from './histogram.ts';
import { Registry } from './registry.ts';
import { codeOf } from './test/reading.ts';

/** Reads the text format back: `name{label="value"}` → number. Written from the format's page, not from our writer. */
function parse(text: string): { name: string; labels: Record<string, string>; value: number }[] {
  const numbers: Record<string, number> = { '+Inf': Infinity, '-Inf': -Infinity, NaN: Number.NaN };
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const { name = '', labels = '', number = '' } = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<number>\S+)$/s.exec(line)?.groups ?? {};
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/gs)].map(([, key = '', raw = '']) => [
        key,
        raw.replaceAll(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c)),
      ]);
      return { name, labels: Object.fromEntries(pairs), value: numbers[number] ?? Number(number) };
    });
}

test('a counter that somebody else counts rises to their total, and never falls', () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'evictions_total', help: 'x' }).labels({});
  const seen = [3, 7, 5, Number.NaN, 8].map((total) => {
    counter.riseTo(total);
    return counter.value;
  });
  expect(seen).toEqual([3, 7, 7, 7, 8]);
});

test('a value that was observed many times at once counts as if one after the other', () => {
  const registry = new Registry();
  const at = (name: string) => registry.histogram({ name, help: name, buckets: [0.1, 1] }).labels({});
  const [many, single] = [at('many'), at('single')];
  for (const [value, times] of [
    [0.0625, 3],
    [0.5, 1],
    [4, 7],
    [0.5, 0],
    [Number.NaN, 5],
  ] as const) {
    many.observeMany(value, times);
    for (let n = 0; n < times; n += 1) single.observe(value);
  }
  expect([many.cumulative(), many.sum]).toEqual([single.cumulative(), single.sum]);
  expect(many.count).toBe(11);
});

describe('text', () => {
  test('is that of the format, to the letter', () => {
    const registry = new Registry();
    const requests = registry.counter({ name: 'http_requests_total', help: 'Requests\nby \\ code', labels: ['method', 'code'] });
    requests.labels({ method: 'post', code: '200' }).add(1027);
    requests.labels({ code: '400', method: 'a"b\\c\nd' }).add(3);
    registry.gauge({ name: 'temperature', help: 'Now' }).labels({}).set(-Infinity);
    const duration = registry.histogram({ name: 'duration_seconds', help: 'Time', labels: ['op'], buckets: [0.1, 1] });
    for (const value of [0.05, 0.1, 0.5, 5]) duration.labels({ op: 'get' }).observe(value);
    expect(registry.expose()).toBe(
      [
        String.raw`# HELP http_requests_total Requests\nby \\ code`,
        '# TYPE http_requests_total counter',
        'http_requests_total{method="post",code="200"} 1027',
        String.raw`http_requests_total{method="a\"b\\c\nd",code="400"} 3`,
        '# HELP temperature Now',
        '# TYPE temperature gauge',
        'temperature -Inf',
        '# HELP duration_seconds Time',
        '# TYPE duration_seconds histogram',
        'duration_seconds_bucket{op="get",le="0.1"} 2',
        'duration_seconds_bucket{op="get",le="1"} 3',
        'duration_seconds_bucket{op="get",le="+Inf"} 4',
        'duration_seconds_sum{op="get"} 5.65',
        'duration_seconds_count{op="get"} 4',
        '',
      ].join('\n'),
    );
    expect(registry.contentTypes.prometheus).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  test('read back it gives the same numbers and labels, whatever they are', () => {
    const series = fc.uniqueArray(fc.record({ a: fc.string({ unit: 'binary' }), b: fc.string(), value: fc.double() }), {
      selector: ({ a, b }) => JSON.stringify([a, b]),
    });
    fc.assert(
      fc.property(series, (all) => {
        const registry = new Registry();
        const gauge = registry.gauge({ name: 'g', help: 'x', labels: ['a', 'b'] });
        for (const { value, ...labels } of all) gauge.labels(labels).set(value);
        expect(parse(registry.expose())).toEqual(all.map(({ a, b, value }) => ({ name: 'g', labels: { a, b }, value: Object.is(value, -0) ? 0 : value })));
      }),
    );
  });
});

describe('OpenMetrics', () => {
  test('is that of the specification, to the letter, with what was traced beside its bucket', () => {
    const at = Date.UTC(2026, 0, 1) + 5;
    const registry = new Registry();
    const requests = registry.counter({ name: 'requests_total', help: 'What was "asked"', labels: ['code'] });
    requests.labels({ code: '0' }).add(2);
    requests.labels({ code: '0' }).addTraced({ trace_id: 'a"b' }, 3, at);
    const duration = registry.histogram({ name: 'duration_seconds', help: 'Time', buckets: [0.1, 1] }).labels({});
    duration.observe(0.05);
    duration.observeTraced(0.5, { trace_id: 'first' }, at);
    duration.observeTraced(0.7, { trace_id: 'second', span_id: 's' }, at);
    duration.observeTraced(7, {}, at);
    expect(registry.expose('openmetrics')).toBe(
      [
        String.raw`# HELP requests What was \"asked\"`,
        '# TYPE requests counter',
        String.raw`requests_total{code="0"} 5 # {trace_id="a\"b"} 3 1767225600.005`,
        '# HELP duration_seconds Time',
        '# TYPE duration_seconds histogram',
        'duration_seconds_bucket{le="0.1"} 1',
        'duration_seconds_bucket{le="1"} 3 # {trace_id="second",span_id="s"} 0.7 1767225600.005',
        'duration_seconds_bucket{le="+Inf"} 4 # {} 7 1767225600.005',
        'duration_seconds_sum 8.25',
        'duration_seconds_count 4',
        '# EOF',
        '',
      ].join('\n'),
    );
    expect(registry.expose()).not.toContain('trace_id');
  });

  test('an example whose labels are too long or have no name is refused and nothing is counted', () => {
    const registry = new Registry();
    const counter = registry.counter({ name: 'c_total', help: 'x' }).labels({});
    const histogram = registry.histogram({ name: 'h', help: 'x' }).labels({});
    // 128 characters, name and value together.
    counter.addTraced({ trace_id: '🐎'.repeat(120) });
    for (const labels of [{ trace_id: 'x'.repeat(121) }, { '': 'x' }, { 'trace-id': 'x' }]) {
      expect(codeOf(() => counter.addTraced(labels))).toBe('ERR_METRICS_LABELS');
      expect(codeOf(() => histogram.observeTraced(1, labels))).toBe('ERR_METRICS_LABELS');
    }
    expect([counter.value, histogram.count]).toEqual([1, 0]);
  });
});

describe('counter', () => {
  test('adds up exactly what a naive sum gives, and never falls', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double(), fc.integer())), (amounts) => {
        const counter = new Registry().counter({ name: 'c_total', help: 'x' }).labels({});
        let expected = 0;
        for (const amount of amounts) {
          const before = counter.value;
          counter.add(amount);
          if (amount > 0 && amount < Infinity) expected += amount;
          expect(counter.value).toBeGreaterThanOrEqual(before);
        }
        expect(counter.value).toBe(expected);
      }),
    );
  });

  test('without labels it is there at zero from the start', () => {
    const registry = new Registry();
    registry.counter({ name: 'c_total', help: 'x' });
    expect(registry.expose()).toContain('\nc_total 0\n');
  });

  test.each([-1, Number.NaN, Infinity, -Infinity])('%d is not added', (amount) => {
    const counter = new Registry().counter({ name: 'c_total', help: 'x' }).labels({});
    counter.add(2);
    counter.add(amount);
    expect(counter.value).toBe(2);
  });

  test('counts one by default', () => {
    const counter = new Registry().counter({ name: 'c_total', help: 'x' }).labels({});
    counter.add();
    counter.add();
    expect(counter.value).toBe(2);
  });
});

describe('exponential buckets', () => {
  test('rise by their factor', () => {
    expect(exponentialBuckets(64, 4, 5)).toEqual([64, 256, 1024, 4096, 16_384]);
    expect(exponentialBuckets(0.5, 2, 1)).toEqual([0.5]);
  });

  test.each([
    [0, 2, 3],
    [-1, 2, 3],
    [Number.NaN, 2, 3],
    [1, 1, 3],
    [1, 2, 0],
    [1, 2, 501],
    [1, 2, 1.5],
    [1e300, 1e10, 3],
  ])('from %d by %d, %d of them, are refused', (start, factor, count) => {
    expect(codeOf(() => exponentialBuckets(start, factor, count))).toBe('ERR_METRICS_OPTIONS');
  });
});

describe('gauge', () => {
  test('is set, raised and lowered', () => {
    const gauge = new Registry().gauge({ name: 'g', help: 'x' }).labels({});
    gauge.set(5);
    gauge.add();
    gauge.add(-3);
    expect(gauge.value).toBe(3);
  });
});

describe('histogram', () => {
  const buckets = fc
    .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 20, selector: (bound) => bound + 0 })
    .map((bounds) => bounds.toSorted((a, b) => a - b));

  test('buckets are cumulative and equal the naive count, and the text says the same', () => {
    fc.assert(
      fc.property(buckets, fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -2e9, max: 2e9 })), (bounds, free) => {
        // A value on a bound belongs to the bound's bucket, so the bounds themselves are observed too.
        const values = [...free, ...bounds];
        const registry = new Registry();
        const handle = registry.histogram({ name: 'h', help: 'x', buckets: bounds }).labels({});
        for (const value of values) handle.observe(value);
        const naive = [...bounds, Infinity].map((bound) => values.filter((value) => value <= bound).length);
        expect(handle.cumulative()).toEqual(naive);
        expect(handle.count).toBe(values.length);
        expect(handle.sum).toBe(values.reduce((sum, value) => sum + value, 0));
        const lines = parse(registry.expose());
        expect(lines.filter(({ name }) => name === 'h_bucket').map(({ value }) => value)).toEqual(naive);
        expect(lines.find(({ name }) => name === 'h_count')?.value).toBe(values.length);
        expect(lines.find(({ name }) => name === 'h_sum')?.value).toBe(handle.sum + 0);
      }),
    );
  });

  test('what is no number is not counted', () => {
    const handle = new Registry().histogram({ name: 'h', help: 'x' }).labels({});
    handle.observe(Number.NaN);
    expect([handle.count, handle.sum]).toEqual([0, 0]);
  });

  test.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[Number.NaN]]])('buckets %j are refused', (bounds) => {
    expect(codeOf(() => new Registry().histogram({ name: 'h', help: 'x', buckets: bounds }))).toBe('ERR_METRICS_OPTIONS');
  });
});

describe('series', () => {
  test('the same labels give the same handle, in any order of keys', () => {
    const counter = new Registry().counter({ name: 'c_total', help: 'x', labels: ['a', 'b'] });
    expect(counter.labels({ a: '1', b: '2' })).toBe(counter.labels({ b: '2', a: '1' }));
    expect(counter.labels({ a: '1', b: '2' })).not.toBe(counter.labels({ a: '2', b: '1' }));
  });

  test('many series of many metrics never share a cell', () => {
    const registry = new Registry();
    const histograms = Array.from({ length: 4 }, (_, n) => registry.histogram({ name: `h${n}`, help: 'x', labels: ['n'], maxSeries: 2000 }));
    const handles = histograms.flatMap((histogram) => Array.from({ length: 1500 }, (_, n) => histogram.labels({ n: String(n) })));
    for (const [at, handle] of handles.entries()) handle.observe(at);
    for (const [at, handle] of handles.entries()) expect([handle.count, handle.sum]).toEqual([1, at]);
  });

  test('a metric with more buckets than a chunk has cells works', () => {
    const handle = new Registry().histogram({ name: 'h', help: 'x', buckets: Array.from({ length: 10_000 }, (_, n) => n) }).labels({});
    handle.observe(9999);
    handle.observe(1e6);
    expect(handle.cumulative().slice(-3)).toEqual([0, 1, 2]);
  });

  test('past the limit everything new is counted as other, and what was known stays', () => {
    const registry = new Registry();
    const counter = registry.counter({ name: 'c_total', help: 'x', labels: ['ip', 'code'], maxSeries: 2 });
    for (const ip of ['1', '2', '3', '4', '1', '3']) counter.labels({ ip, code: '0' }).add();
    expect(parse(registry.expose())).toEqual([
      { name: 'c_total', labels: { ip: '1', code: '0' }, value: 2 },
      { name: 'c_total', labels: { ip: '2', code: '0' }, value: 1 },
      { name: 'c_total', labels: { ip: 'other', code: 'other' }, value: 3 },
    ]);
  });

  test('who wants to know hears once of each metric that has too many series', () => {
    const heard: string[] = [];
    const registry = new Registry({ overflowed: (metric) => void heard.push(metric) });
    const counter = registry.counter({ name: 'c_total', help: 'x', labels: ['ip'], maxSeries: 2 });
    const gauge = registry.gauge({ name: 'g', help: 'x', labels: ['ip'], maxSeries: 1 });
    for (const ip of ['a', 'b', 'a']) counter.labels({ ip });
    expect(heard).toEqual([]);
    for (const ip of ['c', 'd', 'a']) counter.labels({ ip });
    for (const ip of ['a', 'b', 'c']) gauge.labels({ ip });
    expect(heard).toEqual(['c_total', 'g']);
  });

  test('a series that is really called other is never written twice', () => {
    for (const order of [
      ['other', 'a', 'b', 'other'],
      ['a', 'b', 'other'],
    ]) {
      const registry = new Registry();
      const counter = registry.counter({ name: 'c_total', help: 'x', labels: ['v'], maxSeries: 1 });
      for (const v of order) counter.labels({ v }).add();
      const lines = parse(registry.expose());
      expect(new Set(lines.map(({ labels }) => labels['v'])).size).toBe(lines.length);
      expect(lines.reduce((sum, { value }) => sum + value, 0)).toBe(order.length);
    }
  });

  test('other labels than those of the metric are refused', () => {
    const counter = new Registry().counter<string>({ name: 'c_total', help: 'x', labels: ['a'] });
    counter.labels({ a: '1' });
    for (const labels of [{}, { b: '1' }, { a: '1', b: '2' }, { toString: 'x' }]) expect(codeOf(() => counter.labels(labels))).toBe('ERR_METRICS_LABELS');
  });
});

describe('registry', () => {
  test.each(['', '9a', 'a-b', 'a b', 'ä'])('%j is no name', (name) => {
    expect(codeOf(() => new Registry().counter({ name, help: 'x' }))).toBe('ERR_METRICS_NAME');
    if (name !== 'a:b') expect(codeOf(() => new Registry().gauge({ name: 'g', help: 'x', labels: [name] }))).toBe('ERR_METRICS_NAME');
  });

  test.each([[['le']], [['__name__']], [['a', 'a']], [['a:b']]])('labels %j are refused', (labels) => {
    expect(codeOf(() => new Registry().gauge({ name: 'g', help: 'x', labels }))).toBe('ERR_METRICS_NAME');
  });

  test.each([0, -1, 1.5, Number.NaN])('a limit of %d series is refused', (maxSeries) => {
    expect(codeOf(() => new Registry().gauge({ name: 'g', help: 'x', maxSeries }))).toBe('ERR_METRICS_OPTIONS');
  });

  test('two metrics whose lines would have one name are refused', () => {
    const registry = new Registry();
    registry.histogram({ name: 'h', help: 'x' });
    expect(codeOf(() => registry.gauge({ name: 'h_count', help: 'x' }))).toBe('ERR_METRICS_CLASH');
    expect(codeOf(() => registry.gauge({ name: 'h', help: 'x' }))).toBe('ERR_METRICS_CLASH');
    registry.gauge({ name: 'i_sum', help: 'x' });
    expect(codeOf(() => registry.histogram({ name: 'i', help: 'x' }))).toBe('ERR_METRICS_CLASH');
    registry.gauge({ name: 'j', help: 'x' });
    expect(codeOf(() => registry.counter({ name: 'j_total', help: 'x' }))).toBe('ERR_METRICS_CLASH');
  });

  test('collectors run before each reading until they are taken out', () => {
    const registry = new Registry();
    const gauge = registry.gauge({ name: 'g', help: 'x' }).labels({});
    const remove = registry.onCollect(() => gauge.add());
    registry.expose();
    expect(registry.expose()).toContain('\ng 2\n');
    remove();
    expect(registry.expose()).toContain('\ng 2\n');
  });

  test('a collector that fails is counted and stops no other', () => {
    const registry = new Registry();
    const gauge = registry.gauge({ name: 'g', help: 'x' }).labels({});
    registry.onCollect(() => {
      throw new TypeError('broken');
    });
    registry.onCollect(() => gauge.set(7));
    expect(registry.expose()).toContain('\ng 7\n');
    expect(registry.expose()).toContain('\nmetrics_collect_errors_total 2\n');
  });
});
