import { expect, test } from 'vitest';
import { renewAt } from './renewal.ts';

const cache = { holds: () => true, noteUses: () => undefined };
const at = (slot: number, until: number): number => renewAt({ answer: null, cache, grip: { ticket: { slot, stamp: 0 }, until } }, 1000);

test('answers that were asked for together are renewed one after the other, within two to four minutes', () => {
  const times = Array.from({ length: 64 }, (_, slot) => at(slot, Infinity) - 1000);
  expect(new Set(times).size).toBe(64);
  expect([Math.min(...times) > 120_000, Math.max(...times)]).toEqual([true, 240_000]);
});

test('an answer is given out no longer than it is fresh', () => {
  expect(at(0, 1500)).toBe(1500);
});
