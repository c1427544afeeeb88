import { expect, test } from 'vitest';
import { exceeded, parseLimits } from './limits.ts';
import { parseMix, type Spread } from './mixes.ts';
import { serverFiguresIn } from './server-figures.ts';
import { picker } from './traffic/pick.ts';

test.each([
  ['read', [{ scenario: 'read', share: 1 }]],
  [
    'read=8, orders=2',
    [
      { scenario: 'read', share: 8 },
      { scenario: 'orders', share: 2 },
    ],
  ],
  ['mixed=3', ['mixed-a', 'mixed-b', 'mixed-c'].map((scenario) => ({ scenario, share: 1 }))],
])('the mix %s', (text, parts) => expect(parseMix(text)).toEqual(parts));

test.each(['', 'write', 'read=', 'read=0', 'read,,orders', 'toString', 'read=-1', 'read=1.5'])('%j is no mix', (text) =>
  expect(parseMix(text)).toBeUndefined(),
);

test('limits have units, and errors are a number', () => {
  expect(parseLimits('p99=10ms,mean=250us, max=1.5s,errors=0')).toEqual([
    { figure: 'p99', most: 10 },
    { figure: 'mean', most: 0.25 },
    { figure: 'max', most: 1500 },
    { figure: 'errors', most: 0 },
  ]);
  for (const wrong of ['', 'p99', 'p99=10', 'p98=1ms', 'errors=1ms', 'errors=0.5', 'p99=-1ms']) expect(parseLimits(wrong)).toBeUndefined();
});

test('a latency of which nothing was measured is above any limit', () => {
  const latencyMs = { mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null };
  const nothing = { errors: 0, latencyMs };
  expect(exceeded(parseLimits('p99=3600s,errors=0') ?? [], nothing)).toEqual(['p99: nothing was answered']);
});

test('memory is that of all processes together, the event loop the latest of them', () => {
  const text = [
    '# TYPE process_resident_memory_bytes gauge',
    'process_resident_memory_bytes{worker="1"} 1e8',
    'process_resident_memory_bytes{worker="2"} 5e7',
    'nodejs_eventloop_lag_p99_seconds{worker="1"} 0.01',
    'nodejs_eventloop_lag_p99_seconds{worker="2"} 0.02',
  ].join('\n');
  expect(serverFiguresIn(text)).toEqual({ residentBytes: 1.5e8, eventLoopP99Ms: 20 });
  expect(serverFiguresIn('other 1')).toBeUndefined();
});

/** How often each of 100 players is picked in 1000 draws that are spread evenly. */
function countsOf(spread: Spread): readonly number[] {
  let turn = 0;
  const pick = picker(100, spread, () => (turn++ + 0.5) / 1000);
  const picked = Array.from({ length: 1000 }, pick);
  return Array.from({ length: 100 }, (_, index) => picked.filter((each) => each === index).length);
}

test('with zipf a few players get most of the requests, the first the most; uniformly each gets as many', () => {
  const [first = 0, second = 0, ...rest] = countsOf('zipf');
  // 1 ÷ Σ 1/n^0.99 of a hundred.
  expect(first).toBeCloseTo(190, -1);
  expect(first / second).toBeCloseTo(2 ** 0.99, 0);
  expect(Math.min(...rest)).toBeGreaterThan(0);
  expect(new Set(countsOf('uniform'))).toEqual(new Set([10]));
});
