import { crc32c, encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Harness } from '../testing/harness.ts';
import { start, until } from '../testing/harness.ts';
import type { Received, TestClient } from '../testing/test-client.ts';

/** A frame byte by byte, without the codec: what it would refuse to write can be sent. */
function raw({
  length,
  version = 1,
  kind = 0,
  flags = 0,
  priority = 0,
  body = Buffer.alloc(0),
}: {
  length?: number;
  version?: number;
  kind?: number;
  flags?: number;
  priority?: number;
  body?: Buffer;
}): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(length ?? 12 + body.length, 0);
  head[4] = version;
  head[5] = kind;
  head[6] = flags;
  head[7] = priority;
  head.writeUInt32BE(42, 8);
  head.writeUInt16BE(7, 12);
  head.writeUInt16BE(1, 14);
  return Buffer.concat([head, body]);
}

const map = Buffer.from([0x80]);

function withChecksum(change: number): Buffer {
  const frame = raw({ flags: 2, body: Buffer.concat([map, Buffer.alloc(4)]) });
  frame.writeUInt32BE((crc32c(frame.subarray(4, -4)) + change) >>> 0, frame.length - 4);
  return frame;
}

const malformed: readonly (readonly [string, Buffer, number])[] = [
  ['a length under 12', raw({ length: 11 }), 1003],
  ['a length of 0', raw({ length: 0 }), 1003],
  ['a length above the limit, told from the first four bytes', Buffer.from([0x00, 0x0f, 0xff, 0xfd]), 1009],
  ['a length of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff]), 1009],
  ['version 0', raw({ version: 0, body: map }), 1003],
  ['version 2', raw({ version: 2, body: map }), 1003],
  ['kind 9', raw({ kind: 9, body: map }), 1003],
  ['kind 255', raw({ kind: 255, body: map }), 1003],
  ['reserved flag 3', raw({ flags: 0x08, body: map }), 1003],
  ['reserved flag 6', raw({ flags: 0x40, body: map }), 1003],
  ['reserved flag 7', raw({ flags: 0x80, body: map }), 1003],
  ['encoding 3', raw({ flags: 0x30, body: map }), 1003],
  ['an encoding that the hello did not name', raw({ flags: 0x20, body: map }), 1003],
  ['a body compressed without agreement', raw({ flags: 0x01, body: deflateSync(map) }), 1003],
  ['a wrong checksum', withChecksum(1), 1003],
  ['a checksum flag on a body of 3 bytes', raw({ flags: 2, body: Buffer.alloc(3) }), 1003],
  ['a trace flag on a body of 24 bytes', raw({ flags: 4, body: Buffer.alloc(24) }), 1003],
  ['a ping of 126 bytes', raw({ kind: 4, body: Buffer.alloc(126) }), 1003],
  ['a response from a client', raw({ kind: 1, body: map }), 1003],
  ['an error from a client', raw({ kind: 2, body: map }), 1003],
  ['a push from a client', raw({ kind: 3, body: map }), 1003],
  ['a welcome from a client', raw({ kind: 7, body: map }), 1003],
];

function codeOf(frame: Received | undefined): unknown {
  const body = frame?.body;
  return typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get('code') : undefined;
}

/** Sends the bytes with a good request behind them; gives everything that comes until the close. */
async function after(client: TestClient, bytes: Buffer): Promise<Received[]> {
  client.socket.write(Buffer.concat([bytes, raw({ body: map })]));
  return client.rest();
}

async function isWorking(client: TestClient): Promise<boolean> {
  return (await client.call(1, 1, {}))?.kind === Kind.response;
}

test.each(malformed)('%s: one error frame, then the close; another connection goes on', async (_, bytes, code) => {
  const { open } = await start();
  const [client, other] = [await open(), await open()];
  const frames = await after(client, bytes);
  expect(frames).toEqual([
    { kind: Kind.error, flags: 0, priority: 0, requestId: 0, game: 0, operation: 0, encoding: 'msgpack', body: { code, message: expect.any(String) } },
  ]);
  expect(await isWorking(other)).toBe(true);
});

test.each(malformed)('%s before the welcome: one error frame in JSON, then the close', async (_, bytes, code) => {
  const { connect } = await start();
  const client = await connect();
  const frames = await after(client, bytes);
  const allowed = [code, 3001]; // A frame that is well formed but no hello is 3001; it is opened only after the hello.
  expect(frames).toMatchObject([{ kind: Kind.error, encoding: 'json', requestId: 0 }]);
  expect(allowed).toContain(codeOf(frames[0]));
});

test('a missing checksum where checksums were agreed is 1003', async () => {
  const { open } = await start();
  const client = await open({ checksum: true });
  expect(await after(client, raw({ body: map }))).toMatchObject([{ kind: Kind.error, flags: 0x02, body: { code: 1003 } }]);
});

test('a right checksum is welcome where none was agreed', async () => {
  const { open } = await start();
  const client = await open();
  client.socket.write(withChecksum(0));
  expect(await client.next()).toMatchObject({ kind: Kind.response, requestId: 42 });
});

test('a body that inflates beyond the frame limit is 1009', async () => {
  const { open } = await start();
  const client = await open({ compression: ['deflate'] });
  const bomb = deflateSync(encodeValue('x'.repeat(20_000_000), 'msgpack'));
  expect(await after(client, raw({ flags: 1, body: bomb }))).toMatchObject([{ kind: Kind.error, body: { code: 1009 } }]);
});

test("damaged compression is the request's own 2001", async () => {
  const { open } = await start();
  const client = await open({ compression: ['deflate'] });
  client.socket.write(raw({ flags: 1, body: Buffer.from('no deflate at all') }));
  expect(await client.next()).toMatchObject({ kind: Kind.error, requestId: 42, body: { code: 2001 } });
  expect(await isWorking(client)).toBe(true);
});

test('requests before a malformed frame are answered, then comes the error as the last frame', async () => {
  const { open, game, metrics } = await start();
  const client = await open();
  client.request(1, 100, {});
  client.request(2, 1, {});
  const rest = after(client, raw({ version: 9 }));
  await until(() => metrics.bytesIn === client.socket.bytesWritten);
  game.gate.open();
  expect((await rest).map(({ requestId, kind }) => [requestId, kind])).toEqual([
    [2, Kind.response],
    [1, Kind.response],
    [0, Kind.error],
  ]);
});

test('a request in flight that hangs does not hold up the error for ever', async () => {
  const { open, game, time, metrics } = await start();
  const client = await open();
  client.request(1, 100, {});
  const rest = after(client, raw({ version: 9 }));
  await until(() => metrics.bytesIn === client.socket.bytesWritten);
  time.advance(1500);
  expect((await rest).map(({ kind }) => kind)).toEqual([Kind.error]);
  game.gate.open();
});

async function gone({ server, time }: Harness, connections: number): Promise<void> {
  while (server.connections > connections) {
    time.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a peer that does not close after its error is cut', async () => {
  const harness = await start();
  const client = await harness.connect();
  client.socket.removeAllListeners('end');
  client.socket.write(raw({ version: 9 }));
  const flood = setInterval(() => client.socket.write(Buffer.alloc(1000)), 1);
  await gone(harness, 0);
  clearInterval(flood);
  expect(harness.metrics.closed).toBe(1);
});

test('a frame cut into single bytes is a frame', async () => {
  const { open } = await start();
  const client = await open();
  for (const byte of encodeFrame({ kind: Kind.request, requestId: 8, game: 7, operation: 1 }, map)) {
    client.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.next()).toMatchObject({ kind: Kind.response, requestId: 8 });
});
