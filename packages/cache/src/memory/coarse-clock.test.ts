import { expect, test } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { CoarseClock } from './coarse-clock.ts';

const nothing = (): void => {};

function setUp(): { clock: CoarseClock; source: FakeClock; readings: () => number; countdowns: () => number; runOut: () => void } {
  const source = new FakeClock();
  let readings = 0;
  let countdowns = 0;
  let callback = nothing;
  const counted = {
    now: (): number => {
      readings += 1;
      return source.now();
    },
  };
  const clock = new CoarseClock(counted, (whenOver) => {
    callback = whenOver;
    countdowns = 1;
    return () => void (countdowns += 1);
  });
  return { clock, source, readings: () => readings, countdowns: () => countdowns, runOut: () => callback() };
}

test('one reading serves until its millisecond is over', () => {
  const { clock, source, readings, countdowns, runOut } = setUp();
  const first = source.ms;
  expect([clock.now(), clock.now()]).toEqual([first, first]);
  source.ms += 1;
  runOut();
  expect([clock.now(), readings(), countdowns()]).toEqual([first + 1, 2, 2]);
});

test('where the event loop does not turn, a reading serves 64 calls and one countdown is enough', () => {
  const { clock, source, readings, countdowns } = setUp();
  for (let i = 0; i < 64; i += 1) clock.now();
  source.ms += 500;
  expect([clock.now(), readings(), countdowns()]).toEqual([source.ms, 2, 1]);
});

test('an idle clock counts nothing down', () => {
  const { clock, countdowns, runOut } = setUp();
  clock.now();
  runOut();
  expect(countdowns()).toBe(1);
});
