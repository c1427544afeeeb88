import { describe, expect, test } from 'vitest';
import { DaoError } from '../errors.ts';
import { settled } from '@midgard/pool/testing';
import { benchOf, expectNothingLeft } from './test/pool-bench.ts';

const code = (name: string) => expect.objectContaining({ code: name });

function throwing(): never {
  throw new Error('of the listener');
}

describe('a lease', () => {
  test('comes back once, however often it is given back', async () => {
    const bench = benchOf({ max: 1 });
    const first = await bench.pool.acquire();
    first.release();
    const second = await bench.pool.acquire();
    expect(second.connection).toBe(first.connection);
    first.release();
    first.discard();
    expect(bench.pool.usage()).toMatchObject({ borrowed: 1 });
    expect(second.connection.isBroken).toBe(false);
    second.release();
    await expectNothingLeft(bench);
  });

  test('that is discarded or came back broken is never lent again', async () => {
    const bench = benchOf({ max: 1 });
    const discarded = await bench.pool.acquire();
    discarded.discard();
    expect(discarded.connection.isBroken).toBe(true);
    const broken = await bench.pool.acquire();
    expect(broken.connection).not.toBe(discarded.connection);
    broken.connection.destroy();
    broken.release();
    const third = await bench.pool.acquire();
    expect(third.connection.isBroken).toBe(false);
    third.release();
    await expectNothingLeft(bench);
  });

  test('is never a connection that broke while it was idle, trusted or not', async () => {
    const failures: unknown[] = [];
    const bench = benchOf({ max: 2, trustMs: 1000 }, { connectionFailed: ({ error }) => failures.push(error) });
    const leases = [await bench.pool.acquire(), await bench.pool.acquire()];
    for (const lease of leases) lease.release();
    for (const connection of bench.server.open) connection.destroy();
    const lease = await bench.pool.acquire();
    expect(lease.connection.isBroken).toBe(false);
    lease.release();
    await bench.time.advance(2000);
    lease.connection.destroy();
    const next = await bench.pool.acquire();
    expect(next.connection.isBroken).toBe(false);
    next.release();
    // That somebody ended them says nothing about the server.
    expect(failures).toEqual([]);
    await expectNothingLeft(bench);
  });

  test('says how long its borrower waited', async () => {
    const waits: number[] = [];
    const bench = benchOf({ max: 1 }, { acquired: ({ waitMs }) => waits.push(waitMs) });
    const first = await bench.pool.acquire();
    const waiting = bench.pool.acquire();
    await bench.time.advance(70);
    first.release();
    const second = await waiting;
    expect(second).toMatchObject({ waitMs: 70, server: 'db1:3306', role: 'primary' });
    expect(waits).toEqual([0, 70]);
    second.release();
    await expectNothingLeft(bench);
  });

  test('does not stay out because a listener throws', async () => {
    const heard: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => heard.push(error));
    try {
      const bench = benchOf({ max: 1 }, { released: throwing });
      (await bench.pool.acquire()).release();
      await settled();
      await expectNothingLeft(bench);
      expect(heard).toHaveLength(1);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('a wait', () => {
  test('ends at its bound with the name of the server and the bound', async () => {
    const failures: unknown[] = [];
    const bench = benchOf({ max: 1 }, { acquireFailed: (event) => failures.push(event) });
    const lease = await bench.pool.acquire();
    const late = expect(bench.pool.acquire()).rejects.toMatchObject({
      code: 'ERR_DAO_UNAVAILABLE',
      message: 'db1:3306: none of at most 1 connections was free within 5000 ms',
    });
    const sooner = expect(bench.pool.acquire({ timeoutMs: 20 })).rejects.toThrow('within 20 ms');
    await bench.time.advance(5000);
    await Promise.all([late, sooner]);
    expect(failures.at(-1)).toEqual({ server: 'db1:3306', role: 'primary', waitMs: 5000, code: 'ERR_DAO_UNAVAILABLE' });
    lease.release();
    await expectNothingLeft(bench);
  });

  test('is refused when too many wait', async () => {
    const bench = benchOf({ max: 1, maxWaiting: 1 });
    const lease = await bench.pool.acquire();
    const waiting = bench.pool.acquire();
    await expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_OVERLOADED'));
    lease.release();
    (await waiting).release();
    await expectNothingLeft(bench);
  });

  test('ends with the signal, before it and during it', async () => {
    const bench = benchOf({ max: 1 });
    const reason = new Error('the caller went away');
    await expect(bench.pool.acquire({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT', cause: reason });
    const lease = await bench.pool.acquire();
    const controller = new AbortController();
    const waiting = expect(bench.pool.acquire({ signal: controller.signal })).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT', cause: reason });
    controller.abort(reason);
    await waiting;
    expect(bench.pool.usage().waiting).toBe(0);
    lease.release();
    await expectNothingLeft(bench);
  });

  test('and the pool end with the close', async () => {
    const bench = benchOf({ max: 1 });
    const lease = await bench.pool.acquire();
    const waiting = expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_CLOSED'));
    const closed = bench.pool.close({ graceMs: 100 });
    await bench.time.advance(100);
    await waiting;
    await expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_CLOSED'));
    await closed;
    lease.release();
    await expectNothingLeft(bench);
  });

  test.each([{ max: 0 }, { min: 11 }, { acquireTimeoutMs: 0 }, { watchEveryMs: 0 }, { failures: 0 }, { pingTimeoutMs: Number.NaN }])(
    'refuses %j',
    (options) => {
      expect(() => benchOf(options)).toThrow(code('ERR_DAO_INPUT'));
    },
  );
});

describe('a connection that was idle for long', () => {
  test('is pinged before it is lent, and one that does not answer in time is replaced', async () => {
    const bench = benchOf({ max: 1, trustMs: 500, pingTimeoutMs: 200 });
    const first = await bench.pool.acquire();
    first.release();
    await bench.time.advance(600);
    bench.server.freeze();
    const waiting = bench.pool.acquire();
    await bench.time.advance(199);
    bench.server.revive();
    await bench.time.advance(1);
    const second = await waiting;
    expect(second.connection).not.toBe(first.connection);
    expect(first.connection.isBroken).toBe(true);
    second.release();
    await expectNothingLeft(bench);
  });

  test('is pinged in the background, and goes at last', async () => {
    const bench = benchOf({ healthEveryMs: 5000, idleTimeoutMs: 20_000 });
    const lease = await bench.pool.acquire();
    lease.release();
    await bench.time.advance(11_000);
    expect(lease.connection).toMatchObject({ pings: 2 });
    await bench.time.advance(10_000);
    expect(bench.server.open.size).toBe(0);
    await expectNothingLeft(bench);
  });

  test('that cannot be closed in order is cut', async () => {
    const bench = benchOf({ idleTimeoutMs: 1000, healthEveryMs: Infinity });
    (await bench.pool.acquire()).release();
    bench.server.freeze();
    await bench.time.advance(3500);
    expect(bench.server.open.size).toBe(0);
    await expectNothingLeft(bench);
  });
});

describe('a server that is left for another', () => {
  const left = new DaoError('ERR_DAO_UNAVAILABLE', 'left');

  test('lets those who borrow finish, and hears the end of the grace when all is closed', async () => {
    const bench = benchOf({ max: 1 });
    const lease = await bench.pool.acquire();
    const waiting = expect(bench.pool.acquire()).rejects.toThrow(left);
    bench.pool.retire(left);
    await waiting;
    expect(bench.pool.usage()).toMatchObject({ borrowed: 1 });
    let isClosed = false;
    const closed = bench.pool.close({ graceMs: 100 }).then(() => {
      isClosed = true;
    });
    await bench.time.advance(99);
    expect(isClosed).toBe(false);
    await bench.time.advance(1);
    await closed;
    lease.release();
    await expectNothingLeft(bench);
  });

  test('is not taken for dead because of connections that are not wanted any more', async () => {
    const bench = benchOf({ max: 1, failures: 1 });
    bench.server.freeze();
    const waiting = expect(bench.pool.acquire()).rejects.toThrow(left);
    bench.pool.retire(left);
    await waiting;
    await settled();
    expect(bench.pool.breaker).toBe('closed');
    await expectNothingLeft(bench);
  });
});

describe('a pool that is renewed', () => {
  test('drops what is idle at once and what is borrowed when it comes back, and lends new connections', async () => {
    const bench = benchOf({ max: 2 });
    const [idle, borrowed] = [await bench.pool.acquire(), await bench.pool.acquire()];
    idle.release();
    bench.pool.renew();
    const fresh = await bench.pool.acquire();
    expect([idle.connection, borrowed.connection]).not.toContain(fresh.connection);
    expect(bench.pool.usage()).toMatchObject({ idle: 0, borrowed: 2 });
    borrowed.release();
    await settled();
    expect(bench.pool.usage()).toMatchObject({ idle: 0, borrowed: 1 });
    fresh.release();
    await expectNothingLeft(bench);
  });

  test('refuses nobody who waits', async () => {
    const bench = benchOf({ max: 1 });
    const lease = await bench.pool.acquire();
    const waiting = bench.pool.acquire();
    bench.pool.renew();
    lease.release();
    (await waiting).release();
    await settled();
    await expectNothingLeft(bench);
    bench.pool.renew();
    expect(bench.pool.usage()).toMatchObject({ idle: 0, creating: 0 });
  });
});

test('resize takes effect under those who borrow and those who wait', async () => {
  const bench = benchOf({ max: 1 });
  const first = await bench.pool.acquire();
  const waiting = bench.pool.acquire();
  bench.pool.resize({ max: 2 });
  const second = await waiting;
  bench.pool.resize({ max: 1 });
  first.release();
  second.release();
  expect(bench.pool.usage()).toMatchObject({ max: 1, idle: 1, borrowed: 0 });
  expect(() => bench.pool.resize({ min: 5 })).toThrow(code('ERR_DAO_INPUT'));
  await settled();
  await expectNothingLeft(bench);
});
