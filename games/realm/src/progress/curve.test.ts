import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { experienceFor, levelAt, MAX_LEVEL } from './curve.ts';

describe('the experience curve', () => {
  test.each([
    [0n, 1],
    [99n, 1],
    [100n, 2],
    [299n, 2],
    [300n, 3],
    [600n, 4],
    [2n ** 63n - 1n, MAX_LEVEL],
  ])('%d experience is level %d', (experience, level) => {
    expect(levelAt(experience)).toBe(level);
  });

  test('a level is reached at its price and not one point before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: MAX_LEVEL }), (level) => {
        expect(levelAt(experienceFor(level))).toBe(level);
        expect(levelAt(experienceFor(level) - 1n)).toBe(level - 1);
      }),
    );
  });
});
