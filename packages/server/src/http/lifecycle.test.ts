import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Dispatcher } from '../dispatcher.ts';
import { ServerError } from '../errors.ts';
import { noopMetrics } from '../metrics.ts';
import { GameRouter } from '../router.ts';
import { HttpServer } from './http-server.ts';
import { fakeAuthenticator, fixtureOfTest, startFixture } from './testing/fixture.ts';
import { FakeGame } from './testing/fake-game.ts';
import { sendRaw } from './testing/raw.ts';

const slow = 'GET /api/v1/games/fake/slow HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\n\r\n';

const fakeMetrics = {
  contentTypes: { prometheus: 'text/plain; version=0.0.4', openmetrics: 'application/openmetrics-text; version=1.0.0' },
  scrape: (exposition: string) => Promise.resolve(`${exposition}\n`),
};

describe('time', () => {
  test('an operation that takes too long is answered with 1004 and told to stop', async () => {
    const fixture = await fixtureOfTest({ options: { requestTimeoutMs: 20 } });
    const answer = await fixture.ask('GET', '/slow');
    expect(answer).toMatchObject({ status: 504, body: { code: 1004 } });
    expect(fixture.game.signals.at(-1)?.aborted).toBe(true);
  });

  test('an authenticator that hangs is answered with 1004', async () => {
    const hanging = { ...fakeAuthenticator, fromHttp: () => new Promise<never>(() => undefined) };
    const fixture = await fixtureOfTest({ options: { requestTimeoutMs: 20 }, authenticator: hanging });
    expect(await fixture.ask('GET', '/players/1')).toMatchObject({ status: 504, body: { code: 1004 } });
  });

  test('a readiness check that hangs is answered with 1004', async () => {
    const fixture = await fixtureOfTest({ options: { requestTimeoutMs: 20 }, readiness: () => new Promise(() => undefined) });
    expect(await fixture.ask('GET', '//readyz')).toMatchObject({ status: 504, body: { code: 1004 } });
  });

  test('a body that does not come is answered with 1004', async () => {
    const fixture = await fixtureOfTest({ options: { requestTimeoutMs: 20 } });
    const head =
      'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{';
    expect(await sendRaw(fixture.port, head)).toMatch(/^HTTP\/1.1 504 [^]*"code":1004/);
  });

  test('a caller who goes away stops the operation', async () => {
    const fixture = await fixtureOfTest();
    const socket = connect(fixture.port, '127.0.0.1');
    socket.write(slow);
    await fixture.game.entered;
    const signal = fixture.game.signals.at(-1);
    const aborted = once(signal ?? new EventTarget(), 'abort');
    socket.destroy();
    await aborted;
    expect(signal?.aborted).toBe(true);
  });

  test('an operation that ended in time keeps a signal that never fires', async () => {
    const fixture = await fixtureOfTest();
    const socket = connect(fixture.port, '127.0.0.1');
    socket.write('GET /api/v1/games/fake/players/1 HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(fixture.game.signals.at(-1)?.aborted).toBe(false);
  });
});

describe('connections', () => {
  test('one carries many requests and is counted once', async () => {
    const events: string[] = [];
    const metrics = { ...noopMetrics, connectionOpened: (transport: string) => void events.push(transport) };
    const fixture = await fixtureOfTest({ metrics });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 3; count += 1) {
      const sent = request(`${fixture.base}/livez`, { agent });
      sent.end();
      const [response] = await once(sent, 'response');
      response.resume();
      await once(response, 'end');
    }
    agent.destroy();
    expect(events).toEqual(['http']);
  });

  test('two pipelined requests get two answers in order', async () => {
    const fixture = await fixtureOfTest();
    const first = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
    const second = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(fixture.port, first + second)).toMatch(/^HTTP\/1.1 200 [^]*HTTP\/1.1 404 /);
  });
});

describe('going down', () => {
  test('a request in flight is answered, its connection closed, idle ones at once, new ones refused', async () => {
    const fixture = await startFixture();
    const idle = connect(fixture.port, '127.0.0.1');
    await once(idle, 'connect');
    const busy = sendRaw(fixture.port, slow);
    await fixture.game.entered;
    const idleClosed = once(idle, 'close');
    idle.resume();
    const stopped = fixture.server.stop({ graceMs: 60_000 });
    await idleClosed;
    await expect(fetch(`${fixture.base}/livez`)).rejects.toThrow();
    fixture.game.finishSlow();
    const answer = await busy;
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    await stopped;
  });

  test('what does not end within the grace is cut off', async () => {
    const fixture = await startFixture();
    const socket = connect(fixture.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(slow);
    await fixture.game.entered;
    const closed = once(socket, 'close');
    const aborted = once(fixture.game.signals.at(-1) ?? new EventTarget(), 'abort');
    await fixture.server.stop({ graceMs: 1 });
    await Promise.all([closed, aborted]);
  });

  test('one that only leaves its listener answers whoever is connected, once more each, and is ready as before; then it stops', async () => {
    const fixture = await startFixture();
    const fresh = connect(fixture.port, '127.0.0.1');
    await once(fresh, 'connect');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const askedFor = async (): Promise<string | undefined> => {
      const asked = request(`${fixture.base}/readyz`, { agent }).end();
      const [response] = await once(asked, 'response');
      response.resume();
      await once(response, 'end');
      return `${response.statusCode} ${response.headers.connection}`;
    };
    expect(await askedFor()).toBe('200 keep-alive');
    fixture.server.closeListener();
    expect(await askedFor()).toBe('200 close');
    await expect(askedFor()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const chunks: Buffer[] = [];
    fresh.on('data', (chunk: Buffer) => chunks.push(chunk));
    fresh.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(fresh, 'close');
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 200 [^]*connection: close/i);
    const idle = fixture.server.connections;
    await fixture.server.stop({ graceMs: 60_000 });
    expect(idle).toBe(0);
    agent.destroy();
  });

  test('what is idle when the listener was left goes with the stop', async () => {
    const fixture = await startFixture();
    const other = connect(fixture.port, '127.0.0.1');
    await once(other, 'connect');
    expect((await fetch(`${fixture.base}/livez`)).status).toBe(200);
    fixture.server.closeListener();
    const closed = once(other.resume(), 'close');
    await fixture.server.stop({ graceMs: 60_000 });
    await expect.poll(() => fixture.server.connections).toBe(0);
    await closed;
  });

  test('a second stop does nothing, a second start is refused', async () => {
    const fixture = await startFixture();
    await fixture.server.stop({ graceMs: 0 });
    await fixture.server.stop({ graceMs: 0 });
    await expect(fixture.server.start()).rejects.toMatchObject({ code: 'ERR_SERVER_STATE' });
  });

  test('a port that is taken is an error of the start', async () => {
    const fixture = await fixtureOfTest();
    await expect(startFixture({ listen: { port: fixture.port } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('probes', () => {
  test('ready, alive and healthy', async () => {
    const fixture = await fixtureOfTest({ readiness: async () => ({ isReady: true, checks: { fake: 'ok' } }), clock: { now: () => 1000 } });
    expect((await fixture.ask('GET', '//livez')).body).toEqual({ status: 'ok' });
    for (const path of ['//readyz', '//ready']) {
      expect(await fixture.ask('GET', path)).toMatchObject({ status: 200, body: { status: 'ready', checks: { fake: 'ok' } } });
    }
    const health = { status: 'ok', version: '0.0.1', uptimeSeconds: 0, games: [{ game: 'fake', version: '1.2.3' }] };
    expect(await fixture.ask('GET', '//health')).toMatchObject({ status: 200, body: health });
  });

  test.each([
    ['says no', async () => ({ isReady: false, checks: { fake: 'unreachable' } })],
    ['fails', async () => Promise.reject(new Error('at /var/lib/x.db'))],
  ])('a check that %s makes it not ready, and nothing else', async (_name, readiness) => {
    const fixture = await fixtureOfTest({ readiness });
    const answer = await fixture.ask('GET', '//readyz');
    expect(answer).toMatchObject({ status: 503, body: { code: 1005 } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.text).not.toContain('/var/');
    expect((await fixture.ask('GET', '//health')).status).toBe(503);
    expect((await fixture.ask('GET', '//livez')).status).toBe(200);
    expect((await fixture.ask('GET', '/players/1')).status).toBe(200);
  });

  test('draining: not ready, yet still served', async () => {
    const fixture = await fixtureOfTest();
    fixture.server.drain();
    expect(await fixture.ask('GET', '//readyz')).toMatchObject({ status: 503, body: { code: 1008 } });
    expect((await fixture.ask('GET', '//health')).body).toMatchObject({ status: 'draining' });
    expect((await fixture.ask('GET', '/players/1')).status).toBe(200);
  });

  test('metrics where they are given, else 404', async () => {
    const fixture = await fixtureOfTest({ metricsText: fakeMetrics });
    const answer = await fixture.ask('GET', '//metrics');
    expect(answer).toMatchObject({ status: 200, text: 'prometheus\n' });
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    const without = await fixtureOfTest();
    expect((await without.ask('GET', '//metrics')).status).toBe(404);
  });

  test.each([
    // As Prometheus 2.42 and 3.5 ask.
    ['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.2', 'openmetrics'],
    ['Application/OpenMetrics-Text', 'openmetrics'],
    ['text/plain;q=0.7,application/openmetrics-text;q=0.3', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['text/html,*/*;q=0.8', 'prometheus'],
    ['*/*', 'prometheus'],
    [';;q=,,', 'prometheus'],
  ])('metrics in the format that %s likes best', async (accept, format) => {
    const fixture = await fixtureOfTest({ metricsText: fakeMetrics });
    const answer = await fixture.ask('GET', '//metrics', { headers: { Accept: accept } });
    expect(answer.text).toBe(`${format}\n`);
    expect(answer.headers.get('content-type')).toBe(fakeMetrics.contentTypes[format === 'openmetrics' ? 'openmetrics' : 'prometheus']);
  });
});

describe('routes that cannot be served stop the start', () => {
  test.each([
    ['two operations on one route', { http: 'GET /players/:name' }],
    ['a path parameter that the input has not', { http: 'GET /guilds/:guildId' }],
    ['no method', { http: '/players' }],
    ['a wildcard', { http: 'GET /players/*' }],
  ])('%s', async (_name, change) => {
    const { handler } = new FakeGame('odd', 10);
    const operations = [...handler.operations, { ...handler.operations[0]!, code: 200, name: 'odd.get', ...change }];
    const router = new GameRouter();
    router.add({ handler: { ...handler, operations }, publicConfig: undefined, events: undefined, execute: async () => null, orderKeys: () => [] });
    const server = new HttpServer({ dispatcher: new Dispatcher({ router }), authenticator: fakeAuthenticator, version: '0' });
    await expect(server.start()).rejects.toThrow(ServerError);
  });
});
