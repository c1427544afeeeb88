import { expect, test } from 'vitest';
import { surplus } from './balance.ts';

test.each([
  ['nobody', [], []],
  ['one alone', [5000], [0]],
  ['what chance alone brings is left', [1040, 960], [0, 0]],
  ['few connections are left', [8, 2], [0, 0]],
  ['one that came back empty-handed gets some of the others, a tenth at a time', [2000, 0], [200, 0]],
  ['no more than is too much', [1100, 900], [100, 0]],
  ['of many one alone', [13_000, 10_000, 10_000, 10_000], [1300, 0, 0, 0]],
])('%s: %j', (_what, counts, expected) => {
  expect(surplus(counts)).toEqual(expected);
});

test('sending a tenth away again and again leaves all within a tenth of the average', () => {
  let counts = [3000, 0, 0];
  for (let round = 0; round < 60; round += 1) {
    const leaving = surplus(counts);
    const moved = leaving.reduce((sum, count) => sum + count, 0);
    counts = counts.map((count, at) => count - (leaving[at] ?? 0) + moved / 3);
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(1100);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(900);
});
