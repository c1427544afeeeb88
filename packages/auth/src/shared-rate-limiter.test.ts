import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SharedBudget } from './shared-budget.ts';
import { SharedRateLimiter, type SharedRateLimiterOptions } from './shared-rate-limiter.ts';

/** A budget of so many a key for all instances, that can be away. */
class Budget implements SharedBudget {
  readonly taken = new Map<string, number>();
  readonly asked: string[] = [];
  isAway = false;

  async take(key: string, count: number): Promise<number> {
    this.asked.push(`${key} ${count}`);
    if (this.isAway) throw new Error('away');
    const total = (this.taken.get(key) ?? 0) + count;
    this.taken.set(key, total);
    return total > 20 ? 5000 : 0;
  }
}

let budget: Budget;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  budget = new Budget();
});
afterEach(() => vi.useRealTimers());

function instance(options: Partial<SharedRateLimiterOptions> = {}): SharedRateLimiter {
  return new SharedRateLimiter({ perSecond: 1000, burst: 1000, budget, ...options });
}

const takeMany = (limiter: SharedRateLimiter, times: number, key = 'k'): number =>
  Array.from({ length: times }, () => limiter.take(key)).filter(({ allowed }) => allowed).length;

describe('instances together', () => {
  test('stop a key soon after they have used up its budget, and let it go on in time', async () => {
    const [one, other] = [instance(), instance()];
    expect([takeMany(one, 15), takeMany(other, 15)]).toEqual([15, 15]);
    await vi.advanceTimersByTimeAsync(100);
    // Whoever reported first was still within it.
    takeMany(one, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect([takeMany(one, 5), takeMany(other, 5)]).toEqual([0, 0]);
    expect(other.take('k').retryAfterMs).toBeGreaterThan(4000);
    budget.taken.clear();
    await vi.advanceTimersByTimeAsync(5000);
    expect([takeMany(one, 5), takeMany(other, 5)]).toEqual([5, 5]);
  });

  test('tell what they took once for many requests, and nothing while nobody asks', async () => {
    const one = instance();
    takeMany(one, 10);
    takeMany(one, 3, 'other');
    await vi.advanceTimersByTimeAsync(1000);
    expect(budget.asked).toEqual(['k 10', 'other 3']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ask first where they are told to', async () => {
    const [one, other] = [instance(), instance()];
    for (let i = 0; i < 10; i += 1) expect([(await one.takeTogether('k')).allowed, (await other.takeTogether('k')).allowed]).toEqual([true, true]);
    expect(await one.takeTogether('k')).toEqual({ allowed: false, retryAfterMs: 5000 });
  });

  test('never allow a key more than its own bucket holds, whatever the budget says', async () => {
    const one = instance({ burst: 3 });
    expect(takeMany(one, 10)).toBe(3);
    expect((await one.takeTogether('k')).allowed).toBe(false);
    expect(budget.asked).toEqual([]);
  });
});

describe('while the budget is away', () => {
  test('each allows its own bucket if so told, and says once that it is away and once that it is back', async () => {
    const told: string[] = [];
    const one = instance({ burst: 50, onAway: () => told.push('away'), onBack: () => told.push('back') });
    budget.isAway = true;
    expect(takeMany(one, 40)).toBe(40);
    await vi.advanceTimersByTimeAsync(100);
    expect((await one.takeTogether('k')).allowed).toBe(true);
    budget.isAway = false;
    takeMany(one, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toEqual(['away', 'back']);
  });

  test('nothing is allowed if so told, and whoever asks finds out when it is back', async () => {
    const one = instance({ whenAway: 'refuse' });
    budget.isAway = true;
    expect((await one.takeTogether('k')).allowed).toBe(false);
    expect(one.take('other')).toEqual({ allowed: false, retryAfterMs: 1000 });
    await vi.advanceTimersByTimeAsync(100);
    expect(takeMany(one, 5)).toBe(0);
    budget.isAway = false;
    await vi.advanceTimersByTimeAsync(100);
    expect(takeMany(one, 5)).toBe(5);
  });

  test('one question is asked at a time, not one for each key', async () => {
    const one = instance();
    budget.isAway = true;
    for (let i = 0; i < 100; i += 1) one.take(`k${i}`);
    await vi.advanceTimersByTimeAsync(100);
    budget.asked.splice(0);
    for (let i = 0; i < 100; i += 1) one.take(`k${i}`);
    await vi.advanceTimersByTimeAsync(100);
    expect(budget.asked).toHaveLength(1);
  });
});

test('a limiter that is stopped reports no more', async () => {
  const one = instance();
  one.take('k');
  one.stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(budget.asked).toEqual([]);
});

test('asked at once, as many are allowed as the budget has: the refusal of one is not that of another', async () => {
  let left = 2;
  const waiting: (() => void)[] = [];
  const budget: SharedBudget = { take: () => new Promise((resolve) => waiting.push(() => resolve(left-- > 0 ? 0 : 1000))) };
  const limiter = new SharedRateLimiter({ perSecond: 1, burst: 10, budget });
  const asked = Array.from({ length: 5 }, () => limiter.takeTogether('a'));
  // All answers in one turn, as from one packet.
  for (const answer of waiting) answer();
  expect((await Promise.all(asked)).map(({ allowed }) => allowed)).toEqual([true, true, false, false, false]);
});
