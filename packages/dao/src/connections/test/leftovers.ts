import { expect } from 'vitest';
import type { ServerUsage } from '../usage.ts';
import type { FakeServer } from './fake-server.ts';
import type { FakeTime } from '@midgard/pool/testing';

/** Something with connections to several servers. */
interface Closable {
  usage(): readonly ServerUsage[];
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Nothing may be left of it: no loan, no timer, no connection. */
export async function expectNothingLeft(connections: Closable, time: FakeTime, servers: readonly FakeServer[]): Promise<void> {
  expect(connections.usage().map(({ server, pool }) => [server, pool.borrowed, pool.waiting])).toEqual(connections.usage().map(({ server }) => [server, 0, 0]));
  const closed = connections.close({ graceMs: 0 });
  await time.advance(5000);
  await closed;
  for (const { pool } of connections.usage()) {
    expect(pool).toMatchObject({ idle: 0, borrowed: 0, checking: 0, creating: 0, destroying: 0, waiting: 0 });
  }
  expect(time.pending).toEqual([]);
  expect(servers.map(({ open }) => open.size)).toEqual(servers.map(() => 0));
}
