import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchSize, stepMs } from './flush-pace.ts';

const pace = { delayMs: 100, maxBatch: 1000 };

test('a burst is spread over several batches, each no larger than the one before (pomelo#574)', () => {
  const batches: number[] = [];
  for (let waiting = 4000; waiting > 0; waiting -= batches.at(-1) ?? 0) batches.push(batchSize(waiting, pace));
  expect(batches[0]).toBe(800);
  expect(batches).toEqual(batches.toSorted((one, other) => other - one));
  expect(batches.length).toBeGreaterThan(10);
});

test('a steady inflow leaves as a steady outflow', () => {
  let waiting = 0;
  let last = 0;
  for (let step = 0; step < 100; step += 1) {
    waiting += 200;
    last = batchSize(waiting, pace);
    waiting -= last;
  }
  expect(last).toBe(200);
  expect(waiting).toBeLessThanOrEqual(5 * 200);
});

test('a batch is never empty, never more than waits, never more than the bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 10_000 }), (waiting, maxBatch) => {
      const size = batchSize(waiting, { delayMs: 100, maxBatch });
      expect(size).toBeGreaterThanOrEqual(1);
      expect(size).toBeLessThanOrEqual(Math.min(waiting, maxBatch));
    }),
  );
});

test('a write waits about the delay', () => {
  expect(stepMs(pace)).toBe(20);
  expect(stepMs({ ...pace, delayMs: 1 })).toBe(1);
});
