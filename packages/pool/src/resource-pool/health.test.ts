import { describe, expect, test } from 'vitest';
import { stateOf, Workshop } from '../test/workshop.ts';

describe('before a loan', () => {
  test('a resource is trusted for a while after it was made, given back or checked', async () => {
    const { pool, checks, time } = new Workshop({ max: 1, trustMs: 100 });
    const tool = await pool.acquire();
    await time.advance(500);
    pool.release(tool);
    await time.advance(99);
    expect(pool.tryAcquire()).toBe(tool);
    pool.release(tool);
    await time.advance(100);
    expect(pool.tryAcquire()).toBeUndefined();
    expect(await pool.acquire()).toBe(tool);
    expect(checks).toHaveLength(1);
    pool.release(tool);
    expect(pool.tryAcquire()).toBe(tool);
  });

  test('trust of nothing has every loan checked, of those who wait too, but not the first', async () => {
    const { pool, checks } = new Workshop({ max: 1, trustMs: 0 });
    const tool = await pool.acquire();
    expect(checks).toHaveLength(0);
    const waiting = pool.acquire();
    pool.release(tool);
    expect(await waiting).toBe(tool);
    expect(checks).toHaveLength(1);
    pool.release(tool);
    expect(await pool.acquire()).toBe(tool);
    expect(checks).toHaveLength(2);
  });

  test.each([
    ['says no', 'no', () => false],
    [
      'throws',
      'error',
      (): never => {
        throw new Error('gone');
      },
    ],
    ['rejects', 'error', (): Promise<never> => Promise.reject(new Error('gone'))],
  ])('a check that %s has the resource destroyed and another one lent', async (_, told, check) => {
    const { pool, events, time } = new Workshop({ max: 1, health: { check, trustMs: 10 } });
    pool.release(await pool.acquire());
    await time.advance(10);
    expect(await pool.acquire()).toEqual({ id: 2 });
    expect(events.slice(3)).toEqual([`checkFailed 1 ${told}`, 'destroyed 1 unhealthy', 'created 2 0', 'acquired 2 0']);
  });

  test('a check that hangs ends when its time is up, whatever it says later', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>();
    const check = () => answered;
    const { pool, events, time } = new Workshop({ max: 1, health: { check, trustMs: 10, timeoutMs: 200 } });
    pool.release(await pool.acquire());
    await time.advance(10);
    const waiting = pool.acquire();
    await time.advance(199);
    expect(await stateOf(waiting)).toBe('pending');
    await time.advance(1);
    expect(await waiting).toEqual({ id: 2 });
    answer(true);
    expect(await stateOf(pool.acquire())).toBe('pending');
    expect(events).toContain('checkFailed 1 error');
  });

  test('no more checks run than callers wait', async () => {
    const { pool, checks, time } = new Workshop({ max: 3, trustMs: 10, hold: ['check'] });
    const tools = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const tool of tools) pool.release(tool);
    await time.advance(10);
    const waiting = pool.acquire();
    expect(checks).toHaveLength(1);
    await checks[0]!.end(true);
    expect(await waiting).toBe(tools[2]);
    expect(pool.usage()).toMatchObject({ idle: 2, borrowed: 1, checking: 0 });
  });

  test('a waiter that leaves during a check loses no resource', async () => {
    const { pool, checks, time } = new Workshop({ max: 1, trustMs: 10, acquireTimeoutMs: 50, hold: ['check'] });
    const tool = await pool.acquire();
    pool.release(tool);
    await time.advance(10);
    const waiting = pool.acquire();
    const left = expect(waiting).rejects.toMatchObject({ code: 'ERR_POOL_TIMEOUT' });
    await time.advance(50);
    await left;
    await checks[0]!.end(true);
    expect(pool.tryAcquire()).toBe(tool);
  });

  test('a resource proved below a doubtful one is lent to those who wait', async () => {
    const { pool, checks, time } = new Workshop({ max: 2, trustMs: 10, hold: ['check'] });
    const [a, b] = await Promise.all([pool.acquire(), pool.acquire()]);
    pool.release(a);
    pool.release(b);
    await time.advance(10);
    const [first, second] = [pool.acquire(), pool.acquire()];
    expect(checks.map(({ tool }) => tool)).toEqual([b, a]);
    await checks[1]!.end(true);
    expect(await first).toBe(a);
    expect(await stateOf(second)).toBe('pending');
    await checks[0]!.end(true);
    expect(await second).toBe(b);
  });
});

describe('in the background', () => {
  test('what has given no sign of life is checked, a quarter at a time, and destroyed if it fails', async () => {
    const { pool, checks, time, events } = new Workshop({ max: 8, trustMs: 10, everyMs: 5000, idleTimeoutMs: 1e6, hold: ['check'] });
    const tools = await Promise.all(Array.from({ length: 8 }, () => pool.acquire()));
    for (const tool of tools) pool.release(tool);
    await time.advance(4999);
    expect(checks).toHaveLength(0);
    await time.advance(1);
    expect(checks.map(({ tool }) => tool)).toEqual(tools.slice(0, 2));
    expect(pool.usage()).toMatchObject({ idle: 6, checking: 2 });
    await checks[0]!.end(false);
    await checks[1]!.end(true);
    expect(pool.usage()).toMatchObject({ idle: 7, checking: 0 });
    expect(events.slice(-2)).toEqual([`checkFailed ${tools[0]!.id} no`, `destroyed ${tools[0]!.id} unhealthy`]);
    await time.advance(1000);
    expect(checks.slice(2).map(({ tool }) => tool)).toEqual(tools.slice(2, 4));
  });

  test('a loan is a sign of life, and so is a check', async () => {
    const { pool, checks, time } = new Workshop({ max: 1, trustMs: 10, everyMs: 5000, idleTimeoutMs: 1e6 });
    const tool = await pool.acquire();
    await time.advance(4000);
    pool.release(tool);
    await time.advance(4999);
    expect(checks).toHaveLength(0);
    await time.advance(1);
    expect(checks).toHaveLength(1);
    await time.advance(4999);
    expect(checks).toHaveLength(1);
    await time.advance(1);
    expect(checks).toHaveLength(2);
  });

  test('a check warms nothing up: what was checked is still lent last, and idle since it came back', async () => {
    const { pool, time, events } = new Workshop({ max: 2, trustMs: 1e6, everyMs: 2000, idleTimeoutMs: 6000 });
    const [cold, hot] = await Promise.all([pool.acquire(), pool.acquire()]);
    pool.release(cold);
    await time.advance(1000);
    pool.release(hot);
    await time.advance(1500);
    expect(pool.tryAcquire()).toBe(hot);
    pool.release(hot);
    await time.advance(3500);
    expect(events.filter((event) => event.startsWith('destroyed'))).toEqual([`destroyed ${cold.id} idle`]);
  });

  test('who meets a doubtful resource on top gets the proved one below at once', async () => {
    const { pool, checks, time, holds } = new Workshop({ max: 2, trustMs: 1000, everyMs: 2000 });
    const [below, top] = await Promise.all([pool.acquire(), pool.acquire()]);
    pool.release(below);
    await time.advance(500);
    pool.release(top);
    await time.advance(1900); // the background has checked the one below
    holds.add('check');
    expect(await pool.acquire()).toBe(below);
    expect(checks.map(({ tool }) => tool)).toEqual([below, top]);
    await checks[1]!.end(true);
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 1 });
  });

  test('who comes while all are checked gets the first that passes', async () => {
    const { pool, checks, time, creations } = new Workshop({ max: 1, trustMs: 10, everyMs: 1000, hold: ['check'] });
    pool.release(await pool.acquire());
    await time.advance(1000);
    expect(pool.usage()).toMatchObject({ idle: 0, checking: 1 });
    const waiting = pool.acquire();
    await checks[0]!.end(true);
    expect(await waiting).toEqual({ id: 1 });
    expect(creations).toHaveLength(1);
  });
});
