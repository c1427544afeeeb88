import { encodeFrame, Flag, Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { start, turn, until } from '../testing/harness.ts';

test('a response echoes request id, game and operation, with priority 0, in the encoding of its request', async () => {
  const { open } = await start();
  const client = await open();
  for (const encoding of ['msgpack', 'json'] as const) {
    client.send({ kind: Kind.request, requestId: 0xffff_ffff, game: 7, operation: 1, priority: 1 }, { id: '1' }, { encoding });
    expect(await client.next()).toEqual({
      kind: Kind.response,
      flags: encoding === 'json' ? 0x10 : 0,
      priority: 0,
      requestId: 0xffff_ffff,
      game: 7,
      operation: 1,
      encoding,
      body: { echo: { id: '1' }, written: 0 },
    });
  }
});

test('checksums that were agreed are on every frame behind the welcome', async () => {
  const { open, metrics } = await start();
  const client = await open({ checksum: true, compression: ['zstd'] });
  client.sealing = { checksum: true, compression: 'zstd' };
  const small = await client.call(1, 1, {});
  const large = await client.call(2, 103, { bytes: 100_000 });
  const failed = await client.call(3, 999, {});
  client.send({ kind: Kind.ping }, 'x', { compression: null });
  const pong = await client.next();
  expect([small, large, failed, pong].map((frame) => frame?.flags)).toEqual([Flag.checksum, Flag.checksum | Flag.compressed, Flag.checksum, Flag.checksum]);
  expect(large?.body).toEqual({ blob: 'x'.repeat(100_000) });
  expect(metrics.bytesOut).toBeLessThan(10_000);
});

test('a request may carry a trace context and be compressed', async () => {
  const { open } = await start();
  const client = await open({ compression: ['deflate'] });
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 };
  client.sealing = { compression: 'deflate' };
  const answer = await client.call(1, 1, { text: 'y'.repeat(5000) }, { trace, checksum: true, compressAboveBytes: 0 });
  expect(answer?.body).toEqual({ echo: { text: 'y'.repeat(5000) }, written: 0 });
});

test('an error has the code, the request id and the encoding of the connection, and the connection goes on', async () => {
  const { open, log } = await start();
  const client = await open();
  const error = await client.call(9, 102, {}, { encoding: 'json' });
  expect(error).toEqual({
    kind: Kind.error,
    flags: 0,
    priority: 0,
    requestId: 9,
    game: 7,
    operation: 102,
    encoding: 'msgpack',
    body: { code: 2001, message: 'id is missing', details: { issues: [{ path: 'id', message: 'required' }] } },
  });
  expect((await client.call(10, 101, {}))?.body).toEqual({ code: 1000, message: 'internal error' });
  expect((await client.call(11, 104, {}))?.body).toMatchObject({ code: 1000, message: 'internal error' });
  expect((await client.call(12, 103, { bytes: 2_000_000 }))?.body).toMatchObject({ code: 1009 });
  expect((await client.call(13, 1, {}))?.kind).toBe(Kind.response);
  expect(log.errors).toHaveLength(2);
});

test.each([
  ['msgpack', 0xc1],
  ['json', 0x7b],
] as const)('a body that is no %s is 2001 and the connection goes on', async (encoding, byte) => {
  const { open } = await start();
  const client = await open();
  client.socket.write(encodeFrame({ kind: Kind.request, requestId: 3, game: 7, operation: 1 }, Buffer.from([byte]), { encoding }));
  expect(await client.next()).toMatchObject({ kind: Kind.error, requestId: 3, game: 7, operation: 1, body: { code: 2001 } });
  expect((await client.call(4, 1, {}))?.kind).toBe(Kind.response);
});

test('10,000 pipelined requests are all answered once, many of them by one write', async () => {
  const { open, metrics } = await start({ maxInFlight: 10_000 });
  const client = await open();
  client.socket.cork();
  for (let id = 1; id <= 10_000; id += 1) client.request(id, 1, { id });
  client.socket.uncork();
  const answers = await client.take(10_000);
  expect(answers.every(({ kind }) => kind === Kind.response)).toBe(true);
  expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(10_000);
  for (const { requestId, body } of answers) expect(body).toEqual({ echo: { id: requestId }, written: 0 });
  expect(metrics.framesIn).toBe(10_001);
  expect(metrics.framesOut).toBe(10_001);
  expect(metrics.writes).toBeLessThan(500);
});

test('one request more than maxInFlight is 1006 at once; the others and the connection go on', async () => {
  const { open, game } = await start({ maxInFlight: 3 });
  const client = await open();
  for (let id = 1; id <= 5; id += 1) client.request(id, 100, {});
  const refused = await client.take(2);
  expect(refused).toMatchObject([
    { requestId: 4, body: { code: 1006 } },
    { requestId: 5, body: { code: 1006 } },
  ]);
  game.gate.open();
  expect((await client.take(3)).map(({ requestId, kind }) => [requestId, kind])).toEqual([1, 2, 3].map((id) => [id, Kind.response]));
  expect((await client.call(6, 1, {}))?.kind).toBe(Kind.response);
});

test('writes of one connection on one entity keep their order, those on others pass them, and so do other connections', async () => {
  const { open, game } = await start();
  const client = await open();
  const other = await open();
  client.request(1, 3, { id: 1, mark: 'slow' });
  client.request(2, 3, { id: 1, mark: 'second' });
  client.request(3, 0, {});
  client.request(4, 3, { id: 2, mark: 'aside' });
  client.request(5, 1, { id: 1 });
  client.send({ kind: Kind.request, requestId: 6, game: 0, operation: 1 }, [{ game: 7, operation: 3, input: { id: 1, mark: 'batched' } }]);
  expect((await client.take(3)).map(({ requestId }) => requestId).sort((a, b) => a - b)).toEqual([3, 4, 5]);
  await other.call(1, 3, { id: 1, mark: 'elsewhere' });
  expect(game.written).toEqual(['aside', 'elsewhere']);
  game.gate.open();
  expect((await client.take(3)).map(({ requestId }) => requestId)).toEqual([1, 2, 6]);
  expect(game.written).toEqual(['aside', 'elsewhere', 'slow', 'second', 'batched']);
});

test('a batch over the wire', async () => {
  const { open } = await start();
  const client = await open();
  const answer = await client.call(
    1,
    1,
    [
      { game: 'fake', operation: 'player.get', input: { id: '1' } },
      { game: 7, operation: 4 },
    ],
    { game: 0 },
  );
  expect(answer).toMatchObject({
    kind: Kind.response,
    game: 0,
    operation: 1,
    body: [{ ok: { echo: { id: '1' } } }, { error: { code: 2004, message: expect.any(String) } }],
  });
  expect((await client.call(2, 4, {}, { game: 0 }))?.body).toMatchObject({ subject: 'key:server', expiresAt: null });
});

test('a ping is answered with its own bytes', async () => {
  const { open } = await start();
  const client = await open();
  const bytes = Buffer.from(Array.from({ length: 125 }, (_, n) => n));
  client.socket.write(encodeFrame({ kind: Kind.ping, requestId: 77 }, bytes));
  expect(await client.next()).toMatchObject({ kind: Kind.pong, body: bytes });
});

test('a client that closes its half still gets its answers', async () => {
  const { open, game } = await start();
  const client = await open();
  client.request(1, 100, {});
  client.socket.end();
  await until(() => game.gate.waiting === 1);
  await turn();
  game.gate.open();
  expect((await client.rest()).map(({ requestId }) => requestId)).toEqual([1]);
});

test('a goodbye of the client: its requests are answered, then the connection closes without an error', async () => {
  const { open, game } = await start();
  const client = await open();
  client.request(1, 100, {});
  client.send({ kind: Kind.goodbye }, { code: 0, reason: 'done' }, { encoding: 'json' });
  client.request(2, 1, {});
  await until(() => game.gate.waiting === 1);
  game.gate.open();
  expect((await client.rest()).map(({ requestId, kind }) => [requestId, kind])).toEqual([[1, Kind.response]]);
});

test('the signal of requests in flight is raised when the client has gone', async () => {
  const { open, game, server } = await start();
  const client = await open();
  client.request(1, 100, {});
  await until(() => game.signals.length === 1);
  expect(game.signals[0]?.aborted).toBe(false);
  client.socket.resetAndDestroy();
  await until(() => server.connections === 0);
  expect(game.signals[0]?.aborted).toBe(true);
  game.gate.open();
  await turn();
});
