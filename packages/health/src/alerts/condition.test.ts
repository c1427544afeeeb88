import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Condition } from './condition.ts';
import { type MetricSnapshot, textMetrics } from './metric-source.ts';
import type { AlertRuleInput } from './rule.ts';
import { alertRuleSchema } from './schema.ts';

const page = `# HELP errors_total Errors
# TYPE errors_total counter
errors_total{game="realm",code="1"} 6
errors_total{game="realm",code="2"} 2
errors_total{game="life",code="1"} 1
errors_total_created 12
up 1 1700000000000
broken NaN
free{path="a\\\\b\\"c\\nd,e}f=g"} +Inf
`;
const metrics = textMetrics(() => page).snapshot();

function condition(rule: Partial<AlertRuleInput>): Condition {
  return new Condition(alertRuleSchema.parse({ name: 'Rule', metric: 'errors_total', comparison: '>', value: 0, ...rule }));
}

function hits(rule: Partial<AlertRuleInput>, snapshot: MetricSnapshot = metrics) {
  return condition(rule).hits(snapshot, 0);
}

const escape = (text: string) =>
  text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`);

const read = (text: string) =>
  textMetrics(() => text)
    .snapshot()
    .read('m');

const snapshot = (series: Readonly<Record<string, number>>): MetricSnapshot => ({
  read: () => Object.entries(series).map(([game, value]) => ({ labels: { game }, value })),
});

describe('values', () => {
  test('each series by itself, or reduced, or reduced by some labels', () => {
    expect(hits({ value: 1 }).map(({ value }) => value)).toEqual([6, 2]);
    expect(hits({ reduce: 'sum' })).toEqual([{ labels: {}, value: 9 }]);
    expect(hits({ reduce: 'max', by: ['game'] })).toEqual([
      { labels: { game: 'realm' }, value: 6 },
      { labels: { game: 'life' }, value: 1 },
    ]);
    expect(hits({ reduce: 'min' })).toMatchObject([{ value: 1 }]);
    expect(hits({ reduce: 'avg' })).toMatchObject([{ value: 3 }]);
    expect(hits({ labels: { game: 'realm' }, reduce: 'sum' })).toMatchObject([{ value: 8 }]);
  });

  test.each<[AlertRuleInput['comparison'], number, boolean]>([
    ['>', 8, true],
    ['>', 9, false],
    ['>=', 9, true],
    ['<', 9, false],
    ['<', 10, true],
    ['<=', 9, true],
    ['==', 9, true],
    ['==', 8, false],
    ['!=', 9, false],
    ['!=', 8, true],
  ])('9 %s %s is %s', (comparison, value, holds) => {
    expect(hits({ comparison, value, reduce: 'sum' })).toHaveLength(holds ? 1 : 0);
  });

  test('what is missing or no number holds nothing, unless the rule is about absence', () => {
    expect(hits({ metric: 'gone', comparison: '<', value: 1 })).toEqual([]);
    expect(hits({ metric: 'broken', comparison: '!=', value: 1 })).toEqual([]);
    expect(hits({ metric: 'gone', labels: { game: 'realm' }, firesWhenAbsent: true })).toEqual([{ labels: { game: 'realm' }, value: Number.NaN }]);
    expect(hits({ metric: 'up', firesWhenAbsent: true, value: 5 })).toEqual([]);
  });

  test('the text is read with its escapes, timestamps and words for numbers', () => {
    expect(metrics.read('up')).toEqual([{ labels: {}, value: 1 }]);
    expect(metrics.read('free')).toEqual([{ labels: { path: 'a\\b"c\nd,e}f=g' }, value: Infinity }]);
    expect(metrics.read('errors_total_created')).toEqual([{ labels: {}, value: 12 }]);
    expect(metrics.read('errors')).toEqual([]);
  });

  test('any labels and values that are written as the format asks are read as they were', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z]{1,5}$/),
          fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\r')),
        ),
        fc.double({ noNaN: true }),
        (labels, value) => {
          const inside = Object.entries(labels).map(([name, text]) => `${name}="${escape(text)}"`);
          const written = Object.is(value, -0) ? '-0' : Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
          const source = textMetrics(() => `m{${inside.join(',')}} ${written}\n`);
          expect(source.snapshot().read('m')).toEqual([{ labels: { ...labels }, value }]);
        },
      ),
    );
  });

  test('lines of one metric need not stand together, and a name may begin with another', () => {
    const source = textMetrics(() => 'm 1\nm_total{a="b"} 2\nm{a="b"} 3\n\n# m 4\nm_total 5\nm 6').snapshot();
    expect(source.read('m').map(({ value }) => value)).toEqual([1, 3, 6]);
    expect(source.read('m_total').map(({ value }) => value)).toEqual([2, 5]);
    expect(source.read('')).toEqual([]);
  });

  test('lines that are not of the format are passed over', () => {
    for (const line of ['m', 'm{', 'm{a', 'm{a="b', 'm{a=b} 1', 'm{a="b"}', 'm x', 'm{a="b"} one']) expect(read(line)).toEqual([]);
  });
});

describe('rates', () => {
  test('a rate is the rise per second, and a counter that falls has started anew', () => {
    const rule = condition({ rateOverMs: 60_000, comparison: '>=', value: 0 });
    expect(rule.hits(snapshot({ realm: 100 }), 0)).toEqual([]);
    expect(rule.hits(snapshot({ realm: 130 }), 30_000)).toEqual([{ labels: { game: 'realm' }, value: 1 }]);
    expect(rule.hits(snapshot({ realm: 15 }), 45_000)).toEqual([{ labels: { game: 'realm' }, value: 1 }]);
  });

  test('what is older than the window no longer counts, and there is a rate even when looks are further apart', () => {
    const rule = condition({ rateOverMs: 10_000, comparison: '>=', value: 0 });
    rule.hits(snapshot({ realm: 0 }), 0);
    rule.hits(snapshot({ realm: 1000 }), 10_000);
    expect(rule.hits(snapshot({ realm: 1010 }), 20_000)).toMatchObject([{ value: 1 }]);
    expect(rule.hits(snapshot({ realm: 1130 }), 80_000)).toMatchObject([{ value: 2 }]);
  });

  test('a clock that is set back costs one look', () => {
    const rule = condition({ rateOverMs: 60_000, comparison: '>=', value: 0 });
    rule.hits(snapshot({ realm: 0 }), 3_600_000);
    rule.hits(snapshot({ realm: 10 }), 3_610_000);
    expect(rule.hits(snapshot({ realm: 20 }), 10_000)).toEqual([]);
    expect(rule.hits(snapshot({ realm: 40 }), 20_000)).toMatchObject([{ value: 2 }]);
  });

  test('series come and go', () => {
    const rule = condition({ rateOverMs: 60_000, reduce: 'sum', value: -1 });
    rule.hits(snapshot({ realm: 0, life: 0 }), 0);
    expect(rule.hits(snapshot({ realm: 10, life: 20, new: 500 }), 10_000)).toMatchObject([{ value: 3 }]);
    rule.hits(snapshot({}), 20_000);
    expect(rule.hits(snapshot({ realm: 900 }), 30_000)).toEqual([]);
  });

  test('a rate is never negative, whatever the counters do', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 1, max: 100_000 }), value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const rule = condition({ rateOverMs: 60_000, comparison: '<', value: 0 });
        let now = 0;
        for (const { afterMs, value } of steps) {
          now += afterMs;
          expect(rule.hits(snapshot({ realm: value }), now)).toEqual([]);
        }
      }),
    );
  });
});

describe('quantiles', () => {
  const buckets = textMetrics(
    () => `seconds_bucket{game="realm",le="0.1"} 50
seconds_bucket{game="realm",le="0.5"} 90
seconds_bucket{game="realm",le="+Inf"} 100
seconds_bucket{game="life",le="0.1"} 0
seconds_bucket{game="life",le="0.5"} 100
seconds_bucket{game="life",le="+Inf"} 100
seconds_bucket{game="idle",le="0.1"} 0
seconds_bucket{game="idle",le="+Inf"} 0
`,
  ).snapshot();

  test.each([
    [0.5, [0.1, 0.3]],
    [0.9, [0.5, 0.46]],
    [0.99, [0.5, 0.496]],
    [0.25, [0.05, 0.2]],
  ])('quantile %s is linear within a bucket', (quantile, expected) => {
    const values = hits({ metric: 'seconds', quantile, value: -1 }, buckets).map(({ value }) => value);
    expect(values).toHaveLength(2);
    for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 9);
  });

  test('with sum it is that of all together', () => {
    const [hit] = hits({ metric: 'seconds', quantile: 0.5, reduce: 'sum', value: -1 }, buckets);
    expect(hit?.labels).toEqual({});
    expect(hit?.value).toBeCloseTo(0.1 + 0.4 * (50 / 140), 9);
  });
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['name', { name: 'no spaces' }],
  ['metric', { metric: '1abc' }],
  ['comparison', { comparison: '=>' }],
  ['value', { value: 'ten' }],
  ['forMs', { forMs: -1 }],
  ['severity', { severity: 'fatal' }],
  ['by', { by: ['game'] }],
  ['reduce', { quantile: 0.9, reduce: 'max' }],
  ['quantile', { quantile: 99 }],
  ['labels.__name', { labels: { __name: 'x' } }],
  ['', { treshold: 1 }],
])('a rule that is wrong at %s is refused', (field, wrong) => {
  const parsed = alertRuleSchema.safeParse({ name: 'Rule', metric: 'm', comparison: '>', value: 0, ...wrong });
  expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
});
