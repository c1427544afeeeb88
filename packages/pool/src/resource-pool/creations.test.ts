import { describe, expect, test } from 'vitest';
import { FakeTime, settled } from '../testing/fake-time.ts';
import { stateOf, Workshop } from '../test/workshop.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('a failure to create', () => {
  test.each([
    [
      'throws',
      (): never => {
        throw new Error('refused');
      },
    ],
    ['rejects', (): Promise<never> => Promise.reject(new Error('refused'))],
  ])('that %s reaches all who wait, with its cause', async (_, create) => {
    const { pool, events } = new Workshop({ create });
    const waiting = [pool.acquire(), pool.acquire(), pool.acquire()];
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'ERR_POOL_CREATE', cause: { message: 'refused' } });
    expect(events).toContain('acquireFailed create 0');
  });

  test('leaves those waiting whom a resource that is out may still serve', async () => {
    const { pool, creations } = new Workshop({ hold: ['create'] });
    const [first, second] = [pool.acquire(), pool.acquire()];
    await creations[0]!.end(creations[0]!.tool);
    await creations[1]!.fail();
    expect(await stateOf(second)).toBe('pending');
    pool.release(await first);
    expect(await second).toEqual({ id: 1 });
  });

  test('is the cause of a time-out that follows, until one succeeds', async () => {
    const { pool, creations, time } = new Workshop({ acquireTimeoutMs: 50, hold: ['create'], backoff: { firstMs: 80 } });
    const [first, second] = [pool.acquire(), pool.acquire()];
    await creations[0]!.end(creations[0]!.tool);
    const refusal = new Error('too many connections');
    await creations[1]!.fail(refusal);
    const timedOut = expect(second).rejects.toMatchObject({ code: 'ERR_POOL_TIMEOUT', cause: refusal });
    await time.advance(50);
    await timedOut;
    await first;
    const third = pool.acquire({ timeoutMs: 40 });
    await time.advance(30);
    await creations[2]!.end(creations[2]!.tool);
    await third;
    const fourth = pool.acquire({ timeoutMs: 10 }).catch((error: unknown) => error);
    await time.advance(10);
    expect(await fourth).toMatchObject({ code: 'ERR_POOL_TIMEOUT' });
    expect(await fourth).not.toHaveProperty('cause');
  });

  test('is not tried again at once, and each time after a longer pause', async () => {
    const attempts: number[] = [];
    const time = new FakeTime();
    const { pool } = new Workshop({
      clock: time,
      timers: time,
      min: 1,
      backoff: { firstMs: 100, maxMs: 1000 },
      create: () => {
        attempts.push(time.now());
        return Promise.reject(new Error('refused'));
      },
    });
    await time.advance(4000);
    expect(attempts).toEqual([0, 100, 300, 700, 1500, 2500, 3500]);
    void pool.acquire().catch(() => undefined);
    await settled();
    expect(attempts).toHaveLength(7);
    await time.advance(500);
    expect(attempts.at(-1)).toBe(4500);
  });

  test('half of the pause is drawn at random', async () => {
    let attempts = 0;
    const { time } = new Workshop({ min: 1, backoff: { firstMs: 100 }, random: () => 0.5, create: () => Promise.reject(new Error(`${(attempts += 1)}`)) });
    await time.advance(74);
    expect(attempts).toBe(1);
    await time.advance(1);
    expect(attempts).toBe(2);
  });

  test('that comes many times at once counts once', async () => {
    const { creations, time } = new Workshop({ min: 5, max: 5, hold: ['create'], backoff: { firstMs: 100 } });
    for (const job of creations.slice()) await job.fail();
    await time.advance(100);
    expect(creations).toHaveLength(6);
    await creations[5]!.fail();
    await time.advance(199);
    expect(creations).toHaveLength(6);
    await time.advance(1);
    expect(creations).toHaveLength(7);
  });

  test('lets one try at a time go ahead until one succeeds', async () => {
    const { pool, creations, time } = new Workshop({ max: 3, hold: ['create'], backoff: { firstMs: 100 } });
    const lost = pool.acquire().catch(() => undefined);
    await creations[0]!.fail();
    await lost;
    const waiting = [pool.acquire(), pool.acquire(), pool.acquire()];
    expect(creations).toHaveLength(1);
    await time.advance(100);
    expect(creations).toHaveLength(2);
    await creations[1]!.end(creations[1]!.tool);
    expect(creations).toHaveLength(4);
    for (const job of creations.slice(2)) await job.end(job.tool);
    expect(await Promise.all(waiting)).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }]);
  });

  test('gives no resource to two: a create that gives what the pool holds has failed', async () => {
    const only = { id: 7 };
    const { pool, events } = new Workshop({ create: () => only });
    const [first, second] = [pool.acquire(), pool.acquire()];
    expect(await first).toBe(only);
    expect(await stateOf(second)).toBe('pending');
    expect(events).toContain('createFailed');
    pool.release(only);
    expect(await second).toBe(only);
  });

  test('is not that of those who ask anew when they hear of it: they wait for the next try', async () => {
    const again: Promise<unknown>[] = [];
    const workshop: Workshop = new Workshop({
      hold: ['create'],
      backoff: { firstMs: 100 },
      listener: { acquireFailed: () => again.length < 5 && again.push(workshop.pool.acquire()) },
    });
    const { pool, creations, time } = workshop;
    const lost = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_CREATE'));
    await creations[0]!.fail();
    await lost;
    expect(again).toHaveLength(1);
    await time.advance(100);
    await creations[1]!.end(creations[1]!.tool);
    expect(await again[0]).toEqual({ id: 2 });
  });
});

describe('a create that takes too long', () => {
  test('counts as failed, hears of it, and what it makes all the same is destroyed', async () => {
    const { pool, creations, time, events } = new Workshop({ createTimeoutMs: 100, hold: ['create'] });
    const waiting = expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_CREATE', cause: { code: 'ERR_POOL_TIMEOUT' } });
    expect(creations[0]!.signal?.aborted).toBe(false);
    await time.advance(100);
    await waiting;
    expect(creations[0]!.signal?.aborted).toBe(true);
    await time.advance(5);
    await creations[0]!.end(creations[0]!.tool);
    expect(events).toEqual(['createFailed', 'acquireFailed create 100', 'created 1 105', 'destroyed 1 late']);
    expect(pool.usage()).toMatchObject({ idle: 0, creating: 0, destroying: 0 });
  });

  test('leaves no trace when it fails after its time', async () => {
    const { pool, creations, time, events } = new Workshop({ createTimeoutMs: 100, hold: ['create'] });
    const waiting = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_CREATE'));
    await time.advance(100);
    await waiting;
    await creations[0]!.fail();
    expect(events.filter((event) => event === 'createFailed')).toHaveLength(1);
  });
});

test('a create that ends when every waiter has left fills the pool, and nothing is lost', async () => {
  const { pool, creations, time } = new Workshop({ acquireTimeoutMs: 100, hold: ['create'] });
  const waiting = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_TIMEOUT'));
  await time.advance(100);
  await waiting;
  await creations[0]!.end(creations[0]!.tool);
  expect(pool.usage()).toMatchObject({ idle: 1, creating: 0 });
  expect(pool.tryAcquire()).toEqual({ id: 1 });
});

test('who is served by a release leaves the creation that was begun for them to the next', async () => {
  const { pool, creations } = new Workshop({ hold: ['create'] });
  const first = pool.acquire();
  await creations[0]!.end(creations[0]!.tool);
  const second = pool.acquire();
  pool.release(await first);
  expect(await second).toEqual({ id: 1 });
  const third = pool.acquire();
  expect(creations).toHaveLength(2);
  await creations[1]!.end(creations[1]!.tool);
  expect(await third).toEqual({ id: 2 });
});

test('min is made from the start, and made up again after a loss', async () => {
  const { pool, creations } = new Workshop({ min: 2, max: 3 });
  await settled();
  expect(pool.usage()).toMatchObject({ idle: 2 });
  pool.discard(await pool.acquire());
  await settled();
  expect(pool.usage()).toMatchObject({ idle: 2 });
  expect(creations).toHaveLength(3);
});
