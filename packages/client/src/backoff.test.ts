import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';

test('bounds double up to the maximum, and start over after a success', () => {
  const backoff = new Backoff({ baseMs: 10, maxMs: 70, random: () => 1 });
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([10, 20, 40, 70, 70]);
  backoff.reset();
  expect(backoff.next()).toBe(10);
});

test('no wait is negative, infinite or above the maximum, however many attempts fail', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 2000 }), fc.nat(1000), (chance, attempts, baseMs) => {
      const backoff = new Backoff({ baseMs, random: () => chance });
      for (let attempt = 0; attempt < attempts; attempt++) {
        const wait = backoff.next();
        expect(wait >= 0 && wait < 10_000).toBe(true);
      }
    }),
  );
});
