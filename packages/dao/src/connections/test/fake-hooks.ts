import type { ServerConnection } from '../../server/connection.ts';
import type { ServerHooks } from '../hooks.ts';
import { FakeConnection, type FakeServer } from './fake-server.ts';
import type { FakeTime } from '@midgard/pool/testing';

/** @returns the server at the other end, which answers as it does */
export async function ask(connection: ServerConnection): Promise<FakeServer> {
  if (!(connection instanceof FakeConnection)) throw new TypeError('not one of the fakes');
  await connection.answer();
  return connection.server;
}

const covers = (position: string, mark: string): boolean => Number(position) >= Number(mark);

/** Hooks that tell what the fake servers say of themselves; marks are numbers. */
export function hooksOf(time: FakeTime): Required<ServerHooks> & { readonly reaches: string[] } {
  const reaches: string[] = [];
  return {
    reaches,
    accepts: async (connection) => (await ask(connection)).acceptsWrites,
    hasCaughtUp: async (from, to) => covers((await ask(to)).position ?? '0', (await ask(from)).position ?? '0'),
    measure: async (connection) => {
      const { lagMs, position } = await ask(connection);
      return { lagMs, position };
    },
    marks: {
      covers,
      reach: async (connection, mark, timeoutMs) => {
        const server = await ask(connection);
        reaches.push(`${server.name} ${mark}`);
        const until = time.now() + timeoutMs;
        while (!covers(server.position ?? '0', mark)) {
          if (time.now() >= until) return false;
          await time.pass(10);
        }
        return true;
      },
    },
  };
}
