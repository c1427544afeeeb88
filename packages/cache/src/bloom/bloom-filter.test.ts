import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CacheError } from '../errors.ts';
import { BloomFilter } from './bloom-filter.ts';
import type { BloomKey } from './key-hash.ts';

/** The same numbers in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Ways in which real keys resemble each other. */
const kinds: Readonly<Record<string, (i: number) => BloomKey>> = {
  'counted integers': (i) => i,
  'integers with a clock in their upper half': (i) => 382_304_210_332 * 2048 + i * 64,
  'negative integers': (i) => -1 - i,
  'strings with a common beginning': (i) => `player:${i}`,
  'strings with a common end': (i) => `${i}:inventory`,
  'short strings': (i) => i.toString(36),
  'strings outside Latin': (i) => `名${i}`,
};

function passingShare(filter: BloomFilter, keyOf: (i: number) => BloomKey, from: number, count: number): number {
  let passed = 0;
  for (let i = from; i < from + count; i += 1) if (filter.mightHave(keyOf(i))) passed += 1;
  return passed / count;
}

const anyKey = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.maxSafeInteger(), fc.integer({ min: 0, max: 300 }));

test('what was added always passes, whatever it is and however much more is added than expected', () => {
  fc.assert(
    fc.property(fc.array(anyKey), fc.integer({ min: 1, max: 20 }), fc.double({ min: 1e-6, max: 0.9, noNaN: true }), (keys, expectedKeys, falsePositiveRate) => {
      const filter = new BloomFilter({ expectedKeys, falsePositiveRate });
      for (const [i, key] of keys.entries()) {
        filter.add(key);
        expect(keys.slice(0, i + 1).every((added) => filter.mightHave(added))).toBe(true);
      }
      expect(filter.size).toBeLessThanOrEqual(new Set(keys).size);
    }),
    { numRuns: 500 },
  );
});

test('an empty filter lets nothing pass', () => {
  const filter = new BloomFilter({ expectedKeys: 1000 });
  expect(passingShare(filter, (i) => `player:${i}`, 0, 10_000)).toBe(0);
});

describe('no more absent keys pass than was asked', () => {
  test.for(
    Object.keys(kinds).flatMap((kind) => [[100, 0.01] as const, [1000, 0.1] as const, [20_000, 0.001] as const].map(([keys, rate]) => ({ kind, keys, rate }))),
  )('$kind: $keys at $rate', ({ kind, keys, rate }) => {
    const keyOf = kinds[kind]!;
    // A small filter is one draw of a wide spread: the mean of many is what was asked for.
    const filters = Math.max(1, 2000 / keys);
    let sum = 0;
    for (let n = 0; n < filters; n += 1) {
      const filter = new BloomFilter({ expectedKeys: keys, falsePositiveRate: rate, random: seeded(n + 1) });
      for (let i = 0; i < keys; i += 1) filter.add(keyOf(i));
      sum += passingShare(filter, keyOf, keys, 200_000 / filters);
    }
    expect(sum / filters).toBeLessThan(rate * 1.2);
  });

  test('of a million absent ids fewer than 1 % pass a filter of a million ids', () => {
    const filter = new BloomFilter({ expectedKeys: 1_000_000, falsePositiveRate: 0.01, random: seeded(42) });
    for (let i = 0; i < 1_000_000; i += 1) filter.add(i);
    const random = seeded(7);
    expect(passingShare(filter, () => 1_000_000 + Math.floor(random() * 2 ** 52), 0, 1_000_000)).toBeLessThan(0.01);
    expect(filter.bytes).toBeLessThan((1_000_000 * 10.2) / 8);
  });

  test('also when it holds ten times as many keys as expected', () => {
    const filter = new BloomFilter({ expectedKeys: 2000, falsePositiveRate: 0.01, random: seeded(3) });
    for (let i = 0; i < 20_000; i += 1) filter.add(i);
    expect(passingShare(filter, (i) => i, 20_000, 200_000)).toBeLessThan(0.012);
  });
});

test('the integer 1 and the string "1" are two keys', () => {
  const filter = new BloomFilter({ expectedKeys: 1000, falsePositiveRate: 0.001, random: seeded(1) });
  for (let i = 0; i < 1000; i += 1) filter.add(i);
  expect(passingShare(filter, String, 0, 1000)).toBeLessThan(0.01);
});

test('filters of different seeds let different absent keys pass, so that nobody can look them up beforehand', () => {
  const [one, other] = [1, 2].map((seed) => {
    const filter = new BloomFilter({ expectedKeys: 10_000, random: seeded(seed) });
    for (let i = 0; i < 10_000; i += 1) filter.add(i);
    return filter;
  });
  const passOne = Array.from({ length: 100_000 }, (_, i) => 10_000 + i).filter((key) => one!.mightHave(key));
  expect(passOne.length).toBeGreaterThan(500);
  expect(passOne.filter((key) => other!.mightHave(key)).length / passOne.length).toBeLessThan(0.05);
});

test('its size counts different keys, however often they are added', () => {
  const filter = new BloomFilter({ expectedKeys: 1000, random: seeded(1) });
  for (let round = 0; round < 5; round += 1) for (let i = 0; i < 10_000; i += 1) filter.add(`key:${i}`);
  expect(filter.size).toBeLessThanOrEqual(10_000);
  expect(filter.size).toBeGreaterThan(9900);
});

test('add says whether the key was new', () => {
  const filter = new BloomFilter({ expectedKeys: 10 });
  expect([filter.add('a'), filter.add('a')]).toEqual([true, false]);
});

test('past maxKeys it gives its memory back and lets everything pass', () => {
  const filter = new BloomFilter({ expectedKeys: 100, maxKeys: 250, random: seeded(1) });
  // A few of the keys pass before they are added, and take no room.
  for (let i = 0; i < 250; i += 1) filter.add(i);
  expect(filter.isSaturated).toBe(false);
  expect(filter.mightHave('never added')).toBe(false);
  for (let i = 250; i < 300; i += 1) filter.add(i);
  expect(filter.isSaturated).toBe(true);
  expect(filter.bytes).toBe(0);
  expect(filter.mightHave('never added')).toBe(true);
});

test.for([
  ['no keys', { expectedKeys: 0 }],
  ['half a key', { expectedKeys: 1.5 }],
  ['more than 512 MiB would hold', { expectedKeys: 2 ** 30 }],
  ['a rate of 0', { expectedKeys: 1, falsePositiveRate: 0 }],
  ['a rate of 1', { expectedKeys: 1, falsePositiveRate: 1 }],
  ['no number', { expectedKeys: 1, falsePositiveRate: Number.NaN }],
  ['fewer at most than expected', { expectedKeys: 10, maxKeys: 9 }],
  ['more at most than 512 MiB would hold', { expectedKeys: 10, maxKeys: 2 ** 40 }],
] as const)('a set-up with %s is refused', ([, options]) => {
  expect(() => new BloomFilter(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' } satisfies Partial<CacheError>));
});
