import type { Socket } from 'node:net';
import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { describe, expect, test } from 'vitest';
import { framesOf, response, TinyServer } from '../testing/tiny-server.ts';
import { findCompiler } from './compiled.ts';
import { Holders } from './holders.ts';
import type { Target } from './plan.ts';

const hello = encodeFrame({ kind: Kind.hello }, encodeValue({}, 'json'));
const requests = [{ bytes: encodeFrame({ kind: Kind.request, game: 2, operation: 1 }, encodeValue({ id: '1' }, 'msgpack')) }];
const target = ({ port }: TinyServer): Target => ({ protocol: 'midgard', port, hello, requests });

describe.skipIf(findCompiler() === undefined)('connections that are held (needs a C compiler: apt-get install gcc libc6-dev)', () => {
  test('all are opened, send heartbeats evenly, answer pings, and read when they are told to', async () => {
    const pongs: string[] = [];
    const sources = new Set<string>();
    const reads = new Set<Socket>();
    const serve = framesOf(
      (socket, request) => {
        reads.add(socket);
        socket.write(response(request));
      },
      (_, frame) => pongs.push(frame.body.toString()),
    );
    await using server = await TinyServer.start((socket) => {
      sources.add(socket.remoteAddress ?? '');
      serve(socket);
    });
    const reports = Promise.withResolvers<void>();
    let isReading = false;
    const holding = { connections: 200, heartbeatSeconds: 0.2, opening: 50, rate: 1000, everySeconds: 0.1 };
    using holders = new Holders(target(server), holding, ([held]) => {
      if (!isReading) expect(held?.good).toBe(0);
      if (held !== undefined && held.good > 0 && held.pings > 400 && pongs.length > 0) reports.resolve();
    });
    const [opened] = await holders.opened();
    expect(opened).toMatchObject({ connections: 200, refused: 0 });
    expect([...sources]).toEqual(['127.1.0.1']);
    const [socket] = server.sockets;
    socket!.write(encodeFrame({ kind: Kind.ping }, Buffer.from('are you there')));
    isReading = true;
    holders.read();
    await reports.promise;
    const [total] = await holders.close();
    expect(pongs).toEqual(['are you there']);
    expect(total).toMatchObject({ dropped: 0, refused: 0 });
    expect(total!.pongs).toBeGreaterThan(300);
    expect(reads.size).toBeGreaterThan(1);
  });

  test('one that the server ends counts as dropped, with the code of its goodbye', async () => {
    await using server = await TinyServer.start(framesOf(() => undefined));
    const seen = Promise.withResolvers<void>();
    const holding = { connections: 10, heartbeatSeconds: 1, opening: 10, rate: 0, everySeconds: 0.05 };
    using holders = new Holders(target(server), holding, ([held]) => {
      if (held?.dropped === 1) seen.resolve();
    });
    await holders.opened();
    const [socket] = server.sockets;
    socket!.end(encodeFrame({ kind: Kind.goodbye }, encodeValue({ code: 1007, reason: 'slow' }, 'json')));
    await seen.promise;
    const [total] = await holders.close();
    expect(total).toMatchObject({ open: 9, dropped: 1, goodbye: 1007 });
  });
});
