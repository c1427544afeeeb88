import { afterEach } from 'vitest';
import type { ClientEvents } from '../connection-pool.ts';
import type { ConnectOptions, TcpClient } from '../tcp-client.ts';
import { connect } from '../tcp-client.ts';
import type { FakeServerOptions } from './fake-server.ts';
import { FakeServer } from './fake-server.ts';

/** Starts servers and clients for one test and ends them after it. */
export interface Harness {
  server(options?: FakeServerOptions): Promise<FakeServer>;
  client(server: FakeServer, options?: Partial<ConnectOptions>): Promise<TcpClient>;
}

export function harness(): Harness {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  return {
    async server(options = {}) {
      const server = await new FakeServer(options).start();
      ends.push(() => server.stop());
      return server;
    },
    async client(server, options = {}) {
      const client = await connect({ port: server.port, auth: { kind: 'apiKey', key: 'k' }, backoff: { baseMs: 1 }, ...options });
      ends.push(() => client.close({ graceMs: 0 }));
      return client;
    },
  };
}

/** Resolves when the event fires. */
export function next(client: TcpClient, event: keyof ClientEvents): Promise<unknown> {
  return new Promise((resolve) => {
    const end = client.on(event, (value) => {
      end();
      resolve(value);
    });
  });
}
