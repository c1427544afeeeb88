import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerIndex } from './answer-index.ts';

// Few hashes, all with the same low bits but for some: they stand in one another's way.
const hash = fc.nat(40).map((n) => (n % 7) + 1024 * n);

test('property: it finds what a map would, through any sets and deletes, however hashes crowd', () => {
  const step = fc.record({ hash, offset: fc.nat(500).map((n) => 8 * n), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new AnswerIndex();
      const model = new Map<number, number>();
      for (const { hash: of, offset, isSet } of steps) {
        if (isSet) {
          index.set(of, offset);
          model.set(of, offset);
        } else {
          const known = model.get(of) ?? offset;
          index.delete(of, known);
          model.delete(of);
        }
        expect(index.size).toBe(model.size);
        for (let n = 0; n <= 40; n += 1) expect(index.find((n % 7) + 1024 * n)).toBe(model.get((n % 7) + 1024 * n) ?? -1);
      }
    }),
    { numRuns: 50 },
  );
});

test('a hash that leads elsewhere by now is not forgotten', () => {
  const index = new AnswerIndex();
  index.set(5, 8);
  index.set(5, 16);
  index.delete(5, 8);
  expect([index.find(5), index.size]).toEqual([16, 1]);
});

test('it grows, and finds all that it held', () => {
  const index = new AnswerIndex();
  const hashes = Array.from({ length: 5000 }, (_, n) => Math.imul(n, 0x9e3779b1));
  for (const [at, of] of hashes.entries()) index.set(of, 8 * at);
  expect(hashes.every((of, at) => index.find(of) === 8 * at)).toBe(true);
  index.clear();
  expect([index.size, index.find(hashes[7]!)]).toEqual([0, -1]);
});
