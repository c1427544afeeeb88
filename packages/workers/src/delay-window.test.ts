import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DelayWindow } from './delay-window.ts';

test('without samples all is 0', () => {
  expect(new DelayWindow().percentiles()).toEqual({ p50: 0, p95: 0 });
});

test.each([
  [[5], { p50: 5, p95: 5 }],
  [[10, 2], { p50: 2, p95: 10 }],
  [Array.from({ length: 100 }, (_, at) => 100 - at), { p50: 50, p95: 95 }],
])('nearest rank %#', (samples, expected) => {
  const window = new DelayWindow();
  for (const ms of samples) window.add(ms);
  expect(window.percentiles()).toEqual(expected);
});

test('property: only the last 256 count', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 700, size: 'max' }), (samples) => {
      const window = new DelayWindow();
      for (const ms of samples) window.add(ms);
      const last = samples.slice(-256).sort((a, b) => a - b);
      const rank = (share: number): number | undefined => last.find((_, at) => (at + 1) / last.length >= share);
      expect(window.percentiles()).toEqual({ p50: rank(0.5), p95: rank(0.95) });
    }),
  );
});
