import { expect, test } from 'vitest';
import { WallClock } from './wall-clock.ts';

test('tells when a moment was, exactly within a trace, and follows a clock that was set', () => {
  let now = 1000;
  let wall = 1_700_000_000_000;
  const clock = new WallClock(
    () => now,
    () => wall,
  );
  expect(clock.at(990.25)).toBe(1_699_999_999_990.25);
  // The wall clock has whole milliseconds: that is no reason to move anything.
  now += 100.9;
  wall += 100;
  expect(clock.at(1100.5)).toBe(1_700_000_000_100.5);
  wall += 60_000;
  expect(clock.at(now)).toBeCloseTo(wall, 3);
});
