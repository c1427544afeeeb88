import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { FrameDecoder, Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { Output } from './output.ts';

/** A connected pair, the receiving side paused. */
async function pair(): Promise<{ from: Socket; to: Socket; end: () => Promise<unknown> }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const from = connect({ port: typeof address === 'object' && address !== null ? address.port : 0, host: '127.0.0.1' });
  const accepted: Socket[] = [];
  server.on('connection', (socket) => accepted.push(socket));
  await Promise.all([once(from, 'connect'), once(server, 'connection')]);
  const [to] = accepted;
  if (to === undefined) throw new RangeError('nobody came');
  const end = (): Promise<unknown> => {
    from.destroy();
    to.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { from, to, end };
}

test('bytes that a slow reader has not taken are not overwritten', async () => {
  const { from, to, end } = await pair();
  const output = new Output(from);
  const frames = 600;
  for (let requestId = 1; requestId <= frames; requestId++) {
    output.add({ kind: Kind.request, flags: 0, priority: 0, requestId, game: 1, operation: 1 }, Buffer.alloc(40_000, requestId % 251));
    if (requestId % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(from.writableLength).toBeGreaterThan(0);
  const wrong: number[] = [];
  let received = 0;
  const decoder = new FrameDecoder();
  await new Promise<void>((resolve) => {
    to.on('data', (chunk: Buffer) => {
      decoder.decode(chunk, ({ requestId, body }) => {
        received += 1;
        if (requestId !== received || !body.equals(Buffer.alloc(40_000, requestId % 251))) wrong.push(received);
        if (received === frames) resolve();
      });
    });
    to.resume();
  });
  expect(wrong).toEqual([]);
  await end();
});

test('frames of one turn go out in one write, larger ones in their place between them', async () => {
  const { from, to, end } = await pair();
  const writes: number[] = [];
  const write = from.write.bind(from);
  from.write = (bytes: Uint8Array) => {
    writes.push(bytes.byteLength);
    return write(bytes);
  };
  const output = new Output(from);
  const header = { kind: Kind.request, flags: 0, priority: 0, game: 1, operation: 1 } as const;
  [10, 20, 100_000, 30].forEach((bytes, requestId) => output.add({ ...header, requestId }, Buffer.alloc(bytes)));
  const ids: number[] = [];
  const decoder = new FrameDecoder();
  to.on('data', (chunk: Buffer) => decoder.decode(chunk, ({ requestId }) => ids.push(requestId))).resume();
  while (ids.length < 4) await once(to, 'data');
  expect(writes).toEqual([62, 100_016, 46]);
  expect(ids).toEqual([0, 1, 2, 3]);
  await end();
});
