import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { service } from '@midgard/game-kit/testing';
import { describe, expect, test } from 'vitest';
import { fieldOf } from '../testing/fake-game.ts';
import { type HotReader, hotRulesSuite } from '../testing/hot-rules-suite.ts';
import { turn, until } from '../testing/harness.ts';
import { type HotServer, serveHot } from '../testing/hot-server.ts';
import type { TestClient } from '../testing/test-client.ts';

const game = 3;
const [playerGet, playerUpdate, walletGet] = [1, 3, 50] as const;

interface Asking {
  readonly server: HotServer;
  readonly client: TestClient;
  readonly id: string;
  /** Reads the player once more. @returns its body and whether that took the hot way */
  readonly again: () => Promise<{ readonly body: unknown; readonly kind: number | undefined; readonly isHot: boolean }>;
}

/** A server with one player, which was read before. */
async function asking(setup: Parameters<typeof serveHot>[0] = {}, hello: Record<string, unknown> = {}): Promise<Asking> {
  const server = await serveHot(setup);
  const client = await server.connect(hello);
  const id = String(fieldOf(await server.open.call('player.create', { name: 'Mira' }), 'id'));
  let requestId = 0;
  const again: Asking['again'] = async () => {
    const before = server.hot();
    const answer = await client.call((requestId += 1), playerGet, { id }, { game });
    expect(answer?.requestId).toBe(requestId);
    return { body: answer?.body, kind: answer?.kind, isHot: server.hot() > before };
  };
  await again();
  return { server, client, id, again };
}

describe('a read that was answered before', () => {
  test('is answered out of the bytes of its request, and counted for its operation, its caller and its cache', async () => {
    const { server, again } = await asking();
    const { body, kind, isHot } = await again();
    expect([kind, isHot, fieldOf(body, 'name')]).toEqual([Kind.response, true, 'Mira']);
    expect(server.metrics.reads).toMatchObject([{ transport: 'tcp', game: 'plain', operation: 'player.get', subject: 'server:test', count: 1 }]);
    expect(server.open.runtime.caches().get('player')?.stats()).toMatchObject({ loader: 1, memory: 1 });
  });

  test('is answered so to the first request of another connection, too', async () => {
    const { server, id } = await asking();
    const other = await server.connect();
    const before = server.hot();
    expect(fieldOf((await other.call(1, playerGet, { id }, { game }))?.body, 'name')).toBe('Mira');
    expect(server.hot() - before).toBe(1);
  });

  test('of another connection, too, in whatever pieces the request comes', async () => {
    const { server, id } = await asking();
    const other = await server.connect();
    await other.call(1, walletGet, { playerId: id }, { game });
    const frames = [2, 3, 4].map((requestId) => encodeFrame({ kind: Kind.request, requestId, game, operation: playerGet }, encodeValue({ id }, 'msgpack')));
    for (const piece of [
      Buffer.concat([frames[0]!, frames[1]!.subarray(0, 9)]),
      frames[1]!.subarray(9, 20),
      Buffer.concat([frames[1]!.subarray(20), frames[2]!]),
    ]) {
      other.socket.write(piece);
      await turn();
      await turn();
    }
    const answers = (await other.take(3)).map(({ requestId, body }) => [requestId, fieldOf(body, 'name')]);
    expect(answers.toSorted(([one], [other]) => Number(one) - Number(other))).toEqual([2, 3, 4].map((n) => [n, 'Mira']));
    // The one that was cut goes the full way.
    expect(server.hot()).toBe(2);
  });

  test('among requests that go the full way, good and bad, each is answered once', async () => {
    const { server, client, id } = await asking();
    client.socket.cork();
    for (let n = 0; n < 200; n += 1) {
      if (n % 5 === 3) client.request(n, playerUpdate, { id, level: n + 1 }, { game });
      else if (n % 5 === 4) client.request(n, 999, {}, { game });
      else client.request(n, playerGet, { id }, { game });
    }
    client.socket.uncork();
    const answers = await client.take(200);
    expect(answers.map(({ requestId }) => requestId).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(answers.filter(({ kind }) => kind === Kind.error)).toHaveLength(40);
    expect(server.hot()).toBeGreaterThan(0);
    const last = await client.call(1000, playerGet, { id }, { game });
    expect(fieldOf(last?.body, 'level')).toBe(199);
  });

  test('shows a write as soon as that was acknowledged', async () => {
    const { client, again, id } = await asking();
    for (let level = 2; level < 12; level += 1) {
      await again();
      await client.call(99, playerUpdate, { id, level }, { game });
      expect(fieldOf((await again()).body, 'level')).toBe(level);
    }
  });
});

describe('what the full way would refuse or follow is not answered here', () => {
  hotRulesSuite(async (setup) => {
    const { server, id } = await asking(setup);
    const clients = new Map<string, TestClient>();
    let requestId = 0;
    const again: HotReader['again'] = async (name = 'service') => {
      const caller = clients.get(name) ?? (await server.connect({ auth: { kind: 'apiKey', key: name } }));
      clients.set(name, caller);
      const before = server.hot();
      const answer = await caller.call((requestId += 1), playerGet, { id }, { game });
      const code = answer?.kind === Kind.response ? 0 : Number(fieldOf(answer?.body, 'code'));
      return { isHot: server.hot() > before, code, body: answer?.body };
    };
    return { open: server.open, router: server.router, id, again };
  });

  const viewer = { ...service, subject: 'key:viewer', roles: ['viewer'] };
  const key = { auth: { kind: 'apiKey', key: 'viewer' } };

  test('a session that has run out', async () => {
    const callers = { viewer: { ...viewer, expiresAt: Date.UTC(2026, 0, 1) + 10_000 } };
    const { server, again } = await asking({ callers }, key);
    expect((await again()).isHot).toBe(true);
    server.open.clock.advance(10_000);
    expect(await again()).toMatchObject({ isHot: false, body: { code: 3002 } });
  });

  test('what is over the limit of its caller, to the very request', async () => {
    const { server, client, id } = await asking({ callers: { viewer }, rateLimits: { viewer: { perSecond: 1, burst: 21 } } }, key);
    client.socket.cork();
    for (let n = 100; n < 140; n += 1) client.request(n, playerGet, { id }, { game });
    client.socket.uncork();
    const answers = await client.take(40);
    expect(answers.filter(({ kind }) => kind === Kind.response)).toHaveLength(20);
    expect(answers.filter(({ body }) => fieldOf(body, 'code') === 3005)).toHaveLength(20);
    expect(server.hot()).toBe(20);
  });

  test('one more than may be in flight', async () => {
    const { server, client, id } = await asking({ tcp: { maxInFlight: 1 } });
    client.socket.cork();
    client.request(100, playerUpdate, { id, level: 9 }, { game });
    client.request(101, playerGet, { id }, { game });
    client.socket.uncork();
    const answers = await client.take(2);
    expect(answers.find(({ requestId }) => requestId === 101)?.body).toMatchObject({ code: 1006 });
    expect(server.hot()).toBe(0);
  });

  test('a damaged frame', async () => {
    const server = await serveHot();
    const client = await server.connect({ checksum: true });
    client.sealing = { checksum: true };
    const id = String(fieldOf(await server.open.call('player.create', { name: 'Mira' }), 'id'));
    for (let n = 0; n < 2; n += 1) await client.call(n, playerGet, { id }, { game });
    const frame = encodeFrame({ kind: Kind.request, requestId: 7, game, operation: playerGet }, encodeValue({ id }, 'msgpack'), { checksum: true });
    frame[9] = (frame[9] ?? 0) ^ 1;
    client.socket.write(frame);
    expect((await client.next())?.body).toMatchObject({ code: 1003 });
    expect(server.hot()).toBe(1);
  });
});

test('who reads late gets every answer whole, whatever was sent to others meanwhile', async () => {
  const { server, client, id } = await asking();
  const other = String(fieldOf(await server.open.call('player.create', { name: 'Ásgeir', attributes: { tale: 'x'.repeat(3000) } }), 'id'));
  await client.call(1, playerGet, { id: other }, { game });
  const late = await server.connect();
  await late.call(1, playerGet, { id }, { game });
  late.socket.pause();
  const asked = 3000;
  for (let n = 2; n < asked + 2; n += 1) {
    late.request(n, playerGet, { id: n % 2 === 0 ? id : other }, { game });
    if (n % 100 === 0) await client.call(n, playerGet, { id: n % 200 === 0 ? id : other }, { game });
  }
  late.socket.resume();
  const answers = await late.take(asked);
  // One that was cut in two by a read goes the full way, and is answered later.
  const inOrder = answers.map(({ requestId, body }) => [requestId, fieldOf(body, 'id')]).toSorted(([one], [two]) => Number(one) - Number(two));
  expect(inOrder).toEqual(Array.from({ length: asked }, (_, at) => [at + 2, at % 2 === 0 ? id : other]));
  expect(server.hot()).toBeGreaterThan(asked);
});

test('who floods the server does not keep others from their answers', async () => {
  const { server, client, id } = await asking();
  const other = await server.connect();
  await other.call(1, playerGet, { id }, { game });
  const flood = Array.from({ length: 4000 }, (_, n) =>
    encodeFrame({ kind: Kind.request, requestId: n, game, operation: playerGet }, encodeValue({ id }, 'msgpack')),
  );
  const wave = Buffer.concat(flood);
  const written = 40;
  for (let n = 0; n < written; n += 1) client.socket.write(wave);
  const before = server.metrics.framesIn;
  await until(() => server.metrics.framesIn > before);
  const asked = server.metrics.framesIn;
  other.request(2, playerGet, { id }, { game });
  await other.next();
  // A few turns of the event loop, with one read of the flood in each; all of it would be 160,000.
  expect(server.metrics.framesIn - asked).toBeLessThan(20_000);
  expect((await client.take(4000 * written)).length).toBe(4000 * written);
});
