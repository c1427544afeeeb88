import { Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';
import { FakeTime } from './testing/fake-timers.ts';
import { harness, next } from './testing/harness.ts';
import { toy } from './testing/toy-game.ts';

const start = harness();
const key = 'order-4711-a';

/** A server that breaks the first connection as soon as it has a request, and serves the second. */
async function breakingServer(): Promise<FakeServer> {
  const server = await start.server();
  server.options = {
    onRequest: (request) => {
      if (request.peer === server.peers[0]) request.peer.socket.destroy();
      else request.peer.answer(request, 'served by the second');
    },
  };
  return server;
}

test('a read under which its connection breaks is sent once more', async () => {
  const server = await breakingServer();
  const client = await start.client(server);
  expect(await client.game(toy).call('player.get', { id: '1' })).toBe('served by the second');
});

test('so is a write with an idempotency key', async () => {
  const server = await breakingServer();
  const client = await start.client(server);
  expect(await client.game(toy).call('wallet.credit', { playerId: '1', amount: 5n, idempotencyKey: key })).toBe('served by the second');
});

test('a write without one fails with ERR_CLIENT_CONNECTION_LOST and is not sent again', async () => {
  const server = await breakingServer();
  const client = await start.client(server);
  const connected = next(client, 'connected');
  await expect(client.game(toy).call('player.create', { name: 'Freya' })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECTION_LOST' });
  await connected;
  expect(await client.game(toy).call('player.get', { id: '1' })).toBe('served by the second');
  expect(server.requests.map(({ frame }) => frame.operation)).toEqual([2, 1]);
});

test('nothing is sent a third time', async () => {
  const server = await start.server({ onRequest: ({ peer }) => peer.socket.destroy() });
  const client = await start.client(server);
  await expect(client.game(toy).call('player.get', { id: '1' })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECTION_LOST' });
  expect(server.requests).toHaveLength(2);
});

test('requests sent again go before those that waited, in their first order', async () => {
  const server = await start.server({ welcome: { maxInFlight: 2 }, onRequest: () => {} });
  const client = await start.client(server);
  const requests = [1, 2, 3, 4].map((operation) => client.request({ game: 7, operation, isRepeatable: true }));
  await server.until(() => server.requests.length === 2);
  server.options = { ...server.options, onRequest: (request) => request.peer.answer(request, request.frame.operation) };
  server.peer(0).socket.destroy();
  expect(await Promise.all(requests)).toEqual([1, 2, 3, 4]);
  expect(server.requests.map(({ frame }) => frame.operation)).toEqual([1, 2, 1, 2, 3, 4]);
});

test('requests made while there is no connection wait for the next one', async () => {
  const time = new FakeTime();
  const server = await start.server();
  const client = await start.client(server, { timers: time, clock: time, backoff: { baseMs: 100, random: () => 0.5 } });
  const lost = next(client, 'disconnected');
  server.peer(0).socket.destroy();
  await lost;
  const request = client.request({ game: 7, operation: 1, input: { n: 1 } });
  expect(time.pending).toEqual([50, 10_000]);
  time.advance(50);
  expect(await request).toEqual({ n: 1 });
});

test('attempts to connect again back off with full jitter, and a success starts over', async () => {
  const time = new FakeTime();
  const chances = [0.5, 0.25, 1 - Number.EPSILON, 0.5];
  const server = await start.server();
  const client = await start.client(server, { timers: time, clock: time, backoff: { baseMs: 100, maxMs: 300, random: () => chances.shift() ?? 0.5 } });
  const { port } = server;
  const waits: (number | undefined)[] = [];
  const failed = next(client, 'disconnected');
  await server.stop();
  await failed;
  for (let attempt = 0; attempt < 3; attempt++) {
    waits.push(Math.round(time.pending[0] ?? -1));
    const again = next(client, 'disconnected');
    time.advance(time.pending[0] ?? 0);
    await again;
  }
  expect(waits).toEqual([50, 50, 300]);
  const second = await new FakeServer().start(port);
  const connected = next(client, 'connected');
  time.advance(150);
  await connected;
  const lost = next(client, 'disconnected');
  second.peer(0).socket.destroy();
  await lost;
  expect(time.pending).toEqual([50]);
  await second.stop();
});

test('a hello refused on the way back fails those who wait with the code of the server', async () => {
  const server = await start.server();
  const client = await start.client(server);
  server.options = { onHello: () => ({ refuse: 3003 }) };
  const lost = next(client, 'disconnected');
  server.peer(0).socket.destroy();
  await lost;
  const error = await client.request({ game: 7, operation: 1 }).catch((error: unknown) => error);
  expect(MidgardError.is(error, 'credentialInvalid')).toBe(true);
});

test('goodbye: what is in flight is answered on the old connection, what comes goes to a new one', async () => {
  const server = await start.server({ onRequest: () => {} });
  const client = await start.client(server);
  const old = client.request({ game: 7, operation: 1 });
  await server.until(() => server.requests.length === 1);
  const connected = next(client, 'connected');
  const goodbye = next(client, 'goodbye');
  server.peer(0).goodbye();
  expect(await goodbye).toEqual({ code: 1008, reason: 'restart' });
  await connected;
  server.options = { onRequest: (request) => request.peer.answer(request, 'new') };
  expect(await client.request({ game: 7, operation: 2 })).toBe('new');
  server.peer(0).answer(server.request(0), 'old');
  expect(await old).toBe('old');
  await server.until(() => server.peer(0).isClosed);
  expect(server.peer(0).ofKind(Kind.request)).toHaveLength(1);
  expect(server.peers).toHaveLength(2);
});

test('a read refused with 1008 is sent once more, a write without a key is not', async () => {
  const server = await start.server();
  server.options = {
    onRequest: (request) => {
      if (request.peer !== server.peers[0]) return request.peer.answer(request, 'new');
      if (server.requests.length === 1) request.peer.goodbye();
      request.peer.refuse(request, 1008);
    },
  };
  const client = await start.client(server);
  const [read, write] = await Promise.allSettled([client.game(toy).call('player.get', { id: '1' }), client.game(toy).call('player.create', { name: 'Freya' })]);
  expect(read).toEqual({ status: 'fulfilled', value: 'new' });
  expect(write).toMatchObject({ status: 'rejected', reason: { code: 1008 } });
});

test('a protocol error that names no request ends the connection', async () => {
  const server = await start.server({ onRequest: ({ peer }) => peer.send({ kind: Kind.error, requestId: 0 }, { code: 1003, message: 'bad frame' }) });
  const client = await start.client(server);
  await expect(client.request({ game: 7, operation: 1 })).rejects.toMatchObject({ code: 'ERR_CLIENT_PROTOCOL', cause: { code: 1003 } });
});
