import { MidgardError } from '@midgard/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { standardOperations } from '../operations/index.ts';
import { parseInput } from './validate.ts';

const operations = new Map(standardOperations().map((operation) => [operation.name, operation]));

function detailsOf(name: 'player.create' | 'player.list' | 'item.grant', raw: unknown): unknown {
  try {
    parseInput(operations.get(name)!, raw);
    return undefined;
  } catch (error) {
    if (!MidgardError.is(error, 'invalidInput')) throw error;
    return error.details;
  }
}

test('an issue says where, what and what would have been right', () => {
  expect(detailsOf('player.list', { sort: 'name', limit: 500, x: 1 })).toEqual({
    issues: [
      { path: 'sort', message: expect.any(String), expected: 'id | level | createdAt' },
      { path: 'limit', message: 'a whole number from 1 to 200', expected: 'a whole number from 1 to 200' },
      { path: 'x', message: 'unknown field', expected: 'no such field' },
    ],
  });
});

test('a field that is not there is told as missing', () => {
  expect(detailsOf('player.create', {})).toEqual({
    issues: [{ path: 'name', message: 'missing', expected: 'text of 1 to 64 characters, without control characters' }],
  });
});

test('__proto__ is an unknown field like any other', () => {
  expect(detailsOf('player.create', JSON.parse('{"name":"a","__proto__":{"isAdmin":true}}'))).toEqual({
    issues: [{ path: '__proto__', message: 'unknown field', expected: 'no such field' }],
  });
});

test('what comes back of a hostile input is bounded', () => {
  const raw = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`${'\ud83d\udc09'.repeat(1000)}${n}`, n]));
  const text = JSON.stringify(detailsOf('player.create', { name: 'a', ...raw }));
  expect(text.length).toBeLessThan(20_000);
  expect(text.isWellFormed()).toBe(true);
});

test('nothing at all is an empty input', () => {
  expect(detailsOf('player.list', undefined)).toBeUndefined();
});

test('whatever comes in, an operation takes it or answers 2001', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true });
  const fields = fc.record(
    { playerId: anything, itemType: anything, quantity: anything, reason: anything, attributes: anything, idempotencyKey: anything },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(anything, fields), (raw) => void detailsOf('item.grant', raw)),
    { numRuns: 500 },
  );
});
