import { connect as dial, createServer } from 'node:net';
import { Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import { ClientError } from './client-error.ts';
import { connect } from './tcp-client.ts';
import { FakeTime } from './testing/fake-timers.ts';
import { harness } from './testing/harness.ts';

const start = harness();
const auth = { kind: 'apiKey', key: 'k' } as const;

test('the hello carries what the options ask for, and one encoding only', async () => {
  const server = await start.server();
  await start.client(server, { encoding: 'json', compression: ['deflate'], checksum: true, name: 'shop/2' });
  expect(server.peer(0).hello).toEqual({ client: 'shop/2', auth, encodings: ['json'], compression: ['deflate'], checksum: true });
});

test.each([
  { encoding: 'msgpack', checksum: false },
  { encoding: 'json', checksum: true },
  { encoding: 'msgpack', checksum: true, compression: ['zstd'] },
  { encoding: 'json', checksum: false, compression: ['deflate'] },
] as const)('values come back as they went: %j', async (options) => {
  const server = await start.server();
  const client = await start.client(server, options);
  const input = { name: 'Ærø 🐉', list: [1, 2.5, null, true], text: 'x'.repeat(5000) };
  expect(await client.request({ game: 7, operation: 1, input })).toEqual(input);
  const { flags } = server.request(0).frame;
  expect(flags & 1).toBe('compression' in options ? 1 : 0);
  expect(flags & 2).toBe(options.checksum ? 2 : 0);
});

test('a refused hello rejects with the code of the server', async () => {
  const server = await start.server({ onHello: () => ({ refuse: 3003 }) });
  const error = await connect({ port: server.port, auth }).catch((error: unknown) => error);
  expect(MidgardError.is(error, 'credentialInvalid')).toBe(true);
});

test('nobody at the port is ERR_CLIENT_CONNECT', async () => {
  const server = await start.server();
  const { port } = server;
  await server.stop();
  await expect(connect({ port, auth })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
});

test('a server that never greets is ERR_CLIENT_CONNECT after the connect time-out', async () => {
  const time = new FakeTime();
  const server = await start.server({ onHello: () => 'silence' });
  const connecting = connect({ port: server.port, auth, timers: time, clock: time, connectTimeoutMs: 300 }).catch((error: unknown) => error);
  await server.until(() => server.peers[0]?.hello !== undefined);
  time.advance(299);
  time.advance(1);
  expect(ClientError.is(await connecting, 'ERR_CLIENT_CONNECT')).toBe(true);
  await server.until(() => server.peers.some(({ isClosed }) => isClosed));
  expect(time.pending).toEqual([]);
});

test('a server that hangs up in place of a welcome is ERR_CLIENT_CONNECT', async () => {
  const server = await start.server({
    onHello: (peer) => {
      peer.socket.destroy();
      return 'silence';
    },
  });
  await expect(connect({ port: server.port, auth })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
});

test('a server of another kind is ERR_CLIENT_PROTOCOL', async () => {
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(connect({ port, auth })).rejects.toMatchObject({ code: 'ERR_CLIENT_PROTOCOL' });
  await new Promise((resolve) => server.close(resolve));
});

test('auth as a function is asked anew for each connection', async () => {
  const server = await start.server();
  let asked = 0;
  const client = await start.client(server, { auth: () => ({ kind: 'token', token: `t${(asked += 1)}` }) });
  const connected = new Promise<void>((resolve) => client.on('connected', () => resolve()));
  server.peer(0).socket.destroy();
  await connected;
  expect(server.peers.map(({ hello }) => hello?.auth)).toEqual([
    { kind: 'token', token: 't1' },
    { kind: 'token', token: 't2' },
  ]);
});

test('frames in one chunk with the welcome are not lost', async () => {
  const server = await start.server({
    onHello: (peer) => {
      peer.socket.cork();
      process.nextTick(() => {
        peer.send({ kind: Kind.ping }, 'early');
        peer.socket.uncork();
      });
      return undefined;
    },
  });
  await start.client(server);
  await server.until(() => server.peer(0).ofKind(Kind.pong).length === 1);
});

test('a connection leaves nothing behind once it is closed', async () => {
  const server = await start.server();
  const client = await start.client(server);
  await client.close();
  await server.until(() => server.peer(0).isClosed);
  expect(server.peer(0).ofKind(Kind.goodbye)).toHaveLength(1);
  // The port still answers: it was the client that went.
  const probe = dial(server.port, '127.0.0.1');
  await new Promise((resolve) => probe.once('connect', resolve));
  probe.destroy();
});
