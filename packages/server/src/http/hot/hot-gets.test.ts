import { randomBytes } from 'node:crypto';
import { ApiKeys, generateSigningKey, KeyRing, MemoryApiKeyStore, type NewApiKey, RateLimiter, Tokens } from '@midgard/auth';
import { openGame, service } from '@midgard/game-kit/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressSet } from '../../addresses/address-set.ts';
import { createAuthenticator } from '../../create-authenticator.ts';
import { fieldOf } from '../../testing/fake-game.ts';
import { until } from '../../testing/harness.ts';
import { hotRulesSuite } from '../../testing/hot-rules-suite.ts';
import { type HotHttp, type RawAnswer, serveHotHttp } from '../../testing/hot-http.ts';
import { plainGame } from '../../testing/hot-server.ts';
import { sendRaw, statuses } from '../testing/raw.ts';

const viewer = { ...service, subject: 'key:viewer', roles: ['viewer'] } as const;
const asViewer = { 'X-API-Key': 'viewer' };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

interface Asking {
  readonly server: HotHttp;
  readonly path: string;
  readonly id: string;
  /** Reads the player once more. */
  readonly again: (headers?: Parameters<HotHttp['ask']>[1]) => Promise<RawAnswer & { readonly json: unknown }>;
}

/** A server with one player, which was read before, by whom the headers tell. */
async function asking(setup: Parameters<typeof serveHotHttp>[0] = {}, own: Readonly<Record<string, string>> = {}): Promise<Asking> {
  const server = await serveHotHttp(setup);
  const id = String(fieldOf(await server.open.call('player.create', { name: 'Mira' }), 'id'));
  const path = `/players/${id}`;
  const again: Asking['again'] = async (headers = {}) => {
    const answer = await server.ask(path, { ...own, ...headers });
    return { ...answer, json: answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString()) };
  };
  await again();
  return { server, path, id, again };
}

describe('a read that was answered before', () => {
  test('is answered by its target, and counted for its operation, its caller, its cache and its connection', async () => {
    const { server, again } = await asking();
    const { status, json, isHot } = await again({ 'X-Request-Id': 'mine' });
    expect([status, fieldOf(json, 'name'), isHot]).toEqual([200, 'Mira', true]);
    expect(server.metrics.reads).toMatchObject([
      { transport: 'http', game: 'plain', operation: 'player.get', subject: 'server:test', address: '127.0.0.1', count: 1, requestIds: ['mine'] },
    ]);
    expect(server.open.runtime.caches().get('player')?.stats()).toMatchObject({ loader: 1, memory: 1 });
    await until(() => server.metrics.answers.length === 2);
    expect(server.metrics.answers.map(({ method, status: told }) => [method, told])).toEqual([
      ['GET', 200],
      ['GET', 200],
    ]);
    expect([server.metrics.framesIn, server.metrics.framesOut]).toEqual([2, 2]);
    expect(server.metrics.bytesOut).toBeGreaterThan(800);
  });

  test('has the request id of its caller, else one of its own each time', async () => {
    const { again } = await asking();
    const [first, second, mine] = [await again(), await again(), await again({ 'X-Request-Id': 'mine' })];
    expect([first.isHot, second.isHot, mine.isHot, mine.requestId]).toEqual([true, true, true, 'mine']);
    expect(first.requestId).toMatch(/^[\da-f-]{36}$/);
    expect(second.requestId).not.toBe(first.requestId);
  });

  test('tells whose version is still the same so, also where it was asked for in that way alone', async () => {
    const { server, path, again } = await asking({}, { 'If-None-Match': '"1"' });
    expect(await again()).toMatchObject({ status: 304, isHot: true });
    expect(await server.ask(path, { 'If-None-Match': '"0"' })).toMatchObject({ status: 200, isHot: true });
  });

  test('shows a write as soon as that was acknowledged', async () => {
    const { server, again, id } = await asking();
    for (let level = 2; level < 12; level += 1) {
      await again();
      await server.open.call('player.update', { id, level });
      expect(fieldOf((await again()).json, 'level')).toBe(level);
      expect((await again()).isHot).toBe(true);
    }
  });

  test('behind a proxy is told of with the address of whom that speaks for', async () => {
    const forwarding = { proxies: new AddressSet(['127.0.0.1']), header: 'x-forwarded-for' } as const;
    const { server, again } = await asking({ http: { forwarding } });
    for (const address of ['192.0.2.1', '192.0.2.2']) expect((await again({ 'X-Forwarded-For': address })).isHot).toBe(true);
    expect((await again()).isHot).toBe(true);
    expect(server.metrics.reads.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2', '127.0.0.1']);
  });

  test('is not kept where there is no room for it, nor where nobody is remembered', async () => {
    const { again } = await asking({ http: { keptAnswerBytes: 1000 } });
    expect((await again()).isHot).toBe(false);
    const other = await asking({ authenticator: { fromHello: async () => service, fromHttp: async () => service } });
    expect((await other.again()).isHot).toBe(false);
  });
});

describe('what the full way would refuse or follow is not answered here', () => {
  hotRulesSuite(async (setup) => {
    const { server, id, again } = await asking(setup);
    return {
      open: server.open,
      router: server.router,
      id,
      again: async (name = 'service') => {
        const { isHot, status, json } = await again({ 'X-API-Key': name });
        return { isHot, code: status === 200 ? 0 : Number(fieldOf(json, 'code')), body: json };
      },
    };
  });

  test('one more than the limit of its caller, who is told how many are left', async () => {
    const { again } = await asking({ callers: { viewer }, rateLimits: { viewer: { perSecond: 1, burst: 3 } } }, asViewer);
    const answers = [await again(), await again(), await again()];
    expect(answers.map(({ status, isHot }) => [status, isHot])).toEqual([
      [200, true],
      [200, true],
      [429, false],
    ]);
    expect(answers.map(({ headers }) => headers.find((header) => header.startsWith('RateLimit: ')))).toEqual(
      ['r=1;t=2', 'r=0;t=3', 'r=0;t=3'].map((rest) => `RateLimit: "viewer";${rest}`),
    );
  });

  test('what strangers may ask for, since they are limited by their address', async () => {
    const operations = plainGame.operations.map((operation) => (operation.name === 'player.get' ? { ...operation, isPublic: true } : operation));
    const open = await openGame({ ...plainGame, operations });
    onTestFinished(() => open[Symbol.asyncDispose]());
    const { again } = await asking({ open, publicLimit: new RateLimiter({ perSecond: 0.001, burst: 2 }) });
    expect(await again()).toMatchObject({ isHot: false, status: 200 });
    expect(await again()).toMatchObject({ isHot: false, json: { code: 3005 } });
  });

  test('an address with too many wrong keys', async () => {
    const failureLimit = new RateLimiter({ perSecond: 0.001, burst: 2 });
    const { again } = await asking({ failureLimit });
    expect((await again()).isHot).toBe(true);
    for (const key of ['wrong', 'wronger']) expect((await again({ 'X-API-Key': key })).status).toBe(401);
    expect(await again()).toMatchObject({ isHot: false, json: { code: 3005 } });
  });

  test('a request that brings a trace along', async () => {
    const { again } = await asking({ tracing: { choosesNext: () => false, begin: () => undefined, end: () => undefined } });
    expect((await again()).isHot).toBe(true);
    expect((await again({ traceparent })).isHot).toBe(false);
    expect((await again()).isHot).toBe(true);
  });

  test('nobody, two who say who calls, and one who says it twice', async () => {
    const { again, server, path } = await asking();
    expect((await again()).isHot).toBe(true);
    expect(await again({ Authorization: 'Bearer x' })).toMatchObject({ isHot: false, status: 401 });
    expect(await again({ 'X-API-Key': 'service', Authorization: 'Bearer x' })).toMatchObject({ isHot: false, json: { code: 2001 } });
    const twice = `GET /api/v1/games/plain${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: service\r\nX-Api-Key: service\r\nConnection: close\r\n\r\n`;
    expect(statuses(await sendRaw(server.port, twice))).toEqual(['400']);
    expect(server.hot()).toBe(1);
  });

  test('a host with which nothing was asked yet', async () => {
    const { again } = await asking();
    expect((await again()).isHot).toBe(true);
    expect(await again({ Host: 'a b' })).toMatchObject({ isHot: false, status: 400 });
    expect((await again({ Host: 'other.example' })).isHot).toBe(false);
    expect((await again({ Host: 'other.example' })).isHot).toBe(true);
  });

  test('what stands behind a request that was refused for its form', async () => {
    const { server, path } = await asking();
    const good = `GET /api/v1/games/plain${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: service\r\n\r\n`;
    const bad = `GET /api/v1/games/plain${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: service\r\nX-Request-Id: 1\r\nX-Request-Id: 2\r\n\r\n`;
    const ended = good.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    expect(statuses(await sendRaw(server.port, good + ended))).toEqual(['200', '200']);
    expect(server.hot()).toBe(2);
    expect(statuses(await sendRaw(server.port, bad + good))).toEqual(['400']);
    expect(server.hot()).toBe(2);
  });

  test('a body, and more headers than there may be', async () => {
    const { server, path } = await asking();
    const head = `GET /api/v1/games/plain${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: service\r\nConnection: close\r\n`;
    expect(statuses(await sendRaw(server.port, `${head}Content-Length: 2\r\n\r\n{}`))).toEqual(['400']);
    expect(statuses(await sendRaw(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`))).toEqual(['400']);
    expect(statuses(await sendRaw(server.port, `${head}${'X-More: 1\r\n'.repeat(100)}\r\n`))).toEqual(['431']);
    expect(server.hot()).toBe(0);
  });
});

/** A server that knows one key, with a player that was read with it. */
async function withKeys(extra: Partial<NewApiKey> = {}, cacheMs = 60_000) {
  const open = await openGame(plainGame);
  onTestFinished(() => open[Symbol.asyncDispose]());
  const { clock } = open;
  const parts = { store: new MemoryApiKeyStore(), pepper: randomBytes(32), env: 'dev', clock, cacheMs } as const;
  const [apiKeys, elsewhere] = [new ApiKeys(parts), new ApiKeys(parts)];
  const { key, record } = await apiKeys.create({ games: ['plain'], role: 'viewer', label: 'test', ...extra });
  const tokens = new Tokens({ keys: await KeyRing.from([await generateSigningKey()]), issuer: 'test', audience: 'test', clock });
  const asked = await asking({ open, authenticator: createAuthenticator({ apiKeys, tokens }) }, { 'X-API-Key': key });
  return { ...asked, apiKeys, elsewhere, clock, record, key };
}

describe('a key', () => {
  test('that was revoked here is refused from then on', async () => {
    const { again, apiKeys, record } = await withKeys();
    for (let count = 0; count < 2; count += 1) expect((await again()).isHot).toBe(true);
    await apiKeys.revoke(record.id);
    expect(await again()).toMatchObject({ isHot: false, status: 401, json: { code: 3003 } });
  });

  test('that was revoked elsewhere is refused as soon as it is looked at anew', async () => {
    const { again, elsewhere, record, clock } = await withKeys({}, 1000);
    for (let count = 0; count < 2; count += 1) expect((await again()).isHot).toBe(true);
    await elsewhere.revoke(record.id);
    clock.advance(1000);
    expect(await again()).toMatchObject({ isHot: false, status: 401 });
  });

  test('that has run out is refused', async () => {
    const { again, clock } = await withKeys({ expiresAt: Date.UTC(2026, 0, 1) + 10_000 });
    for (let count = 0; count < 2; count += 1) expect((await again()).isHot).toBe(true);
    clock.advance(10_000);
    expect(await again()).toMatchObject({ isHot: false, status: 401, json: { code: 3002 } });
  });

  test('says who calls for its own request alone, whoever asked before on the connection', async () => {
    const { server, path, key, again } = await withKeys();
    expect((await again()).isHot).toBe(true);
    expect((await again()).isHot).toBe(true);
    const wrong = `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`;
    expect(await server.ask(path, { 'X-API-Key': wrong })).toMatchObject({ isHot: false, status: 401 });
    expect(await server.ask(path, { Authorization: `Bearer ${key}` })).toMatchObject({ isHot: false, status: 401 });
    expect((await again()).isHot).toBe(true);
  });
});
