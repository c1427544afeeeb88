import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeFrame, encodeValue, type Frame, Kind } from '@midgard/codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { framesOf, linesOf, refusal, response, TinyServer } from '../testing/tiny-server.ts';
import { findCompiler } from './compiled.ts';
import type { Keys, RequestKind, Target } from './plan.ts';
import { runGoodLoad, runLoad } from './run-load.ts';

const hello = encodeFrame({ kind: Kind.hello }, encodeValue({}, 'json'));
const get: RequestKind = { bytes: encodeFrame({ kind: Kind.request, game: 2, operation: 1 }, encodeValue({ id: '0000' }, 'msgpack')) };
const keyAt = get.bytes.indexOf('0000');
const keyCount = 1000;
let folder = '';

const midgard = ({ port }: TinyServer, more: Partial<Target> = {}): Target => ({ protocol: 'midgard', port, hello, requests: [get], ...more });
const keys = (distribution: Keys['distribution']): Keys => ({ distribution, file: path.join(folder, 'keys') });

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'midgard-load-test-'));
  writeFileSync(path.join(folder, 'keys'), Array.from({ length: keyCount }, (_, at) => `${1000 + at}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How often each key of the file was asked for. */
async function asked(distribution: Keys['distribution'], requests: number): Promise<number[]> {
  const counts = Array.from({ length: keyCount }, () => 0);
  await using server = await TinyServer.start(
    framesOf((socket, request) => {
      const key = request.body.subarray(-4).toString();
      counts[Number(key) - 1000]! += 1;
      socket.write(response(request));
    }),
  );
  const target = midgard(server, { requests: [{ ...get, keyAt }], keys: keys(distribution) });
  await runGoodLoad(target, { connections: 2, depth: 50, seconds: 30, totalRequests: requests });
  return counts;
}

describe.skipIf(findCompiler() === undefined)('the load generator (needs a C compiler: apt-get install gcc libc6-dev)', () => {
  test('an open loop asks exactly as often as it is told to, and counts every answer', async () => {
    let received = 0;
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        received += 1;
        socket.write(response(request));
      }),
    );
    const result = await runLoad(midgard(server), { connections: 7, rate: 2000, seconds: 0.5 });
    expect(received).toBe(1000);
    expect(result).toMatchObject({ good: 1000, refused: 0, errors: {}, unanswered: 0, dropped: 0, answerBytes: 17 });
    expect(result.handshakes.connections).toBe(7);
    expect(result.latencyUs!.p50).toBeLessThanOrEqual(result.latencyUs!.p99);
  });

  test('a closed loop sends a batch, and the next one when all of it is answered', async () => {
    const batches: number[] = [];
    const waiting = new Map<Socket, Frame[]>();
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        const batch = [...(waiting.get(socket) ?? []), request];
        waiting.set(socket, batch);
        if (batch.length < 8) return;
        waiting.delete(socket);
        batches.push(new Set(batch.map(({ requestId }) => requestId)).size);
        // The last first: answers may come in any order.
        socket.write(Buffer.concat(batch.toReversed().map((each) => response(each))));
      }),
    );
    const result = await runGoodLoad(midgard(server), { connections: 3, depth: 8, seconds: 30, totalRequests: 240 });
    expect(result.good).toBe(240);
    expect(new Set(batches)).toEqual(new Set([8]));
  });

  test('a server that stands still once shows in the quantiles of everybody whose turn came meanwhile', async () => {
    const stallMs = 400;
    let stalledUntil = 0;
    let received = 0;
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        received += 1;
        if (received === 200) stalledUntil = performance.now() + stallMs;
        const left = stalledUntil - performance.now();
        if (left > 0) setTimeout(() => socket.write(response(request)), left);
        else socket.write(response(request));
      }),
    );
    // One request at a time on each connection: what is due meanwhile cannot even be sent.
    const result = await runLoad(midgard(server), { connections: 2, depth: 1, rate: 1000, seconds: 1 });
    expect(result.good + result.unanswered).toBe(1000);
    expect(result.latencyUs!.p999).toBeGreaterThan(stallMs * 900);
    // 400 of 1000 were due while it stood still: half of them waited for more than half of that.
    expect(result.latencyUs!.p90).toBeGreaterThan(stallMs * 500);
  });

  test('what is never answered is counted, and is in the quantiles with the time that it has waited', async () => {
    let received = 0;
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        received += 1;
        if (received % 10 !== 0) socket.write(response(request));
      }),
    );
    const result = await runLoad(midgard(server), { connections: 1, rate: 200, seconds: 0.5 });
    expect(result).toMatchObject({ unanswered: 10 });
    expect(result.latencyUs!.p99).toBeGreaterThan(2_000_000);
  });

  test('errors are counted by their code, and apart from good answers', async () => {
    let received = 0;
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        received += 1;
        if (received % 4 === 0) socket.write(refusal(request, 1005));
        else if (received % 10 === 1) socket.write(refusal(request, 3005));
        else socket.write(response(request));
      }),
    );
    const target = midgard(server);
    const result = await runLoad(target, { connections: 1, rate: 1000, seconds: 0.2 });
    expect(result).toMatchObject({ good: 130, refused: 70, errors: { 1005: 50, 3005: 20 } });
    await expect(runGoodLoad(target, { connections: 1, rate: 100, seconds: 0.2 })).rejects.toThrow('"1005":');
  });

  test('a connection that the server ends is told of, and so is what it did not answer', async () => {
    let received = 0;
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        received += 1;
        if (received === 50) socket.destroy();
        else socket.write(response(request));
      }),
    );
    const result = await runLoad(midgard(server), { connections: 2, rate: 1000, seconds: 0.3 });
    expect(result.dropped).toBe(1);
    expect(result.good + result.unanswered).toBe(300);
    expect(result.unanswered).toBeGreaterThan(50);
  });

  test('a handshake that is refused ends the run with its code', async () => {
    const refused = encodeFrame({ kind: Kind.error }, encodeValue({ code: 3003, message: 'no' }, 'json'));
    await using server = await TinyServer.start((socket) => socket.once('data', () => socket.end(refused)));
    await expect(runLoad(midgard(server), { connections: 2, seconds: 0.1 })).rejects.toThrow('{"3003":2}');
  });

  test('an answer to what was not asked is no good answer', async () => {
    await using server = await TinyServer.start(framesOf((socket, request) => socket.write(response({ ...request, requestId: 77 }))));
    await expect(runLoad(midgard(server), { connections: 1, seconds: 1 })).rejects.toThrow('request 77');
  });

  test('answers that come in pieces, and several at once, are told apart', async () => {
    await using server = await TinyServer.start((socket) => {
      let bytes = Buffer.alloc(0);
      let received = 0;
      framesOf((_, request) => {
        bytes = Buffer.concat([bytes, response(request, Buffer.alloc(3000, 1))]);
        // All but the last bytes, which come with the next.
        socket.write(bytes.subarray(0, -5));
        bytes = bytes.subarray(-5);
        received += 1;
        if (received % 10 !== 0) return;
        socket.write(bytes);
        bytes = Buffer.alloc(0);
      })(socket);
    });
    const result = await runGoodLoad(midgard(server), { connections: 1, depth: 10, seconds: 30, totalRequests: 500 });
    expect(result.answerBytes).toBe(3016);
    expect(result.good).toBe(500);
  });

  test('random keys: by Zipf the first of a thousand is asked for every eighth time, evenly none is preferred, and one after the other each once', async () => {
    const zipf = await asked('zipf', 20_000);
    const all = zipf.reduce((sum, count) => sum + count, 0);
    // 1 / (1^-0.99 + 2^-0.99 + … + 1000^-0.99) = 0.129
    expect(zipf[0]! / all).toBeGreaterThan(0.115);
    expect(zipf[0]! / all).toBeLessThan(0.145);
    expect(zipf[0]! / zipf[1]!).toBeGreaterThan(1.6);
    const evenly = await asked('uniform', 20_000);
    expect(Math.max(...evenly)).toBeLessThan(60);
    expect(Math.min(...evenly)).toBeGreaterThan(1);
    const once = await asked('sequence', keyCount);
    expect(new Set(once)).toEqual(new Set([1]));
  });

  test('kinds of requests come as often as their weights say, and what is to be unique is', async () => {
    const texts = new Set<string>();
    let plain = 0;
    const bytes = encodeFrame({ kind: Kind.request, game: 2, operation: 3 }, encodeValue({ text: '0'.repeat(16) }, 'msgpack'));
    await using server = await TinyServer.start(
      framesOf((socket, request) => {
        if (request.operation === 1) plain += 1;
        else texts.add(request.body.subarray(-16).toString());
        socket.write(response(request));
      }),
    );
    const requests = [
      { ...get, weight: 0.75 },
      { bytes, weight: 0.25, uniqueAt: bytes.indexOf('0'.repeat(16)) },
    ];
    await runGoodLoad(midgard(server, { requests }), { connections: 2, rate: 4000, seconds: 0.5 });
    expect(plain + texts.size).toBe(2000);
    expect(plain).toBeGreaterThan(1400);
    expect(plain).toBeLessThan(1600);
  });

  test('Redis: a value is good, a key that is not there is 404, an error 500', async () => {
    const answers = ['$3\r\nabc\r\n', '$-1\r\n', '-ERR no\r\n', '$3\r\nabc\r\n'];
    let received = 0;
    await using server = await TinyServer.start(linesOf('GET\r\n$1\r\nk\r\n', () => answers[received++ % 4]!));
    const requests = [{ bytes: Buffer.from('*2\r\n$3\r\nGET\r\n$1\r\nk\r\n') }];
    const result = await runLoad({ protocol: 'redis', port: server.port, requests }, { connections: 1, rate: 1000, seconds: 0.2 });
    expect(result).toMatchObject({ good: 100, errors: { 404: 50, 500: 50 }, answerBytes: 9 });
  });

  test('memcached: a value is good, a key that is not there is 404, an error 500', async () => {
    const answers = ['VALUE k 0 3\r\nabc\r\nEND\r\n', 'END\r\n', 'SERVER_ERROR no\r\n', 'VALUE k 0 3\r\nabc\r\nEND\r\n'];
    let received = 0;
    await using server = await TinyServer.start(linesOf('\r\n', () => answers[received++ % 4]!));
    const target: Target = { protocol: 'memcached', port: server.port, requests: [{ bytes: Buffer.from('get k\r\n') }] };
    const result = await runLoad(target, { connections: 1, rate: 1000, seconds: 0.2 });
    expect(result).toMatchObject({ good: 100, errors: { 404: 50, 500: 50 }, answerBytes: 23 });
  });

  test('HTTP: the body is as long as it says, and statuses from 400 on are errors', async () => {
    const answers = ['HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 5\r\n\r\nHTTP/', 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'];
    let received = 0;
    await using server = await TinyServer.start(linesOf('\r\n\r\n', () => answers[received++ % 2]!));
    const requests = [{ bytes: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n') }];
    const result = await runLoad({ protocol: 'http', port: server.port, requests }, { connections: 1, rate: 1000, seconds: 0.2 });
    expect(result).toMatchObject({ good: 100, errors: { 503: 100 } });
  });

  test('reports on the way tell of the time since the last one', async () => {
    const goods: number[] = [];
    await using server = await TinyServer.start(framesOf((socket, request) => socket.write(response(request))));
    const pace = { connections: 1, rate: 1000, seconds: 0.5, everySeconds: 0.1 };
    const result = await runLoad(midgard(server), pace, ({ good }) => goods.push(good));
    expect(goods.length).toBeGreaterThanOrEqual(3);
    expect(goods.reduce((sum, good) => sum + good, 0)).toBeLessThanOrEqual(result.good);
  });

  test('a plan with a fault is refused, and the line that has it is named', async () => {
    const target: Target = { protocol: 'midgard', port: 0, requests: [get] };
    await expect(runLoad(target, { connections: 1, seconds: 1 })).rejects.toThrow('port: 0 is not a number from 1 to 65535');
    await expect(runLoad({ ...target, port: 1 }, { connections: 1, seconds: 1 })).rejects.toThrow('no connection could be opened on port 1');
    const late = { ...get, keyAt: get.bytes.length - 2 };
    await expect(runLoad({ ...target, port: 1, requests: [late], keys: keys('zipf') }, { connections: 1, seconds: 1 })).rejects.toThrow('does not fit');
  });
});
