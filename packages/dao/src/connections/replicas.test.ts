import { describe, expect, test } from 'vitest';
import type { ConnectionPoolBounds } from './connection-pool-options.ts';
import type { ServerHooks } from './hooks.ts';
import type { ConnectionsListener } from './listener.ts';
import { ReplicaSet } from './replicas.ts';
import { hooksOf } from './test/fake-hooks.ts';
import { FakeServer } from './test/fake-server.ts';
import { FakeTime } from '@midgard/pool/testing';
import { expectNothingLeft } from './test/leftovers.ts';

const code = (name: string) => expect.objectContaining({ code: name });

class Bench {
  readonly time = new FakeTime();
  readonly servers: readonly FakeServer[];
  readonly set: ReplicaSet;
  readonly events: string[] = [];

  constructor(weights: readonly number[], hooks: ServerHooks = hooksOf(this.time), options: ConnectionPoolBounds = {}) {
    this.servers = weights.map((_, index) => new FakeServer(`r${index + 1}`));
    const listener: ConnectionsListener = {
      replicaLeft: ({ server, trouble, lagMs }) => this.events.push(`${server} ${trouble} ${lagMs}`),
      replicaReturned: ({ server, lagMs }) => this.events.push(`${server} back ${lagMs}`),
    };
    const addresses = this.servers.map((address, index) => ({ address, weight: weights[index] }));
    this.set = new ReplicaSet(addresses, { maxLagMs: 5000, clock: this.time, timers: this.time, random: () => 0, ...options }, hooks, listener);
    this.set.start();
  }

  picks(count: number): string {
    return Array.from({ length: count }, () => this.set.pick()?.name ?? 'none').join(' ');
  }

  async see(ms = 1100): Promise<void> {
    await this.time.advance(ms);
    this.events.length = 0;
  }

  end(): Promise<void> {
    return expectNothingLeft(this.set, this.time, this.servers);
  }
}

describe('the rotation', () => {
  test('gives each its share, and no one its turns in a row', async () => {
    const bench = new Bench([5, 1, 1]);
    await bench.see();
    expect(bench.picks(7)).toBe('r1 r1 r2 r1 r3 r1 r1');
    expect(bench.picks(70).match(/r2/g)).toHaveLength(10);
    await bench.end();
  });

  test('holds nobody who has not been measured', async () => {
    const bench = new Bench([1, 1]);
    expect(bench.picks(1)).toBe('none');
    await bench.time.advance(10);
    expect(bench.events).toEqual(['r1 back 0', 'r2 back 0']);
    expect(bench.picks(2)).toBe('r1 r2');
    await bench.end();
  });

  test('leaves out whom the caller does not want', async () => {
    const bench = new Bench([1, 1]);
    await bench.see();
    expect(bench.set.pick(({ name }) => name === 'r2')?.name).toBe('r2');
    expect(bench.set.pick(() => false)).toBeUndefined();
    await bench.end();
  });

  test('does not pay one that was away its missed turns', async () => {
    const bench = new Bench([1, 1]);
    await bench.see();
    bench.servers[0]!.lagMs = 9000;
    await bench.see();
    bench.picks(100);
    bench.servers[0]!.lagMs = 0;
    await bench.see();
    expect(bench.picks(4)).toBe('r1 r2 r1 r2');
    await bench.end();
  });
});

describe('a replica', () => {
  test('that falls behind leaves, and comes back when it has caught up', async () => {
    const bench = new Bench([1, 1]);
    await bench.see();
    bench.servers[0]!.lagMs = 5001;
    await bench.time.advance(1100);
    expect(bench.picks(2)).toBe('r2 r2');
    expect(bench.set.usage()[0]).toMatchObject({ server: 'r1', role: 'replica', state: 'behind', lagMs: 5001, breaker: 'closed' });
    bench.servers[0]!.lagMs = 5000;
    await bench.time.advance(1100);
    expect(bench.picks(2)).toBe('r1 r2');
    expect(bench.events).toEqual(['r1 behind 5001', 'r1 back 5000']);
    await bench.end();
  });

  test('that does not replicate, or does not say whether, leaves', async () => {
    const bench = new Bench([1, 1]);
    await bench.see();
    bench.servers[0]!.lagMs = undefined;
    await bench.time.advance(1100);
    expect(bench.events).toEqual(['r1 stopped undefined']);
    expect(bench.picks(2)).toBe('r2 r2');
    await bench.end();
  });

  test('whose state hangs while it answers pings leaves, and its breaker stays closed', async () => {
    const time = new FakeTime();
    let isHanging = false;
    const hooks = hooksOf(time);
    const bench = new Bench([1], { ...hooks, measure: (connection) => (isHanging ? new Promise(() => undefined) : hooks.measure(connection)) });
    await bench.see();
    isHanging = true;
    await bench.time.advance(2500);
    expect(bench.events).toEqual(['r1 stopped undefined']);
    expect(bench.set.usage()[0]).toMatchObject({ breaker: 'closed' });
    isHanging = false;
    await bench.time.advance(2500);
    expect(bench.picks(1)).toBe('r1');
    // On the connection on which it hung nothing else would have been answered.
    expect(bench.servers[0]).toMatchObject({ made: 2 });
    await bench.end();
  });

  test('that is killed leaves within a second and a half, and comes back by itself', async () => {
    const bench = new Bench([1, 1]);
    await bench.see();
    bench.servers[1]!.kill();
    await bench.time.advance(1500);
    expect(bench.picks(2)).toBe('r1 r1');
    expect(bench.events).toEqual([expect.stringContaining('r2 down')]);
    bench.servers[1]!.revive();
    await bench.time.advance(1100);
    expect(bench.picks(2)).toBe('r1 r2');
    await bench.end();
  });

  test('whose borrowers find out that it is dead leaves before anybody looks at it', async () => {
    const bench = new Bench([1], {}, { watchEveryMs: 600_000, trustMs: 0, max: 3 });
    await bench.see();
    const pool = bench.set.pick()!.pool;
    const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    for (const lease of leases) lease.release();
    bench.servers[0]!.freeze();
    const lost = expect(pool.acquire()).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
    await bench.time.advance(3000);
    await lost;
    expect(bench.events).toEqual([expect.stringMatching(/^r1 down/)]);
    await bench.end();
  });

  test('that is silent leaves, and those who read from it hear so while they have time to read elsewhere', async () => {
    const bench = new Bench([1]);
    await bench.see();
    const { pool } = bench.set.pick()!;
    const lease = await pool.acquire();
    bench.servers[0]!.freeze();
    const read = expect(lease.connection.run('select 1', [])).rejects.toThrow('lost');
    await bench.time.advance(4500);
    await read;
    lease.release();
    expect(bench.events).toEqual([expect.stringMatching(/^r1 down/)]);
    await bench.end();
  });

  test('that misses one sign of life stays, and is taken to fall behind from there', async () => {
    const bench = new Bench([1]);
    bench.servers[0]!.lagMs = 2000;
    await bench.see();
    bench.servers[0]!.freeze();
    await bench.time.advance(1950);
    expect(bench.picks(1)).toBe('r1');
    expect(bench.set.usage()[0]!.lagMs).toBeGreaterThan(4000);
    await bench.time.advance(1100);
    expect(bench.events).toEqual([expect.stringMatching(/^r1 behind 5/)]);
    bench.servers[0]!.revive();
    await bench.time.advance(2000);
    expect(bench.picks(1)).toBe('r1');
    await bench.end();
  });

  test('is up to date where the dialect cannot measure', async () => {
    const bench = new Bench([1], {});
    await bench.see();
    expect(bench.picks(1)).toBe('r1');
    await bench.end();
  });
});

test.each([
  [{ maxLagMs: 0 }, 1],
  [{ maxLagMs: 1 }, 0],
  [{ maxLagMs: 1 }, Infinity],
])('refuses %j with a weight of %d', (options, weight) => {
  expect(() => new ReplicaSet([{ address: new FakeServer('r1'), weight }], options, {})).toThrow(code('ERR_DAO_INPUT'));
});
