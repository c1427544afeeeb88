import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import type { Harness } from '../testing/harness.ts';
import { start, turn, until } from '../testing/harness.ts';
import { TestClient } from '../testing/test-client.ts';

const goodbye = { kind: Kind.goodbye, requestId: 0, game: 0, operation: 0, encoding: 'json', body: { code: 1008, reason: expect.any(String) } };

test('a silent connection is pinged once after a heartbeat and closed after two', async () => {
  const { open, time } = await start({ heartbeatMs: 30_000 });
  const client = await open();
  time.advance(29_000);
  await turn();
  expect(client.received).toEqual([]);
  time.advance(2000);
  expect(await client.next()).toMatchObject({ kind: Kind.ping, requestId: 0, body: Buffer.alloc(0) });
  time.advance(28_000);
  await turn();
  expect(client.received).toEqual([]);
  time.advance(2000);
  expect((await client.rest()).map(({ kind }) => kind)).toEqual([Kind.goodbye]);
});

test('any byte is a sign of life', async () => {
  const { open, time, metrics } = await start({ heartbeatMs: 30_000 });
  const client = await open();
  for (let n = 0; n < 5; n += 1) {
    time.advance(31_000);
    expect((await client.next())?.kind).toBe(Kind.ping);
    const before = metrics.bytesIn;
    client.send({ kind: Kind.pong }, null);
    await until(() => metrics.bytesIn > before);
  }
  expect((await client.call(1, 1, {}))?.kind).toBe(Kind.response);
});

test.each([3_600_000, -3_600_000])('a clock that is set by %i ms does not change how long a silence lasts', async (setByMs) => {
  const wall = { ms: 1_700_000_000_000, now: () => wall.ms };
  const { open, time } = await start({ heartbeatMs: 30_000, clock: wall });
  const client = await open();
  wall.ms += setByMs;
  time.advance(29_000);
  expect((await client.call(1, 1, {}))?.kind).toBe(Kind.response);
  wall.ms -= setByMs;
  time.advance(29_000);
  await turn();
  expect(client.received).toEqual([]);
  time.advance(2000);
  expect((await client.next())?.kind).toBe(Kind.ping);
});

test('one timer serves all connections, and none is left after the stop', async () => {
  const { open, time, server } = await start();
  for (let n = 0; n < 20; n += 1) await open();
  expect(time.timers).toBe(1);
  const stopped = server.stop({ graceMs: 1000 });
  await endOf({ server, time });
  await stopped;
  expect(time.timers).toBe(0);
});

/** Time enough for bytes on the loopback to arrive, if they do. */
async function turns(): Promise<void> {
  for (let n = 0; n < 50; n += 1) await turn();
}

/** Asks for much and reads nothing, until the server has stopped to read. */
async function flood({ metrics }: Harness, client: TestClient): Promise<void> {
  client.socket.pause();
  client.socket.cork();
  for (let id = 0; id < 50; id += 1) client.request(id, 103, { bytes: 500_000 });
  client.socket.uncork();
  await until(() => metrics.requests.length >= 50);
  await turns();
}

test('a slow reader is not read from any more, and goes on when it has caught up', async () => {
  const harness = await start({ maxUnsentBytes: 1_000_000 });
  const client = await harness.open();
  await flood(harness, client);
  const bytesIn = harness.metrics.bytesIn;
  client.request(1000, 1, { pad: 'x'.repeat(1000) });
  await turns();
  expect(harness.metrics.bytesIn).toBe(bytesIn);
  harness.time.advance(20_000);
  client.socket.resume();
  const answers = await client.take(51);
  expect(answers.filter(({ kind }) => kind === Kind.response)).toHaveLength(51);
  harness.time.advance(20_000);
  expect((await client.call(2, 1, {}))?.kind).toBe(Kind.response);
});

test('what waits for a slow reader is not touched by what others are sent meanwhile', async () => {
  const harness = await start();
  const [client, other] = [await harness.open(), await harness.open()];
  client.socket.pause();
  for (let id = 0; id < 12; id += 1) client.request(id, 103, { bytes: 500_000 });
  await until(() => harness.metrics.requests.length === 12);
  for (let id = 100; id < 200; id += 1) {
    client.request(id, 1, { id });
    expect((await other.call(id, 1, { other: id }))?.body).toEqual({ echo: { other: id }, written: 0 });
  }
  await until(() => harness.metrics.requests.length === 212);
  client.socket.resume();
  const answers = await client.take(112);
  for (const { requestId, body } of answers.filter(({ operation }) => operation === 1)) expect(body).toEqual({ echo: { id: requestId }, written: 0 });
});

test('a slow reader that does not catch up is closed with 1007; the others do not notice', async () => {
  const harness = await start({ maxUnsentBytes: 1_000_000, slowConsumerMs: 30_000 });
  const [client, other] = [await harness.open(), await harness.open()];
  await flood(harness, client);
  harness.time.advance(29_000);
  expect(harness.server.connections).toBe(2);
  expect((await other.call(1, 1, {}))?.kind).toBe(Kind.response);
  harness.time.advance(1500);
  client.socket.resume();
  const frames = await client.rest();
  expect(frames.filter(({ kind }) => kind !== Kind.response)).toMatchObject([{ kind: Kind.error, requestId: 0, body: { code: 1007 } }]);
  await until(() => harness.server.connections === 1);
});

test('a slow reader that never reads again is cut, with all that waits for it', async () => {
  const harness = await start({ maxUnsentBytes: 1_000_000 });
  const client = await harness.open();
  await flood(harness, client);
  harness.time.advance(32_000);
  await until(() => harness.server.connections === 0);
});

test('a client that said goodbye gets its large answers over a slow line, however long they take within reason', async () => {
  const harness = await start();
  const client = await harness.open();
  client.socket.pause();
  for (let id = 0; id < 15; id += 1) client.request(id, 103, { bytes: 1_000_000 });
  client.send({ kind: Kind.goodbye }, { code: 0, reason: 'done' }, { encoding: 'json' });
  await until(() => harness.metrics.requests.length === 15);
  await turns();
  harness.time.advance(20_000);
  await turns();
  client.socket.resume();
  expect(await client.rest()).toHaveLength(15);
});

/** Lets the grace period run, slowly enough for the sockets to follow. */
async function endOf({ server, time }: Pick<Harness, 'server' | 'time'>): Promise<void> {
  await until(() => {
    time.advance(25);
    return server.connections === 0;
  });
}

test('a stop says goodbye, answers what was received, refuses what comes later with 1008, and ends within the grace', async () => {
  const { open, connect, server, game, time, port } = await start();
  const client = await open();
  const idle = await open();
  const early = await connect();
  client.request(1, 100, {});
  await until(() => game.gate.waiting === 1);
  let isStopped = false;
  const stopped = server.stop({ graceMs: 10_000 }).then(() => (isStopped = true));
  expect(await client.next()).toMatchObject(goodbye);
  expect(await client.call(2, 1, {})).toMatchObject({ kind: Kind.error, requestId: 2, body: { code: 1008 } });
  expect(await early.rest()).toMatchObject([{ kind: Kind.error, encoding: 'json', body: { code: 1008 } }]);
  await expect(TestClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(isStopped).toBe(false);
  game.gate.open();
  expect(await client.next()).toMatchObject({ kind: Kind.response, requestId: 1 });
  await endOf({ server, time });
  await stopped;
  expect(await client.rest()).toEqual([]);
  expect(await idle.rest()).toMatchObject([goodbye]);
});

test('an idle connection is left open for a moment behind the goodbye, so that a request on its way is refused by name', async () => {
  const { open, server, time } = await start();
  const client = await open();
  time.advance(20_000);
  const stopped = server.stop({ graceMs: 10_000 });
  expect(await client.next()).toMatchObject(goodbye);
  time.advance(75);
  expect((await client.call(1, 1, {}))?.body).toMatchObject({ code: 1008 });
  time.advance(75);
  expect(server.connections).toBe(1);
  await endOf({ server, time });
  await stopped;
  expect(await client.rest()).toEqual([]);
});

test('a stop answers requests that the kernel had received before it', async () => {
  const { open, server, time } = await start();
  const client = await open();
  client.socket.cork();
  for (let id = 1; id <= 100; id += 1) client.request(id, 1, {});
  client.socket.uncork();
  const stopped = server.stop({ graceMs: 10_000 });
  const frames = client.rest();
  await endOf({ server, time });
  await stopped;
  const answers = (await frames).filter(({ kind }) => kind === Kind.response);
  expect(answers).toHaveLength(100);
});

test('what is not over after the grace is cut', async () => {
  const { open, server, game, time } = await start();
  const client = await open();
  client.request(1, 100, {});
  await until(() => game.gate.waiting === 1);
  const stopped = server.stop({ graceMs: 5000 });
  expect((await client.next())?.kind).toBe(Kind.goodbye);
  time.advance(4900);
  await turn();
  expect(server.connections).toBe(1);
  time.advance(200);
  await stopped;
  expect(server.connections).toBe(0);
  expect(await client.rest()).toEqual([]);
  game.gate.open();
});

test('a stop without connections ends at once, a second stop has the same end, and a second start is refused', async () => {
  const { server } = await start();
  await server.stop({ graceMs: 1000 });
  await server.stop({ graceMs: 0 });
  await expect(server.start()).rejects.toMatchObject({ code: 'ERR_SERVER_STATE' });
});

test('connections are counted in and out, also those that are reset', async () => {
  const { open, connect, metrics, server } = await start();
  const clients = [await open(), await connect(), await open()];
  expect([metrics.opened, metrics.closed, server.connections]).toEqual([3, 0, 3]);
  for (const client of clients) {
    client.socket.write(encodeFrame({ kind: Kind.request, requestId: 1, game: 7, operation: 103 }, encodeValue({ bytes: 900_000 }, 'msgpack')));
    client.socket.resetAndDestroy();
  }
  await until(() => server.connections === 0);
  expect(metrics.closed).toBe(3);
});

test('one that leaves its listener greets who is there already and goes on for them; nobody else gets in', async () => {
  const { open, connect, server } = await start();
  const client = await open();
  const fresh = await connect();
  await until(() => server.connections === 2);
  server.closeListener();
  await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await fresh.hello();
  for (const each of [client, fresh]) expect((await each.call(1, 1, {}))?.kind).toBe(Kind.response);
  expect(client.received).toEqual([]);
});

test('so many connections as are to go get their goodbye, and the others are left alone', async () => {
  const { open, connect, server, time } = await start();
  const fresh = await connect();
  await until(() => server.connections === 1);
  const clients = await Promise.all([1, 2, 3].map(() => open()));
  expect(server.release(2)).toBe(2);
  await until(() => clients.filter(({ received }) => received.length > 0).length === 2);
  const [left] = clients.filter(({ received }) => received.length === 0);
  for (const client of clients) if (client !== left) expect(await client.next()).toMatchObject(goodbye);
  time.advance(1000);
  await until(() => server.connections === 2);
  await fresh.hello();
  expect((await left?.call(1, 1, {}))?.kind).toBe(Kind.response);
  expect(server.release(5)).toBe(2);
});
