import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, and keeps what the server says. */
export interface RecordingProxy extends AsyncDisposable {
  readonly port: number;
  /** @returns what the server has said since the last call, as it came */
  take(): Buffer;
}

/** @param serverPort of the server on this machine */
export async function recordingProxy(serverPort: number): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  let said: Buffer[] = [];
  const server = createServer((client) => {
    const upstream = connect({ port: serverPort, host: '127.0.0.1' });
    upstream.on('data', (chunk: Buffer) => said.push(chunk));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    take: () => {
      const taken = Buffer.concat(said);
      said = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
