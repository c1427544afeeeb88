import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf } from './key-hash.ts';
import { KeySketch } from './key-sketch.ts';

describe('the sketch of keys', () => {
  test('property: it never says fewer uses than were remembered, nor denies a resident, also where it grows and forgets the uses', () => {
    const key = fc.integer({ min: 0, max: 500 });
    const step = fc.record({ kind: fc.constantFrom('remember', 'come', 'go', 'grow'), key, uses: fc.integer({ min: 0, max: 15 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const sketch = new KeySketch();
        const uses = new Map<number, number>();
        const residents = new Set<number>();
        let entries = 4;
        for (const { kind, key, uses: told } of steps) {
          const hash = hashOf(key);
          if (kind === 'grow' && entries < 1000) {
            entries *= 2;
            sketch.reserve(entries, () => residents);
            uses.clear();
          } else if (kind === 'remember') {
            sketch.remember(hash, told);
            uses.set(hash, Math.max(told, uses.get(hash) ?? 0));
          } else if (kind === 'come' && !residents.has(hash)) {
            sketch.addResident(hash);
            residents.add(hash);
          } else if (kind === 'go' && residents.delete(hash)) sketch.removeResident(hash);
          for (const [hash, atLeast] of uses) expect(sketch.usesOf(hash)).toBeGreaterThanOrEqual(atLeast);
          for (const hash of residents) expect(sketch.mayBeResident(hash)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('of 10,000 strangers it takes fewer than one in ten for a resident or for used, also after it grew with them', () => {
    const sketch = new KeySketch();
    const hashes = Array.from({ length: 10_000 }, (_, i) => hashOf(`player:${1_000_000 + i}`));
    for (const [i, hash] of hashes.entries()) {
      if ((i & (i - 1)) === 0) sketch.reserve(i * 2, () => hashes.slice(0, i));
      sketch.addResident(hash);
    }
    for (const hash of hashes) sketch.remember(hash, 5);
    const strangers = Array.from({ length: 10_000 }, (_, i) => hashOf(`player:${2_000_000 + i}`));
    expect(strangers.filter((hash) => sketch.mayBeResident(hash)).length).toBeLessThan(1000);
    expect(strangers.filter((hash) => sketch.usesOf(hash) > 0).length).toBeLessThan(1000);
  });

  test('more residents with one hash than a cell can count are not denied', () => {
    const sketch = new KeySketch();
    for (let i = 0; i < 32; i += 1) sketch.addResident(7);
    expect(sketch.mayBeResident(7)).toBe(true);
    for (let i = 0; i < 31; i += 1) sketch.removeResident(7);
    expect(sketch.mayBeResident(7)).toBe(true);
  });

  test('age halves the uses and leaves the residents', () => {
    const sketch = new KeySketch();
    sketch.remember(7, 13);
    sketch.addResident(7);
    sketch.age();
    expect([sketch.usesOf(7), sketch.mayBeResident(7)]).toEqual([6, true]);
  });
});

describe('the hash of a key', () => {
  test('a million numbered keys have almost a million hashes, in their low bits and in their high ones', () => {
    const keys = Array.from({ length: 1_000_000 }, (_, i) => `player:${i}`);
    const hashes = keys.map((key) => hashOf(key));
    expect(new Set(hashes).size).toBeGreaterThan(999_500);
    // 2^16 boxes filled evenly at random have 15.3 each; one in a thousand of the boxes would be far off by chance.
    for (const box of [(hash: number) => hash & 0xffff, (hash: number) => hash >>> 16]) {
      const counts = new Int32Array(65_536);
      for (const hash of hashes) counts[box(hash)]! += 1;
      expect(counts.reduce((most, count) => Math.max(most, count), 0)).toBeLessThan(60);
    }
  });

  test('long keys, whole numbers and other numbers have one, too', () => {
    const long = 'x'.repeat(5000);
    expect(hashOf(`${long}a`)).not.toBe(hashOf(`${long}b`));
    expect(hashOf(1)).not.toBe(hashOf(2));
    for (const key of ['', 0, -1, 0.5, Number.NaN, Infinity, 2 ** 40]) expect(Number.isInteger(hashOf(key))).toBe(true);
  });
});
