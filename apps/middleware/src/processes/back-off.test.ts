import { describe, expect, test } from 'vitest';
import { RestartBackOff } from './back-off.ts';

function backOff(random: number, maxDeaths = 8): { readonly backOff: RestartBackOff; readonly pass: (ms: number) => void } {
  let now = 0;
  const made = new RestartBackOff({ firstMs: 100, maxMs: 1000, steadyMs: 10_000, maxDeaths, now: () => now, random: () => random });
  return { backOff: made, pass: (ms) => void (now += ms) };
}

describe('a worker that dies', () => {
  test.each([
    [0, [50, 100, 200, 400, 500, 500]],
    [0.999_999, [100, 200, 400, 800, 1000, 1000]],
  ])('again and again waits twice as long each time, at random (%d) between half and all of it', (random, waits) => {
    const { backOff: dying } = backOff(random);
    expect(waits.map(() => Math.round(dying.died() ?? -1))).toEqual(waits);
  });

  test('too often in a row is not started again', () => {
    const { backOff: dying } = backOff(0, 3);
    expect([dying.died(), dying.died(), dying.died()]).toEqual([50, 100, undefined]);
  });

  test('after it has served for a while begins with the shortest wait; one that died right after it was ready does not', () => {
    const { backOff: dying, pass } = backOff(0, 3);
    dying.died();
    dying.ready();
    pass(9999);
    expect(dying.died()).toBe(100);
    dying.ready();
    pass(10_000);
    expect(dying.died()).toBe(50);
  });
});
