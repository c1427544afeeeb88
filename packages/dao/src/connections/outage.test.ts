import { describe, expect, test } from 'vitest';
import type { Lease } from './lease.ts';
import { benchOf, expectNothingLeft, type PoolBench } from './test/pool-bench.ts';

const code = (name: string) => expect.objectContaining({ code: name });

/** Makes the row of failures full. */
async function fail({ pool, time }: PoolBench): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    await expect(pool.acquire()).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
    await time.advance(i < 2 ? 200 : 0);
  }
}

describe('a server that fails', () => {
  test('tells all who wait as soon as a connection is refused', async () => {
    const bench = benchOf();
    bench.server.kill();
    const waiting = [bench.pool.acquire(), bench.pool.acquire()];
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE', cause: { message: 'connection refused' } });
    await expectNothingLeft(bench);
  });

  test('is not asked again by anybody after a row of failures, but by probes', async () => {
    const states: string[] = [];
    const bench = benchOf({}, { breakerChanged: ({ state }) => states.push(state) });
    bench.server.kill();
    await fail(bench);
    expect(states.at(0)).toBe('open');
    const { attempts } = bench.server;
    for (let i = 0; i < 100; i += 1) {
      await expect(bench.pool.acquire()).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE', cause: { message: 'connection refused' } });
    }
    expect(bench.server.attempts).toBe(attempts);
    await bench.time.advance(10_000);
    expect(bench.server.attempts - attempts).toBeGreaterThan(9);
    expect(bench.server.attempts - attempts).toBeLessThan(16);
    await expectNothingLeft(bench);
  });

  test('is in use again within two seconds after it is back', async () => {
    const bench = benchOf();
    bench.server.kill();
    await fail(bench);
    await bench.time.advance(60_000);
    expect(bench.pool.breaker).toBe('open');
    bench.server.revive();
    await bench.time.advance(1000);
    expect(bench.pool.breaker).toBe('closed');
    // The probe's connection is not kept where nobody asked for a look at the server.
    expect(bench.server.open.size).toBe(0);
    const waiting = bench.pool.acquire();
    await bench.time.advance(1000);
    (await waiting).release();
    await expectNothingLeft(bench);
  });

  test('is not given up as long as the connections that it has come back in working order', async () => {
    const bench = benchOf({ max: 3 });
    const lease = await bench.pool.acquire();
    bench.server.health = 'refusing';
    const waiting = bench.pool.acquire({ timeoutMs: 60_000 });
    let good: Lease = lease;
    let next = waiting;
    for (let i = 0; i < 20; i += 1) {
      await bench.time.advance(100);
      good.release();
      good = await next;
      next = bench.pool.acquire({ timeoutMs: 60_000 });
    }
    expect(bench.pool.breaker).toBe('closed');
    bench.server.revive();
    await bench.time.advance(1000);
    good.release();
    (await next).release();
    await expectNothingLeft(bench);
  });
});

test('a look at the server whose connection somebody has ended is taken with another', async () => {
  const states: string[] = [];
  const bench = benchOf({ failures: 1 }, { breakerChanged: ({ state }) => states.push(state) });
  bench.pool.start();
  await bench.time.advance(500);
  for (const connection of bench.server.open) connection.destroy();
  await bench.time.advance(1000);
  expect(bench.pool.isAnswering).toBe(true);
  expect(bench.server.open.size).toBe(1);
  expect(states).toEqual([]);
  await expectNothingLeft(bench);
});

describe('a server that freezes', () => {
  test('is found out in seconds by the look at it, while all connections hang', async () => {
    const bench = benchOf({ max: 2 });
    bench.pool.start();
    await bench.time.advance(3000);
    expect(bench.pool.isAnswering).toBe(true);
    const hanging = [await bench.pool.acquire(), await bench.pool.acquire()];
    bench.server.freeze();
    const waiting = expect(bench.pool.acquire({ timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'ERR_DAO_UNAVAILABLE',
      cause: { code: 'ERR_DAO_UNAVAILABLE' },
    });
    await bench.time.advance(4500);
    await waiting;
    expect(bench.pool.isAnswering).toBe(false);
    for (const lease of hanging) lease.discard();
    await expectNothingLeft(bench);
  });

  test('heals although its handshakes take longer than a sign of life may', async () => {
    const bench = benchOf({ pingTimeoutMs: 1000, connectTimeoutMs: 3000 });
    bench.pool.start();
    await bench.time.advance(100);
    bench.server.freeze();
    await bench.time.advance(10_000);
    expect(bench.pool.breaker).not.toBe('closed');
    const thaw = (): void => bench.server.revive();
    const { attempts } = bench.server;
    while (bench.server.attempts === attempts) await bench.time.advance(100);
    bench.time.after(2500, thaw);
    await bench.time.advance(4500);
    expect(bench.pool.breaker).toBe('closed');
    expect(bench.server.attempts).toBe(attempts + 1);
    await expectNothingLeft(bench);
  });

  test('that never ends a handshake is asked anew, with one at a time', async () => {
    const bench = benchOf();
    bench.server.freeze();
    bench.pool.start();
    await bench.time.advance(30_000);
    expect(bench.server.attempts).toBeGreaterThan(6);
    expect(bench.server.attempts).toBeLessThan(12);
    await expectNothingLeft(bench);
  });
});
