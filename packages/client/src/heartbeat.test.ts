import { Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { FakeTime } from './testing/fake-timers.ts';
import { harness, next } from './testing/harness.ts';

const start = harness();
const welcome = { heartbeatMs: 1000 };

test('a ping of the server comes back as a pong with its body', async () => {
  const server = await start.server();
  await start.client(server, { checksum: true });
  server.peer(0).ping('are you there');
  await server.until(() => server.peer(0).ofKind(Kind.pong).length === 1);
  expect(server.peer(0).payloads(Kind.pong)).toEqual(['are you there']);
});

test('after one silent interval the client pings, after two it gives the connection up', async () => {
  const time = new FakeTime();
  const server = await start.server({ welcome });
  const client = await start.client(server, { timers: time, clock: time });
  time.advance(999);
  expect(server.peer(0).ofKind(Kind.ping)).toHaveLength(0);
  time.advance(1);
  await server.until(() => server.peer(0).ofKind(Kind.ping).length === 1);
  const lost = next(client, 'disconnected');
  time.advance(1000);
  expect(await lost).toMatchObject({ code: 'ERR_CLIENT_CONNECTION_LOST' });
});

test('any byte from the server starts the interval anew', async () => {
  const time = new FakeTime();
  const server = await start.server({ welcome });
  const client = await start.client(server, { timers: time, clock: time });
  for (let beat = 0; beat < 5; beat++) {
    time.advance(900);
    expect(await client.request({ game: 7, operation: 1, input: { beat } })).toEqual({ beat });
  }
  expect(server.peer(0).ofKind(Kind.ping)).toHaveLength(0);
  expect(server.peers).toHaveLength(1);
});

test('a pong is answer enough', async () => {
  const time = new FakeTime();
  const server = await start.server({ welcome });
  const client = await start.client(server, { timers: time, clock: time });
  time.advance(1000);
  await server.until(() => server.peer(0).ofKind(Kind.ping).length === 1);
  server.peer(0).send({ kind: Kind.pong }, '');
  // An answer behind the pong shows that the pong has arrived.
  await client.request({ game: 7, operation: 1 });
  time.advance(999);
  expect(server.peer(0).ofKind(Kind.ping)).toHaveLength(1);
  time.advance(1);
  await server.until(() => server.peer(0).ofKind(Kind.ping).length === 2);
});
