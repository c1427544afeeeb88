import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { attemptJob, backoffMs, reasonOf } from './job-attempt.ts';

test('the back-off doubles up to its bound, and lies between a half and the whole of that', () => {
  expect([1, 2, 3, 4, 5].map((attempt) => backoffMs({ baseMs: 100, maxMs: 1000 }, attempt, () => 1))).toEqual([100, 200, 400, 800, 1000]);
  expect([1, 2, 5].map((attempt) => backoffMs({ baseMs: 100, maxMs: 1000 }, attempt, () => 0))).toEqual([50, 100, 500]);
});

test('the back-off is a whole number of milliseconds within its bounds, for any attempt', () => {
  const anything = fc.tuple(fc.nat(10_000), fc.nat(1_000_000), fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(anything, ([baseMs, more, attempt, random]) => {
      const delayMs = backoffMs({ baseMs, maxMs: baseMs + more }, attempt, () => random);
      return Number.isSafeInteger(delayMs) && delayMs >= Math.floor(baseMs / 2) && delayMs <= baseMs + more;
    }),
  );
});

test('a job that died with its worker on its last attempt is not started again', async () => {
  const start = { id: 'a', data: 1, attempt: 4, maxAttempts: 3, backoff: { baseMs: 1, maxMs: 1 }, signal: new AbortController().signal };
  const handler = vi.fn();
  const work = { parse: (data: number) => data, handler, random: () => 0 };
  expect(await attemptJob(start, work)).toMatchObject({ kind: 'dead' });
  expect(handler).not.toHaveBeenCalled();
});

test('a reason is short, whatever was thrown', () => {
  expect(reasonOf(new Error('x'.repeat(5000)))).toHaveLength(2000);
  expect(reasonOf(undefined)).toBe('undefined');
  expect(reasonOf({ code: 7 })).toBe('{ code: 7 }');
});
