import { describe, expect, test } from 'vitest';
import { FailoverPool } from './failover.ts';
import { FakeServer } from './test/fake-server.ts';
import { FailoverBench } from './test/failover-bench.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('when the active server is lost', () => {
  test('writes go on within three seconds on a standby that takes them', async () => {
    const bench = new FailoverBench();
    await bench.time.advance(2000);
    bench.time.after(1000, () => {
      bench.primary.kill();
      bench.promote(bench.standby);
    });
    const { longestGapMs, servers } = await bench.write(10_000);
    expect(servers).toEqual(['primary', 'standby']);
    expect(longestGapMs).toBeLessThan(3000);
    expect(bench.moves).toEqual(['primary standby']);
    expect(bench.states()).toEqual(['primary down', 'standby active', 'third refusing']);
    await bench.end();
  });

  test('because it froze, writes go on within ten seconds', async () => {
    const bench = new FailoverBench({ max: 2 });
    await bench.time.advance(2000);
    const hanging = [await bench.pool.acquire(), await bench.pool.acquire()];
    bench.primary.freeze();
    bench.promote(bench.third);
    const waiting = bench.pool.acquire({ timeoutMs: 10_000 });
    await bench.time.advance(5000);
    const lease = await waiting;
    expect(lease.server).toBe('third');
    expect(lease.waitMs).toBeLessThan(5000);
    lease.release();
    for (const each of hanging) each.discard();
    await bench.end();
  });

  test('those who wait go on waiting at the new one, in their order and for the rest of their time', async () => {
    const bench = new FailoverBench({ max: 1 });
    await bench.time.advance(2000);
    const held = await bench.pool.acquire();
    const served: string[] = [];
    const clients = [1, 2, 3].map(async (number) => {
      const lease = await bench.pool.acquire({ timeoutMs: 8000 });
      served.push(`${number} ${lease.server}`);
      await bench.time.pass(200);
      lease.release();
    });
    const late = bench.pool.acquire({ timeoutMs: 4600 }).catch((error: unknown) => error);
    bench.primary.freeze();
    bench.promote(bench.standby);
    await bench.time.advance(4599);
    expect(served.at(0)).toBe('1 standby');
    await bench.time.advance(1);
    expect(await late).toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
    await bench.time.advance(1000);
    await Promise.all(clients);
    expect(served).toEqual(['1 standby', '2 standby', '3 standby']);
    held.discard();
    await bench.end();
  });

  test('and no other takes writes, everyone is told at once, and it goes on as soon as one does', async () => {
    const bench = new FailoverBench();
    await bench.time.advance(2000);
    bench.primary.kill();
    await bench.time.advance(3000);
    await expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
    expect(bench.moves).toEqual([]);
    bench.promote(bench.third);
    await bench.time.advance(1100);
    const lease = await bench.pool.acquire();
    expect(lease.server).toBe('third');
    lease.release();
    await bench.end();
  });

  test('a standby that is down or silent itself is passed over', async () => {
    const bench = new FailoverBench();
    bench.promote(bench.standby);
    bench.third.acceptsWrites = true;
    await bench.time.advance(500);
    bench.standby.freeze();
    bench.primary.kill();
    await bench.time.advance(4000);
    expect(bench.pool.active).toBe('third');
    await bench.end();
  });

  test('and it is a borrower who finds out, he is served by the other', async () => {
    const bench = new FailoverBench({ watchEveryMs: 600_000 });
    bench.standby.acceptsWrites = true;
    await bench.time.advance(2000);
    bench.primary.kill();
    for (let i = 0; i < 2; i += 1) {
      await expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
      await bench.time.advance(200);
    }
    const lease = await bench.pool.acquire();
    expect(lease.server).toBe('standby');
    lease.release();
    await bench.end();
  });

  test('one that is back before another takes the writes keeps them', async () => {
    const bench = new FailoverBench();
    await bench.time.advance(2000);
    bench.primary.kill();
    await bench.time.advance(3000);
    bench.primary.revive();
    await bench.time.advance(1100);
    (await bench.pool.acquire()).release();
    expect(bench.moves).toEqual([]);
    await bench.end();
  });
});

describe('when somebody makes another server the primary', () => {
  test('writes follow, and what is lent finishes where it is while idle connections go', async () => {
    const bench = new FailoverBench({ max: 5, min: 3 });
    await bench.time.advance(2000);
    expect(bench.pool.usage().map(({ pool }) => pool.min)).toEqual([3, 0, 0]);
    const lease = await bench.pool.acquire();
    bench.promote(bench.standby);
    await bench.time.advance(2000);
    expect(bench.states()).toEqual(['primary refusing', 'standby active', 'third refusing']);
    await lease.connection.commit();
    // The one that is lent, and the one that looks at it.
    expect(bench.primary.open.size).toBe(2);
    expect(bench.pool.usage()[0]?.pool).toMatchObject({ borrowed: 1, idle: 0, min: 0 });
    expect(bench.pool.usage()[1]?.pool).toMatchObject({ idle: 3, min: 3 });
    lease.release();
    await bench.time.advance(10);
    expect(bench.primary.open.size).toBe(1);
    await bench.end();
  });

  test('those who wait at the old one are moved', async () => {
    const bench = new FailoverBench({ max: 1 });
    await bench.time.advance(2000);
    const lease = await bench.pool.acquire();
    const waiting = bench.pool.acquire();
    bench.promote(bench.standby);
    await bench.time.advance(2000);
    const moved = await waiting;
    expect(moved.server).toBe('standby');
    moved.release();
    lease.release();
    await bench.end();
  });

  test('nothing moves while no server says that it takes writes', async () => {
    const bench = new FailoverBench();
    await bench.time.advance(2000);
    bench.primary.acceptsWrites = false;
    await bench.time.advance(5000);
    const lease = await bench.pool.acquire();
    expect(lease.server).toBe('primary');
    lease.release();
    await bench.end();
  });

  test('a server that cannot be asked whether it takes writes keeps them, but gets none', async () => {
    let isHanging = false;
    const hooks = { accepts: () => (isHanging ? new Promise<boolean>(() => undefined) : Promise.resolve(true)) };
    const bench = new FailoverBench({}, hooks);
    await bench.time.advance(500);
    isHanging = true;
    await bench.time.advance(5000);
    (await bench.pool.acquire()).release();
    bench.primary.kill();
    await bench.time.advance(5000);
    expect(bench.moves).toEqual([]);
    await bench.end();
  });
});

test('resize goes to the active server, and with the writes to the next', async () => {
  const bench = new FailoverBench({ max: 2 });
  await bench.time.advance(1500);
  bench.pool.resize({ min: 2, max: 4 });
  await bench.time.advance(10);
  expect(bench.pool.usage().map(({ pool }) => `${pool.min} ${pool.max} ${pool.idle}`)).toEqual(['2 4 2', '0 4 0', '0 4 0']);
  bench.promote(bench.standby);
  await bench.time.advance(2500);
  expect(bench.pool.usage().map(({ pool }) => `${pool.min} ${pool.max} ${pool.idle}`)).toEqual(['0 4 0', '2 4 2', '0 4 0']);
  expect(() => bench.pool.resize({ min: 5 })).toThrow(code('ERR_DAO_INPUT'));
  await bench.end();
});

test('after the close nobody is served', async () => {
  const bench = new FailoverBench();
  await bench.time.advance(1500);
  await bench.end();
  await expect(bench.pool.acquire()).rejects.toThrow(code('ERR_DAO_CLOSED'));
});

test.each([{ returnAfterMs: 0 }, { handoverMs: Number.NaN }, { max: 0 }])('refuses %j', (options) => {
  expect(() => new FailoverPool([new FakeServer('one')], options, {})).toThrow(code('ERR_DAO_INPUT'));
});

test('refuses to be without any server', () => {
  expect(() => new FailoverPool([], {}, {})).toThrow(code('ERR_DAO_INPUT'));
});
