import { beforeEach, describe, expect, test } from 'vitest';
import { LoginThrottle } from './login-throttle.ts';
import { FakeClock } from './test/support.ts';

let clock: FakeClock;
let throttle: LoginThrottle;
beforeEach(() => {
  clock = new FakeClock();
  throttle = new LoginThrottle({ clock, maxWaitMs: 60_000 });
});

const stranger = { name: 'mira', from: '203.0.113.9' };
const home = { name: 'mira', from: '192.0.2.7' };

function fail(times: number, login = stranger): void {
  for (let i = 0; i < times; i += 1) throttle.failed(login);
}

describe('wrong passwords', () => {
  test('cost nothing at first, then twice as long each time, up to a bound', () => {
    fail(4);
    expect(throttle.waitMs(stranger)).toBe(0);
    const waits = Array.from({ length: 9 }, () => {
      fail(1);
      return throttle.waitMs(stranger);
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    clock.ms += 59_999;
    expect(throttle.waitMs(stranger)).toBe(1);
    clock.ms += 1;
    expect(throttle.waitMs(stranger)).toBe(0);
  });

  test('are forgotten after a right one, and after a long time', () => {
    fail(9);
    throttle.succeeded(stranger);
    expect(throttle.waitMs(stranger)).toBe(0);
    fail(9);
    clock.ms += 120_001;
    fail(4);
    expect(throttle.waitMs(stranger)).toBe(0);
  });

  test('that nobody looked at are taken back', () => {
    throttle.withdrawn(stranger);
    fail(5);
    throttle.withdrawn(stranger);
    expect(throttle.waitMs(stranger)).toBe(0);
    fail(1);
    expect(throttle.waitMs(stranger)).toBe(1000);
  });

  test('from many places count together, and for no other account', () => {
    for (let i = 0; i < 5; i += 1) throttle.failed({ name: 'mira', from: `203.0.113.${i}` });
    expect(throttle.waitMs(stranger)).toBe(1000);
    expect(throttle.waitMs({ name: 'noah', from: stranger.from })).toBe(0);
  });
});

test('strangers cannot lock out who was there before; that place has its own count', () => {
  throttle.succeeded(home);
  fail(50);
  expect(throttle.waitMs(home)).toBe(0);
  fail(5, home);
  expect([throttle.waitMs(home), throttle.waitMs(stranger)]).toEqual([1000, 60_000]);
});

test('a name and a place are never taken for another name', () => {
  throttle.succeeded({ name: 'a', from: 'b' });
  fail(9, { name: 'a', from: 'b' });
  for (const name of ['["a","b"]', '["a"]', 'a","b', '__proto__']) expect(throttle.waitMs({ name, from: 'b' })).toBe(0);
});

test('memory is bounded, and who fails now is forgotten last', () => {
  const small = new LoginThrottle({ clock, maxEntries: 10 });
  for (let i = 0; i < 6; i += 1) small.failed(stranger);
  for (let i = 0; i < 9; i += 1) small.failed({ name: `other ${i}`, from: 'x' });
  expect(small.waitMs(stranger)).toBeGreaterThan(0);
  for (let i = 9; i < 20; i += 1) small.failed({ name: `other ${i}`, from: 'x' });
  expect(small.waitMs(stranger)).toBe(0);
});

test.each([{ freeAttempts: 0 }, { firstWaitMs: 0 }, { maxWaitMs: Number.NaN }, { maxEntries: -1 }])('%j is refused', (options) => {
  expect(() => new LoginThrottle(options)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
});
