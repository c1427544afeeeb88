import { describe, expect, test } from 'vitest';
import { Connections, type ConnectionsOptions } from './connections.ts';
import type { ServerHooks } from './hooks.ts';
import type { Lease } from './lease.ts';
import { hooksOf } from './test/fake-hooks.ts';
import { FakeServer } from './test/fake-server.ts';
import { FakeTime, settled } from '@midgard/pool/testing';
import { expectNothingLeft } from './test/leftovers.ts';

const code = (name: string) => expect.objectContaining({ code: name });

class Bench {
  readonly time = new FakeTime();
  readonly primary = new FakeServer('primary');
  readonly standby = new FakeServer('standby');
  readonly replicas: readonly FakeServer[];
  readonly hooks = hooksOf(this.time);
  readonly fallbacks: string[] = [];
  readonly connections: Connections;

  constructor(replicas: number, options: Partial<ConnectionsOptions> = {}, hooks: (hooks: ServerHooks) => ServerHooks = (same) => same) {
    this.standby.acceptsWrites = false;
    this.replicas = Array.from({ length: replicas }, (_, index) => new FakeServer(`r${index + 1}`));
    this.connections = new Connections(
      {
        servers: [this.primary, this.standby],
        replicas: this.replicas.map((address) => ({ address })),
        clock: this.time,
        timers: this.time,
        random: () => 0,
        ...options,
      },
      hooks(this.hooks),
      { readFellBack: ({ reason }) => this.fallbacks.push(reason) },
    );
    this.connections.start();
  }

  /** A write, which replicas get after a while. */
  async write(position: string): Promise<void> {
    const lease = await this.connections.write();
    this.primary.position = position;
    this.connections.noteCommit(await lease.connection.commit());
    lease.release();
  }

  async reader(...args: Parameters<Connections['read']>): Promise<string> {
    const lease = await this.connections.read(...args);
    lease.release();
    return lease.server;
  }

  end(): Promise<void> {
    return expectNothingLeft(this.connections, this.time, [this.primary, this.standby, ...this.replicas]);
  }
}

describe('a read', () => {
  test('goes where the writes go when there are no replicas, with all its connections', async () => {
    const bench = new Bench(0, { pool: { max: 2 } });
    await bench.time.advance(100);
    const leases = [await bench.connections.read(), await bench.connections.read()];
    expect(leases.map(({ server, role }) => `${server} ${role}`)).toEqual(['primary primary', 'primary primary']);
    for (const lease of leases) lease.release();
    await bench.end();
  });

  test('goes to the replicas in turn, and a write never does', async () => {
    const bench = new Bench(2);
    await bench.time.advance(100);
    expect([await bench.reader(), await bench.reader(), await bench.reader()]).toEqual(['r1', 'r2', 'r1']);
    const lease = await bench.connections.write();
    expect(lease).toMatchObject({ server: 'primary', role: 'primary', waitMs: 0 });
    lease.release();
    await bench.end();
  });

  test('goes to another replica when one refuses connections and nobody knows it yet', async () => {
    const bench = new Bench(2);
    await bench.time.advance(100);
    bench.replicas[0]!.kill();
    expect(await bench.reader()).toBe('r2');
    const others = [bench.reader(), bench.reader(), bench.reader()];
    await bench.time.advance(500);
    expect(await Promise.all(others)).toEqual(['r2', 'r2', 'r2']);
    await bench.end();
  });

  test('goes to the primary at once when the only replica refuses connections and nobody knows it yet', async () => {
    const bench = new Bench(1);
    await bench.time.advance(100);
    bench.replicas[0]!.kill();
    expect(await bench.reader()).toBe('primary');
    await bench.end();
  });

  test('does not take a replica that left the rotation while it waited for it', async () => {
    const bench = new Bench(1, { pool: { max: 1 } });
    await bench.time.advance(100);
    const held = await bench.connections.read();
    expect(held.server).toBe('r1');
    const waiting = bench.reader();
    bench.replicas[0]!.lagMs = 60_000;
    await bench.time.advance(1100);
    held.release();
    expect(await waiting).toBe('primary');
    await bench.end();
  });
});

test('a read that waits for a silent replica has time left for another server, though nobody knows yet that it is down', async () => {
  const bench = new Bench(1, { pool: { max: 1 } });
  await bench.time.advance(100);
  const held = await bench.connections.read();
  bench.replicas[0]!.freeze();
  const waiting = bench.reader({ timeoutMs: 2000 });
  await bench.time.advance(1900);
  expect(await waiting).toBe('primary');
  held.discard();
  await bench.end();
});

describe('a read after a write of this process', () => {
  test('costs a replica that is known to have it no round trip', async () => {
    const bench = new Bench(1);
    await bench.write('7');
    bench.replicas[0]!.position = '7';
    await bench.time.advance(1100);
    expect(await bench.reader()).toBe('r1');
    expect(bench.hooks.reaches).toEqual([]);
    await bench.end();
  });

  test('waits for a replica that is about to have it, and asks it once', async () => {
    const bench = new Bench(1);
    await bench.time.advance(100);
    await bench.write('7');
    const waiting = bench.reader();
    await bench.time.advance(50);
    bench.replicas[0]!.position = '7';
    await bench.time.advance(10);
    expect(await waiting).toBe('r1');
    expect(await bench.reader()).toBe('r1');
    expect(bench.hooks.reaches).toEqual(['r1 7']);
    await bench.end();
  });

  test('goes to the primary when the replica does not get it in time, and the next ones do so at once', async () => {
    const bench = new Bench(1, { reads: { reachMs: 100 } });
    await bench.time.advance(100);
    await bench.write('7');
    const waiting = bench.reader();
    await bench.time.advance(110);
    expect(await waiting).toBe('primary');
    expect(await bench.reader()).toBe('primary');
    expect(bench.hooks.reaches).toEqual(['r1 7']);
    expect(bench.fallbacks).toEqual(['tooOld', 'tooOld']);
    // Others need not see it.
    expect(await bench.reader({}, 'any')).toBe('r1');
    expect(await bench.reader({}, { after: '0' })).toBe('r1');
    bench.replicas[0]!.position = '7';
    await bench.time.advance(1100);
    expect(await bench.reader()).toBe('r1');
    await bench.end();
  });

  test('goes to the primary when the question hangs, and the connection on which it does is not used again', async () => {
    const bench = new Bench(1, { reads: { reachMs: 100 } }, (hooks) => ({
      ...hooks,
      marks: { covers: () => false, reach: () => new Promise(() => undefined) },
    }));
    await bench.time.advance(100);
    await bench.write('7');
    const waiting = bench.reader();
    await bench.time.advance(1200);
    expect(await waiting).toBe('primary');
    expect(bench.connections.usage().at(-1)!.pool).toMatchObject({ borrowed: 0, idle: 0 });
    await bench.end();
  });

  test('goes to the primary for a while where the server tells no marks', async () => {
    const bench = new Bench(1, { reads: { settleMs: 3000 } }, (hooks) => ({ ...hooks, marks: undefined }));
    await bench.time.advance(100);
    await bench.write('7');
    await bench.time.advance(2999);
    expect(await bench.reader()).toBe('primary');
    await bench.time.advance(1);
    expect(await bench.reader()).toBe('r1');
    await bench.end();
  });

  test('whose mark was lost with the primary does not keep reads from the replicas for good', async () => {
    const bench = new Bench(1, { reads: { settleMs: 3000 } });
    await bench.time.advance(100);
    await bench.write('7');
    bench.primary.kill();
    bench.primary.acceptsWrites = false;
    bench.standby.acceptsWrites = true;
    await bench.time.advance(2500);
    expect(await bench.reader()).toBe('standby');
    await bench.time.advance(3000);
    expect(await bench.reader()).toBe('r1');
    await bench.end();
  });
});

describe('without any replica in the rotation', () => {
  test('reads hold no more than their share of the primary, and leave the writes the rest', async () => {
    const bench = new Bench(1, { pool: { max: 4 } });
    bench.replicas[0]!.kill();
    await bench.time.advance(1000);
    const order: string[] = [];
    const reads = Array.from({ length: 6 }, async (_, number) => {
      const lease = await bench.connections.read();
      order.push(`${lease.server} ${number}`);
      return lease;
    });
    await settled();
    expect(order).toEqual(['primary 0', 'primary 1']);
    const writes = [await bench.connections.write(), await bench.connections.write()];
    for (const write of writes) write.release();
    for (const read of reads) (await read).release();
    expect(order).toHaveLength(6);
    expect(order).toEqual([0, 1, 2, 3, 4, 5].map((number) => `primary ${number}`));
    expect(bench.fallbacks).toEqual(Array.from({ length: 6 }, () => 'noReplica'));
    await bench.end();
  });

  test('reads beyond the share wait within their bounds', async () => {
    const bench = new Bench(1, { pool: { max: 2, maxWaiting: 2 } });
    bench.replicas[0]!.kill();
    await bench.time.advance(1000);
    const held = await bench.connections.read();
    const controller = new AbortController();
    const late = expect(bench.connections.read({ timeoutMs: 50 })).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
    const aborted = expect(bench.connections.read({ signal: controller.signal })).rejects.toThrow(code('ERR_DAO_TIMEOUT'));
    await settled();
    await expect(bench.connections.read()).rejects.toThrow(code('ERR_DAO_OVERLOADED'));
    controller.abort();
    await bench.time.advance(50);
    await Promise.all([late, aborted]);
    // Its share is free again only once, however often it is given back.
    held.release();
    held.discard();
    const next = await bench.connections.read();
    const last = bench.connections.read();
    next.release();
    (await last).release();
    await bench.end();
  });

  test('a read gives its share back when the primary is down too', async () => {
    const bench = new Bench(1, { pool: { max: 2 } });
    bench.replicas[0]!.kill();
    bench.primary.kill();
    await bench.time.advance(3000);
    for (let i = 0; i < 5; i += 1) await expect(bench.connections.read()).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
    bench.primary.revive();
    await bench.time.advance(1100);
    expect(await bench.reader()).toBe('primary');
    await bench.end();
  });
});

test('resize reaches every pool, or only those of the writes or of the reads', async () => {
  const bench = new Bench(1, { pool: { max: 4 } });
  await bench.time.advance(100);
  bench.connections.resize({ min: 1, max: 8 });
  bench.connections.resize({ max: 6 }, 'reads');
  bench.connections.resize({ max: 2 }, 'writes');
  expect(bench.connections.usage().map(({ server, pool }) => `${server} ${pool.min} ${pool.max}`)).toEqual(['primary 1 2', 'standby 0 2', 'r1 1 6']);
  bench.replicas[0]!.lagMs = undefined;
  await bench.time.advance(1100);
  const held = await bench.connections.read();
  const leases: Lease[] = [];
  const waiting = bench.connections.read().then((lease) => leases.push(lease));
  await settled();
  expect(leases).toEqual([]);
  bench.connections.resize({ max: 4 }, 'writes');
  await waiting;
  for (const lease of [held, ...leases]) lease.release();
  await bench.end();
});

test('usage names every server with what it does', async () => {
  const bench = new Bench(2);
  bench.replicas[1]!.kill();
  bench.replicas[0]!.lagMs = 40;
  await bench.time.advance(1000);
  expect(bench.connections.usage()).toMatchObject([
    { server: 'primary', role: 'primary', state: 'active', breaker: 'closed' },
    { server: 'standby', role: 'standby', state: 'refusing', breaker: 'closed' },
    { server: 'r1', role: 'replica', state: 'serving', breaker: 'closed', lagMs: 40, pool: { max: 10, borrowed: 0 } },
    { server: 'r2', role: 'replica', state: 'down', breaker: 'open', lagMs: undefined },
  ]);
  await bench.end();
});

test('the close waits for what is lent, within the grace, and serves nobody after', async () => {
  const bench = new Bench(1);
  await bench.time.advance(100);
  const lease = await bench.connections.write();
  let isClosed = false;
  const closed = bench.connections.close({ graceMs: 1000 }).then(() => {
    isClosed = true;
  });
  await expect(bench.connections.write()).rejects.toThrow(code('ERR_DAO_CLOSED'));
  await expect(bench.connections.read()).rejects.toThrow(code('ERR_DAO_CLOSED'));
  await bench.time.advance(500);
  expect(isClosed).toBe(false);
  lease.release();
  await closed;
  await bench.end();
});

test.each([{ reads: { reachMs: 0 } }, { reads: { maxFallback: 0 } }, { reads: { maxFallback: 1.1 } }, { reads: { settleMs: -1 } }, { reads: { maxLagMs: 0 } }])(
  'refuses %j',
  (options) => {
    expect(() => new Connections({ servers: [new FakeServer('one')], ...options })).toThrow(code('ERR_DAO_INPUT'));
  },
);
