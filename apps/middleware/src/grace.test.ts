import { expect, test } from 'vitest';
import { Grace } from './grace.ts';

test('the parts of a stop share one period, which begins with the first', () => {
  let now = 100;
  const grace = new Grace(1000, () => now);
  now = 5000;
  expect(grace.leftMs()).toBe(1000);
  now = 5600;
  expect(grace.leftMs()).toBe(400);
  now = 9000;
  expect(grace.leftMs()).toBe(0);
});
