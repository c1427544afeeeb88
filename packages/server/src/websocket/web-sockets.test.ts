import { RateLimiter } from '@midgard/auth';
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type EventHarness, settled, SocketClient, startEvents } from '../testing/event-clients.ts';
import { fieldOf } from '../testing/fake-game.ts';

const url = ({ port }: EventHarness, query = ''): string => `ws://127.0.0.1:${port}/api/v1/events${query}`;

/** The body with which a connection was refused. */
async function problemOf(opening: Promise<unknown>): Promise<unknown> {
  return opening.then(
    () => 'opened',
    (error: unknown) => fieldOf(error, 'problem'),
  );
}

async function ticketOf({ port }: EventHarness, headers: Record<string, string> = { 'X-API-Key': 'player42' }): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/events/ticket`, { method: 'POST', headers });
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
  return String(fieldOf(await response.json(), 'ticket'));
}

test('a ticket opens one connection, as the caller who asked for it', async () => {
  await using harness = await startEvents();
  const ticket = await ticketOf(harness);
  const client = await SocketClient.open(url(harness, `?ticket=${ticket}`));
  expect(await client.call('whoami', {})).toMatchObject({ ok: { subject: 'fake:player:42', kind: 'player' } });
  expect(await client.call('subscribe', { game: 'fake', topics: ['player:43'] })).toEqual({ error: 3004 });
  expect(await problemOf(SocketClient.open(url(harness, `?ticket=${ticket}`)))).toMatchObject({ status: 401, code: 3003 });
  client.close();
});

test('of two connections that bring the same ticket at once one is opened', async () => {
  await using harness = await startEvents();
  const ticket = await ticketOf(harness);
  const both = await Promise.all([1, 2].map(() => problemOf(SocketClient.open(url(harness, `?ticket=${ticket}`)).then((client) => client.close()))));
  expect(both.map((each) => (each === 'opened' ? 0 : Number(fieldOf(each, 'code')))).toSorted((one, other) => one - other)).toEqual([0, 3003]);
});

test('a ticket is good for a short time, and not at all where somebody changed it or wrote it in another way', async () => {
  await using harness = await startEvents({ webSocket: { ticketMs: 5000 } });
  const [changed, other, late] = [await ticketOf(harness), await ticketOf(harness), await ticketOf(harness)];
  const flipped = `${changed.slice(0, 30)}${changed[30] === 'A' ? 'B' : 'A'}${changed.slice(31)}`;
  for (const bad of [flipped, `${other}=`, 'x', '']) expect(await problemOf(SocketClient.open(url(harness, `?ticket=${bad}`)))).toMatchObject({ code: 3003 });
  harness.time.advance(5000);
  expect(await problemOf(SocketClient.open(url(harness, `?ticket=${late}`)))).toMatchObject({ code: 3003 });
});

test('who shows nothing, the wrong thing or two things is refused as over HTTP', async () => {
  const failureLimit = new RateLimiter({ perSecond: 0.001, burst: 2 });
  await using harness = await startEvents({ http: { failureLimit } });
  const at = (query: string, headers: Record<string, string> = {}) => problemOf(SocketClient.open(url(harness, query), headers));
  expect(await at('?ticket=x', { 'X-API-Key': 'server' })).toMatchObject({ status: 400, code: 2001, type: 'urn:midgard:error:2001' });
  expect(await at('?token=x', { 'X-API-Key': 'server' })).toMatchObject({ code: 2001 });
  expect(await at('', { 'X-API-Key': 'wrong' })).toMatchObject({ status: 401, code: 3003 });
  expect(await at('?ticket=x')).toMatchObject({ code: 3003 });
  expect(await at('', { 'X-API-Key': 'server' })).toMatchObject({ status: 429, code: 3005 });
});

test('a page of another site is refused, whatever it shows; one of ours or of an allowed one is not', async () => {
  await using harness = await startEvents({ http: { options: { cors: { origins: ['https://shop.example'] } } } });
  const from = (origin: string) => problemOf(SocketClient.open(url(harness), { 'X-API-Key': 'server', Origin: origin }).then((client) => client.close()));
  for (const origin of [
    'https://evil.example',
    'null',
    'https://shop.example.evil.example',
    'http://shop.example',
    `http://127.0.0.1:${harness.port}.evil.example`,
  ])
    expect(await from(origin)).toMatchObject({ status: 403, code: 3004 });
  for (const origin of ['https://shop.example', `http://127.0.0.1:${harness.port}`]) expect(await from(origin)).toBe('opened');
});

test('operations run as over TCP, side by side, and what is no request is told what is wrong with it', async () => {
  await using harness = await startEvents({ webSocket: { maxInFlight: 2 } });
  const client = await harness.openWebSocket('server');
  expect(await client.call('player.get', { id: '1' }, 'fake')).toMatchObject({ ok: { echo: { id: '1' } } });
  expect(await client.call('none', {}, 'fake')).toEqual({ error: 2004 });
  const waiting = [client.call('gate.wait', {}, 'fake'), client.call('gate.wait', {}, 'fake')];
  expect(await client.call('player.get', { id: '1' }, 'fake')).toEqual({ error: 1006 });
  harness.game.gate.open();
  expect(await Promise.all(waiting)).toEqual([{ ok: { passed: true } }, { ok: { passed: true } }]);
  if (!(client instanceof SocketClient)) throw new TypeError('not a WebSocket');
  for (const [sent, id] of [
    ['{', null],
    ['[]', null],
    ['{"id":"a b","game":1,"operation":1}', null],
    ['{"id":7}', 7],
    ['{"id":8,"game":"fake","operation":"x","more":1}', 8],
  ] as const) {
    client.socket.send(sent);
    const [answer] = await once(client.socket, 'message');
    expect(JSON.parse(String(answer))).toMatchObject({ id, error: { code: 2001, message: expect.any(String) } });
  }
  expect(client.socket.extensions).toBe('');
});

test.each([
  ['a message that is too large', (client: SocketClient) => client.socket.send('x'.repeat(2000)), 1009],
  ['bytes', (client: SocketClient) => client.socket.send(Buffer.from('{}')), 4003],
])('%s closes the connection', async (_, send, code) => {
  await using harness = await startEvents({ webSocket: { maxMessageBytes: 1000 } });
  const client = await SocketClient.open(url(harness), { 'X-API-Key': 'server' });
  send(client);
  expect(await client.ended).toBe(code);
});

test('revoking a key ends its connections at once, and no others', async () => {
  await using harness = await startEvents();
  const [revoked, other] = [await harness.openWebSocket('server'), await harness.openWebSocket('viewer')];
  expect(harness.http.endSessions('key:server', () => true)).toBe(1);
  expect(await revoked.ended).toBe(4303);
  expect(await other.call('whoami', {})).toMatchObject({ ok: { subject: 'key:viewer' } });
});

test('a silent client is pinged, and cut when it does not answer', async () => {
  await using harness = await startEvents({ webSocket: { heartbeatMs: 1000 } });
  const client = await SocketClient.open(url(harness), { 'X-API-Key': 'server' });
  const pinged = once(client.socket, 'ping');
  harness.time.advance(1250);
  await pinged;
  await settled(() => true);
  harness.time.advance(1000);
  expect(await client.call('whoami', {})).toMatchObject({ ok: {} });
  client.socket.pause();
  harness.time.advance(3000);
  client.socket.resume();
  expect(await client.ended).toBe(4004);
});

test('going down says goodbye, answers what is in flight, then closes; who comes now is refused', async () => {
  await using harness = await startEvents();
  const client = await SocketClient.open(url(harness), { 'X-API-Key': 'server' });
  await client.call('subscribe', { game: 'fake', topics: ['game'] });
  const inFlight = client.call('gate.wait', {}, 'fake');
  await settled(() => harness.game.gate.waiting === 1);
  const stopped = harness.http.stop({ graceMs: 60_000 });
  await settled(() => client.goodbyes.length === 1);
  expect([client.goodbyes, harness.events.followers]).toEqual([[1008], 0]);
  harness.game.gate.open();
  expect(await inFlight).toEqual({ ok: { passed: true } });
  expect(await client.ended).toBe(1001);
  await stopped;
});

test('a client that never closes holds up a shutdown no longer than the grace period', async () => {
  await using harness = await startEvents();
  const socket = connect({ port: harness.port, host: '127.0.0.1' });
  socket.write(
    'GET /api/v1/events HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [head] = await once(socket, 'data');
  expect(String(head)).toMatch(/^HTTP\/1.1 101 /);
  socket.on('error', () => undefined);
  await harness.http.stop({ graceMs: 20 });
  socket.destroy();
});

test('connections above the limit are refused, and other paths have no WebSocket', async () => {
  await using harness = await startEvents({ webSocket: { maxConnections: 1 } });
  const first = await harness.openWebSocket('server');
  expect(await problemOf(SocketClient.open(url(harness), { 'X-API-Key': 'server' }))).toMatchObject({ status: 503, code: 1005 });
  first.close();
  expect(await problemOf(SocketClient.open(`ws://127.0.0.1:${harness.port}/livez`, { 'X-API-Key': 'server' }))).toMatchObject({ code: 2004 });
});
