import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Silence } from './silence.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

test('a server that has answered nothing since its first late answer is silent after a while', () => {
  const silence = new Silence(600);
  expect(silence.isTooLong()).toBe(false);
  vi.advanceTimersByTime(599);
  expect(silence.isTooLong()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(silence.isTooLong()).toBe(true);
});

test('a slow one is not', () => {
  const silence = new Silence(600);
  for (let i = 0; i < 20; i += 1) {
    expect(silence.isTooLong()).toBe(false);
    vi.advanceTimersByTime(500);
    silence.heard();
  }
});
