import { expect } from 'vitest';
import { ConnectionPool } from '../connection-pool.ts';
import type { ConnectionPoolOptions } from '../connection-pool-options.ts';
import type { ConnectionsListener } from '../listener.ts';
import { FakeServer } from './fake-server.ts';
import { FakeTime } from '@midgard/pool/testing';

/** A pool over one server, in a time that stands still. */
export interface PoolBench {
  readonly time: FakeTime;
  readonly server: FakeServer;
  readonly pool: ConnectionPool;
}

/** @returns a pool that has not been used yet */
export function benchOf(options: ConnectionPoolOptions = {}, listener?: ConnectionsListener): PoolBench {
  const time = new FakeTime();
  const server = new FakeServer('db1:3306');
  return { time, server, pool: new ConnectionPool(server, { clock: time, timers: time, random: () => 0, ...options }, listener) };
}

/** Nothing may be left of it: no loan, no timer, no connection. */
export async function expectNothingLeft({ pool, time, server }: PoolBench): Promise<void> {
  expect(pool.usage().borrowed).toBe(0);
  const closed = pool.close({ graceMs: 0 });
  await time.advance(3000);
  await closed;
  expect(pool.usage()).toMatchObject({ idle: 0, borrowed: 0, checking: 0, creating: 0, destroying: 0, waiting: 0 });
  expect(time.pending).toEqual([]);
  expect(server.open.size).toBe(0);
}
