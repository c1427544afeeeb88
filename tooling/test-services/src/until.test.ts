import { expect, test } from 'vitest';
import { quickest } from './until.ts';

/** @returns a measurement that takes these times, one after the other, and how often it was made */
function measurement(...times: readonly number[]): { readonly measure: () => Promise<number>; readonly made: () => number } {
  let made = 0;
  return { measure: async () => times[made++] ?? Infinity, made: () => made };
}

test('what was quick enough is not measured again', async () => {
  const { measure, made } = measurement(99);
  expect([await quickest(100, measure), made()]).toEqual([99, 1]);
});

test('what was slow is measured again, until it was quick', async () => {
  const { measure, made } = measurement(5000, 100, 20, 10);
  expect([await quickest(100, measure), made()]).toEqual([20, 3]);
});

test('what is slow each time is told with its best, and not quick', async () => {
  const { measure, made } = measurement(5000, 3000, 4000, 20);
  expect([await quickest(100, measure), made()]).toEqual([3000, 3]);
});
