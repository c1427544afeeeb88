import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashRing, findRange, hashKey, maxHash, movedRanges } from './hash-ring.ts';

const shardsOf = (count: number): { id: string; weight: number }[] => Array.from({ length: count }, (_, index) => ({ id: `shard-${index}`, weight: 1 }));
const keys = (count: number): bigint[] => Array.from({ length: count }, (_, index) => hashKey(String(index)));

function shares(ring: HashRing, hashes: readonly bigint[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const hash of hashes) counts.set(ring.locate(hash), (counts.get(ring.locate(hash)) ?? 0) + 1);
  return counts;
}

test('a key has the place that SHA-256 gives it, in every process and release', () => {
  // FIPS 180-2, B.1, and the digest of the empty text.
  expect(hashKey('abc')).toBe(0xba7816bf8f01cfean);
  expect(hashKey('')).toBe(0xe3b0c44298fc1c14n);
});

test('shards of equal weight have within a quarter of the same number of keys', () => {
  const counts = shares(new HashRing(shardsOf(8), 256), keys(80_000));
  expect(counts.size).toBe(8);
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(2500);
});

test('a shard of three times the weight has about three times the keys', () => {
  const counts = shares(
    new HashRing(
      [
        { id: 'a', weight: 3 },
        { id: 'b', weight: 1 },
      ],
      256,
    ),
    keys(40_000),
  );
  expect((counts.get('a') ?? 0) / (counts.get('b') ?? 1)).toBeGreaterThan(2.4);
  expect((counts.get('a') ?? 0) / (counts.get('b') ?? 1)).toBeLessThan(3.7);
});

test('an added shard takes about its part from the others, and nothing moves between those', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), (count) => {
      const before = new HashRing(shardsOf(count), 256);
      const after = new HashRing(shardsOf(count + 1), 256);
      const hashes = keys(5000);
      const moved = hashes.filter((hash) => before.locate(hash) !== after.locate(hash));
      expect(new Set(moved.map((hash) => after.locate(hash)))).toEqual(new Set([`shard-${count}`]));
      const wanted = hashes.length / (count + 1);
      expect(moved.length).toBeGreaterThan(wanted * 0.7);
      expect(moved.length).toBeLessThan(wanted * 1.3);
    }),
    { numRuns: 9 },
  );
});

test('the order in which a map names its shards does not matter', () => {
  const ring = new HashRing(shardsOf(5), 64);
  const other = new HashRing(shardsOf(5).toReversed(), 64);
  for (const hash of keys(2000)) expect(other.locate(hash)).toBe(ring.locate(hash));
});

const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
const ringOf = (names: readonly string[], virtualNodes: number): HashRing =>
  new HashRing(
    names.map((id) => ({ id, weight: 1 })),
    virtualNodes,
  );

test('a hash lies in a moved range exactly if its shard changes', () => {
  fc.assert(
    fc.property(ids, ids, fc.integer({ min: 1, max: 8 }), fc.array(fc.bigInt({ min: 0n, max: maxHash })), (from, to, virtualNodes, random) => {
      const before = ringOf(from, virtualNodes);
      const after = ringOf(to, virtualNodes);
      const ranges = movedRanges(before, after);
      const edges = [...before.boundaries, ...after.boundaries].flatMap((hash) => [hash - 1n, hash, hash + 1n]);
      for (const hash of [...random, ...edges, 0n, maxHash].filter((hash) => hash >= 0n && hash <= maxHash)) {
        const [source, target] = [before.locate(hash), after.locate(hash)];
        const range = findRange(ranges, hash);
        expect(range && [range.from, range.to]).toEqual(source === target ? undefined : [source, target]);
      }
    }),
    { numRuns: 200 },
  );
});
