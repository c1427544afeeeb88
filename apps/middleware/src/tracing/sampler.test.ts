import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newRandomness, randomnessOf, ratioSampler, withRandomness } from './sampler.ts';

const traceIds = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const isFollowed = (ratio: number, traceId: string): boolean => ratioSampler(ratio)(randomnessOf(traceId));
const ratios = fc.double({ min: 0, max: 1, noNaN: true });

test('a larger ratio follows all that a smaller one follows, 0 none and 1 all', () => {
  fc.assert(
    fc.property(traceIds, ratios, ratios, (traceId, one, other) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      if (isFollowed(less, traceId)) expect(isFollowed(more, traceId)).toBe(true);
      expect([isFollowed(0, traceId), isFollowed(1, traceId)]).toEqual([false, true]);
    }),
  );
});

test('the choice is made by the random part of the id alone', () => {
  fc.assert(
    fc.property(traceIds, traceIds, ratios, (one, other, ratio) => {
      expect(isFollowed(ratio, other.slice(0, 18) + one.slice(18))).toBe(isFollowed(ratio, one));
    }),
  );
});

test.each([0.01, 0.25, 0.9])('of ids that lie evenly it follows a share of %d', (ratio) => {
  const count = 10_000;
  const ids = Array.from(
    { length: count },
    (_, at) =>
      `${'0'.repeat(18)}${Math.floor((at / count) * 2 ** 52)
        .toString(16)
        .padStart(13, '0')}0`,
  );
  expect(ids.filter((id) => isFollowed(ratio, id)).length / count).toBeCloseTo(ratio, 3);
});

test('at one half the first of the random digits decides', () => {
  const [below, from] = [`7${'f'.repeat(13)}`, `8${'0'.repeat(13)}`].map((digits) => isFollowed(0.5, `${'a'.repeat(18)}${digits}`));
  expect([below, from]).toEqual([false, true]);
});

test('a trace is chosen before it has an id, and its id says the same', () => {
  fc.assert(
    fc.property(traceIds, ratios, (traceId, ratio) => {
      const randomness = newRandomness();
      const id = withRandomness(traceId, randomness);
      expect(id).toMatch(/^[\da-f]{32}$/);
      expect(isFollowed(ratio, id)).toBe(ratioSampler(ratio)(randomness));
    }),
  );
});
