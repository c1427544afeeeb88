import { describe, expect, test } from 'vitest';
import { settled } from '../testing/fake-time.ts';
import { Workshop } from '../test/workshop.ts';
import type { Leak } from './listener.ts';
import type { Tool } from '../test/workshop.ts';

const borrowForGood = (pool: Workshop['pool']) => pool.acquire();
const destroyedOf = (events: readonly string[]) => events.filter((event) => event.startsWith('destroyed'));

describe('idle resources', () => {
  test('go after their time, the coldest first, but not below min', async () => {
    const { pool, events, time } = new Workshop({ max: 3, min: 1, idleTimeoutMs: 5000 });
    const tools = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const tool of tools) pool.release(tool);
    await time.advance(4999);
    expect(destroyedOf(events)).toEqual([]);
    await time.advance(1);
    expect(destroyedOf(events)).toEqual([`destroyed ${tools[0].id} idle`, `destroyed ${tools[1].id} idle`]);
    await time.advance(100_000);
    expect(pool.usage()).toMatchObject({ idle: 1 });
  });

  test('stay while they are borrowed now and then', async () => {
    const { pool, events, time } = new Workshop({ max: 1, idleTimeoutMs: 3000 });
    for (let i = 0; i < 10; i += 1) {
      pool.release(await pool.acquire());
      await time.advance(2900);
    }
    expect(destroyedOf(events)).toEqual([]);
  });

  test.each([1, 500, 999, 1000])('are never called idle too early where nobody asks the clock (released after %d ms)', async (releasedAt) => {
    const { pool, disposals, time } = new Workshop({ max: 1, idleTimeoutMs: 3000, listener: {} });
    const tool = await pool.acquire();
    await time.advance(releasedAt);
    pool.release(tool);
    await time.advance(2999);
    expect(disposals).toHaveLength(0);
    await time.advance(2001);
    expect(disposals).toHaveLength(1);
  });
});

describe('old resources', () => {
  test('go when idle, and are made up for to min', async () => {
    const { pool, events, time } = new Workshop({ min: 1, maxLifetimeMs: 60_000, idleTimeoutMs: 1e9, lifetimeJitter: 0 });
    await time.advance(59_999);
    expect(pool.usage()).toMatchObject({ idle: 1 });
    await time.advance(1);
    expect(events.slice(1)).toEqual(['destroyed 1 lifetime', 'created 2 0']);
  });

  test('count as gone when idle ones above min are looked for', async () => {
    const { pool, events, time } = new Workshop({ max: 2, min: 1, maxLifetimeMs: 10_000, idleTimeoutMs: 5000, lifetimeJitter: 0 });
    await settled();
    await time.advance(6000);
    const [old, young] = [await pool.acquire(), await pool.acquire()];
    pool.release(young);
    pool.release(old);
    await time.advance(4000);
    expect(destroyedOf(events)).toEqual([`destroyed ${old.id} lifetime`]);
    await time.advance(3000);
    expect(pool.usage()).toMatchObject({ idle: 1 });
  });

  test('go when they come back, and are lent to nobody', async () => {
    const { pool, events, time } = new Workshop({ max: 1, maxLifetimeMs: 1500, lifetimeJitter: 0 });
    const old = await pool.acquire();
    const waiting = pool.acquire();
    await time.advance(1500);
    pool.release(old);
    expect(await waiting).not.toBe(old);
    expect(events).toContain('destroyed 1 lifetime');
  });

  test('are lent to nobody where nobody asks the clock either, as soon as a sweep has come', async () => {
    const { pool, time } = new Workshop({ max: 1, maxLifetimeMs: 1500, lifetimeJitter: 0, sweepEveryMs: 1000, listener: {} });
    const old = await pool.acquire();
    const waiting = pool.acquire();
    await time.advance(2000);
    pool.release(old);
    expect(await waiting).not.toBe(old);
  });

  test('are not lent even before a sweep finds them', async () => {
    const { pool, time } = new Workshop({ max: 1, maxLifetimeMs: 1500, lifetimeJitter: 0 });
    pool.release(await pool.acquire());
    await time.advance(1500);
    expect(pool.tryAcquire()).toBeUndefined();
    expect(await pool.acquire()).toEqual({ id: 2 });
  });

  test('live shorter by a share drawn for each, so that not all go at once', async () => {
    const draws = [0, 0.5, 1];
    const { pool, events, time } = new Workshop({ max: 3, min: 3, maxLifetimeMs: 10_000, lifetimeJitter: 0.2, random: () => draws.shift() ?? 0 });
    await time.advance(7999);
    expect(destroyedOf(events)).toEqual([]);
    await time.advance(1);
    expect(destroyedOf(events)).toEqual(['destroyed 3 lifetime']);
    await time.advance(1000);
    expect(destroyedOf(events)).toEqual(['destroyed 3 lifetime', 'destroyed 2 lifetime']);
    await time.advance(1000);
    expect(destroyedOf(events)).toHaveLength(3);
    expect(pool.usage()).toMatchObject({ idle: 3 });
  });
});

test('an empty pool sets no timers', async () => {
  const { pool, time } = new Workshop({ max: 1, idleTimeoutMs: 500 });
  expect(time.pending).toEqual([]);
  pool.release(await pool.acquire());
  await time.advance(1000);
  expect(pool.usage()).toMatchObject({ idle: 0 });
  await time.advance(30_000); // the timer of the queue, which nobody called off
  expect(time.pending).toEqual([]);
});

describe('leaks', () => {
  test('who borrowed and never gave back is told once, with the place', async () => {
    const leaks: Leak<Tool>[] = [];
    const { pool, time } = new Workshop({ leaks: { afterMs: 5000, sampleEvery: 1 }, listener: { leaked: (leak) => leaks.push(leak) } });
    const tool = await borrowForGood(pool);
    const good = await pool.acquire();
    await time.advance(4999);
    pool.release(good);
    expect(leaks).toEqual([]);
    await time.advance(20_000);
    expect(leaks).toEqual([{ resource: tool, heldMs: 5000, stack: expect.stringContaining('borrowForGood') }]);
  });

  test('of one who waited or was served at once the place is known too', async () => {
    const stacks: (string | undefined)[] = [];
    const { pool, time } = new Workshop({ max: 1, leaks: { afterMs: 1000, sampleEvery: 1 }, listener: { leaked: ({ stack }) => stacks.push(stack) } });
    const first = await pool.acquire();
    const waiting = borrowForGood(pool);
    pool.release(first);
    const second = await waiting;
    await time.advance(1000);
    pool.release(second);
    await borrowForGood(pool);
    await time.advance(1000);
    expect(stacks).toEqual([expect.stringContaining('borrowForGood'), expect.stringContaining('borrowForGood')]);
  });

  test('a loan that is not sampled is told without its place', async () => {
    const stacks: (string | undefined)[] = [];
    const { pool, time } = new Workshop({ max: 4, leaks: { afterMs: 1000, sampleEvery: 2 }, listener: { leaked: ({ stack }) => stacks.push(stack) } });
    for (let i = 0; i < 4; i += 1) await pool.acquire();
    await time.advance(1000);
    expect(stacks.map((stack) => stack !== undefined)).toEqual([false, true, false, true]);
  });

  test('a loan after a leak may leak again', async () => {
    let leaks = 0;
    const { pool, time } = new Workshop({ leaks: { afterMs: 1000 }, listener: { leaked: () => (leaks += 1) } });
    const tool = await pool.acquire();
    await time.advance(1000);
    pool.release(tool);
    await pool.acquire();
    await time.advance(1000);
    expect(leaks).toBe(2);
  });
});
