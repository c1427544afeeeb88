import { encodeFrame, Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { start, until } from '../testing/harness.ts';

const hello = { client: 'test/1', auth: { kind: 'apiKey', key: 'server' }, encodings: ['msgpack'], compression: [], checksum: false };

test('a hello is welcomed with what was agreed and the games that the caller may use', async () => {
  const { open, connect, metrics } = await start();
  const client = await connect();
  const welcome = await client.hello();
  expect(welcome).toMatchObject({ kind: Kind.welcome, requestId: 0, game: 0, operation: 0, priority: 0, encoding: 'json' });
  expect(welcome?.body).toEqual({
    session: expect.stringMatching(/^[0-9a-f-]{36}$/),
    server: 'midgard/0.1.0',
    encoding: 'msgpack',
    compression: null,
    checksum: false,
    heartbeatMs: 30_000,
    maxFrameBytes: 1_048_576,
    maxInFlight: 1024,
    games: [{ game: 'fake', number: 7, version: '1.2.3' }],
  });
  expect(metrics.handshakes).toEqual([0]);
  const elsewhere = await open({ auth: { kind: 'apiKey', key: 'elsewhere' } });
  expect(await elsewhere.call(1, 1, {})).toMatchObject({ kind: Kind.error, body: { code: 3004 } });
});

test.each([
  [['json', 'msgpack'], ['deflate', 'zstd'], true, { encoding: 'json', compression: 'deflate', checksum: true }],
  [['protobuf', 'msgpack'], ['lz4', 'zstd'], false, { encoding: 'msgpack', compression: 'zstd', checksum: false }],
])('encodings %j and compressions %j, checksum %s', async (encodings, compression, checksum, agreed) => {
  const { connect } = await start();
  const client = await connect();
  expect((await client.hello({ encodings, compression, checksum }))?.body).toMatchObject(agreed);
});

test.each([
  ['an unknown key', { auth: { kind: 'apiKey', key: 'nobody' } }, 3003],
  ['an expired token', { auth: { kind: 'token', token: 'old' } }, 3002],
  ['a proof that nobody can check', { auth: { kind: 'hmac', serverId: 's', timestamp: 1, nonce: 'n'.repeat(22), signature: 's'.repeat(43) } }, 3003],
  ['no auth', { auth: undefined }, 3001],
  ['auth of an unknown kind', { auth: { kind: 'magic' } }, 3001],
  ['no common encoding', { encodings: ['protobuf'] }, 3001],
  ['encodings that are no list', { encodings: 'json' }, 3001],
])('a hello with %s is refused, in JSON, and the connection closed', async (_, fields, code) => {
  const { connect, metrics, server } = await start();
  const client = await connect();
  expect(await client.hello(fields)).toMatchObject({ kind: Kind.error, requestId: 0, encoding: 'json', body: { code, message: expect.any(String) } });
  expect(await client.rest()).toEqual([]);
  expect(metrics.handshakes).toEqual([code]);
  expect(server.connections).toBeLessThanOrEqual(1);
});

test('a hello that is no JSON is 3001', async () => {
  const { connect } = await start();
  const client = await connect();
  client.socket.write(encodeFrame({ kind: Kind.hello }, Buffer.from('{"client":'), { encoding: 'json' }));
  expect((await client.rest()).map(({ kind, body }) => [kind, body])).toMatchObject([[Kind.error, { code: 3001 }]]);
});

test.each([
  ['a request', Kind.request],
  ['a ping', Kind.ping],
  ['a goodbye', Kind.goodbye],
])('%s before the hello is 3001, then the connection is closed', async (_, kind) => {
  const { connect } = await start();
  const client = await connect();
  client.send({ kind, requestId: 5 }, {}, { encoding: 'json' });
  expect((await client.rest()).map(({ kind, body }) => [kind, body])).toMatchObject([[Kind.error, { code: 3001 }]]);
});

test('a second hello is 1003, also one that comes before the welcome', async () => {
  const { connect, open } = await start();
  const client = await open();
  expect((await client.hello())?.body).toMatchObject({ code: 1003 });
  expect(await client.rest()).toEqual([]);
  const hasty = await connect();
  for (let n = 0; n < 2; n += 1) hasty.send({ kind: Kind.hello }, hello);
  expect(await hasty.rest()).toMatchObject([{ kind: Kind.welcome }, { kind: Kind.error, encoding: 'msgpack', body: { code: 1003 } }]);
});

test('requests that follow the hello without waiting for the welcome are answered behind it', async () => {
  const { connect } = await start();
  const client = await connect();
  const welcome = client.hello();
  client.request(1, 1, { id: 1 });
  expect((await welcome)?.kind).toBe(Kind.welcome);
  expect(await client.next()).toMatchObject({ kind: Kind.response, requestId: 1 });
});

test('without a hello the connection ends with 3001 after the time limit, not before', async () => {
  const { connect, time } = await start({ helloTimeoutMs: 5000 });
  const client = await connect();
  client.socket.write(Buffer.from([0, 0]));
  time.advance(4000);
  expect(client.received).toEqual([]);
  time.advance(1500);
  expect((await client.rest()).map(({ body }) => body)).toMatchObject([{ code: 3001 }]);
});

test('a hello whose check hangs ends with 1004', async () => {
  const { connect, time, metrics } = await start();
  const client = await connect();
  const answer = client.hello({ auth: { kind: 'apiKey', key: 'hang' } });
  await until(() => metrics.bytesIn > 0);
  time.advance(6000);
  expect((await answer)?.body).toMatchObject({ code: 1004 });
  expect(await client.rest()).toEqual([]);
});

test('more hellos from one address than allowed are 3005', async () => {
  const { open, connect, time } = await start({ handshakeLimit: { perSecond: 1, burst: 2 } });
  await open();
  await open();
  const third = await connect();
  expect((await third.hello())?.body).toMatchObject({ code: 3005, details: { retryAfterMs: expect.any(Number) } });
  expect(await third.rest()).toEqual([]);
  time.advance(1000);
  const later = await connect();
  expect((await later.hello())?.kind).toBe(Kind.welcome);
});

test('one connection more than allowed is 1005; when one has gone there is room again', async () => {
  const { open, connect, server } = await start({ maxConnections: 2 });
  const first = await open();
  await open();
  const third = await connect();
  expect((await third.rest()).map(({ body }) => body)).toMatchObject([{ code: 1005 }]);
  third.close();
  first.close();
  await until(() => server.connections === 1);
  const fourth = await connect();
  expect((await fourth.hello())?.kind).toBe(Kind.welcome);
});
