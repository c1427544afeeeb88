import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchLimit } from './batch-limit.ts';

/** Full batches, one after another, by a handler that takes some time for each call and some for each item. */
function limitsAfter(limit: BatchLimit, batches: number, msPerCall: number, msPerItem: number): number[] {
  return Array.from({ length: batches }, () => {
    limit.observe(limit.items, msPerCall + limit.items * msPerItem, limit.items);
    return limit.items;
  });
}

describe('size of batches', () => {
  test('without a target it is at its most, and stays', () => {
    const limit = new BatchLimit(1, 100, undefined);
    limit.observe(100, 1e9, 100);
    expect(limit.items).toBe(100);
  });

  test('starts at its least, and is at its most after 32 quick batches', () => {
    const limit = new BatchLimit(10, 330, 50);
    expect(limit.items).toBe(10);
    expect(limitsAfter(limit, 40, 1, 0).slice(30)).toEqual([320, 330, 330, 330, 330, 330, 330, 330, 330, 330]);
  });

  test('grows by one at least, however near its bounds are', () => {
    expect(limitsAfter(new BatchLimit(1, 4, 50), 4, 1, 0)).toEqual([2, 3, 4, 4]);
  });

  test('shrinks by a quarter, down to its least', () => {
    const limit = new BatchLimit(10, 330, 50);
    limitsAfter(limit, 40, 1, 0);
    expect(limitsAfter(limit, 14, 51, 0)).toEqual([247, 185, 138, 103, 77, 57, 42, 31, 23, 17, 12, 10, 10, 10]);
  });

  test('a batch that was not full grows nothing, but shrinks if it was slow', () => {
    const limit = new BatchLimit(1, 64, 50);
    limitsAfter(limit, 40, 1, 0);
    limit.observe(3, 60, 64);
    expect(limit.items).toBe(48);
    limit.observe(47, 1, 48);
    expect(limit.items).toBe(48);
  });

  test('several slow batches of the same time shrink it once', () => {
    const limit = new BatchLimit(1, 64, 50);
    limitsAfter(limit, 40, 1, 0);
    for (let i = 0; i < 4; i += 1) limit.observe(64, 60, 64);
    expect(limit.items).toBe(48);
    limit.observe(48, 60, 48);
    limit.observe(64, 60, 64);
    expect(limit.items).toBe(36);
  });

  test('swings about the largest batch that is done in time, within its bounds, for any handler', () => {
    const settings = fc.record({
      minItems: fc.integer({ min: 1, max: 50 }),
      span: fc.integer({ min: 0, max: 5000 }),
      targetMs: fc.integer({ min: 1, max: 500 }),
      msPerCall: fc.integer({ min: 0, max: 100 }),
      msPerItem: fc.double({ min: 0.001, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(settings, ({ minItems, span, targetMs, msPerCall, msPerItem }) => {
        const maxItems = minItems + span;
        const limit = new BatchLimit(minItems, maxItems, targetMs);
        const best = Math.min(maxItems, Math.max(minItems, (targetMs - msPerCall) / msPerItem));
        const step = Math.max(1, span / 32);
        limitsAfter(limit, 40, msPerCall, msPerItem);
        const swing = limitsAfter(limit, 100, msPerCall, msPerItem);
        expect(Math.max(...swing)).toBeLessThanOrEqual(Math.min(maxItems, best + step + 1));
        expect(Math.min(...swing)).toBeGreaterThanOrEqual(Math.max(minItems, Math.floor(best * 0.75) - 1));
      }),
    );
  });
});
