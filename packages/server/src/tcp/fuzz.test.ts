import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { array, assert as check, asyncProperty, nat, record, uint8Array } from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Harness } from '../testing/harness.ts';
import { start, turn, until } from '../testing/harness.ts';
import type { Received, TestClient } from '../testing/test-client.ts';

const codes = new Set([1003, 1009, 3001]);
const runs = { numRuns: 150 };

let unhandled = 0;
beforeAll(() => {
  process.on('unhandledRejection', () => (unhandled += 1));
});

function codeOf(frame: Received | undefined): unknown {
  const body = frame?.body;
  return typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get('code') : undefined;
}

function goodRequest(id: number): Buffer {
  return encodeFrame({ kind: Kind.request, requestId: id, game: 7, operation: 1 }, encodeValue({ id, text: 'four' }, 'msgpack'), { checksum: id % 2 === 0 });
}

/** Sends the bytes in pieces and lets time pass until the server has closed. */
async function send({ time }: Harness, client: TestClient, pieces: readonly Uint8Array[]): Promise<Received[]> {
  for (const piece of pieces) {
    client.socket.write(piece);
    await turn();
  }
  let hasEnded = false;
  void client.ended.then(() => (hasEnded = true));
  await turn();
  await until(() => {
    time.advance(1000);
    return hasEnded;
  });
  return client.received.splice(0);
}

const pieces = array(uint8Array({ maxLength: 200 }), { maxLength: 5 });

test('random bytes before a hello end in one error frame and the close', async () => {
  const harness = await start({ handshakeLimit: null });
  await check(
    asyncProperty(pieces, async (bytes) => {
      const client = await harness.connect();
      const frames = await send(harness, client, bytes);
      expect(frames.map(({ kind, encoding }) => [kind, encoding])).toEqual([[Kind.error, 'json']]);
      expect(codes).toContain(codeOf(frames[0]));
      client.close();
    }),
    runs,
  );
  expect(unhandled).toBe(0);
});

test('random bytes behind the welcome end in one error frame or in the silence of a heartbeat; others go on', async () => {
  const harness = await start({ handshakeLimit: null });
  await check(
    asyncProperty(pieces, async (bytes) => {
      const client = await harness.open();
      const frames = await send(harness, client, bytes);
      expect([Kind.error, Kind.goodbye]).toContain(frames.at(-1)?.kind);
      client.close();
      const other = await harness.open();
      expect((await other.call(1, 1, {}))?.kind).toBe(Kind.response);
      other.close();
    }),
    runs,
  );
  expect(unhandled).toBe(0);
});

test('good frames with some bytes changed never crash the server', async () => {
  const harness = await start({ handshakeLimit: null });
  const change = record({ at: nat(), to: nat(255) });
  await check(
    asyncProperty(array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const client = await harness.open({ compression: ['zstd', 'deflate'] });
      const bytes = Buffer.concat([1, 2, 3, 4].map(goodRequest));
      for (const { at, to } of changes) bytes[at % bytes.length] = to;
      const frames = await send(harness, client, [bytes]);
      expect(frames.filter(({ requestId, kind }) => kind === Kind.error && requestId === 0).length).toBeLessThanOrEqual(2);
      client.close();
    }),
    runs,
  );
  expect(unhandled).toBe(0);
});
