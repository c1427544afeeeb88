import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RateLimiter } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { Authenticator } from '../authenticator.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { ServerLog } from '../log.ts';
import { GameRouter } from '../router.ts';
import type { Answer, Fixture } from './testing/fixture.ts';
import { fakeAuthenticator, fixtureOfTest, startFixture } from './testing/fixture.ts';
import { sendRaw } from './testing/raw.ts';

let fixture: Fixture;
const logged: object[] = [];
const keep = (fields: object): void => void logged.push(fields);
const log: ServerLog = { debug: keep, info: keep, warn: keep, error: keep };
beforeAll(async () => {
  fixture = await startFixture({ log, options: { cors: { origins: ['https://shop.example'] } } });
});
afterAll(() => fixture.stop());

describe('success', () => {
  test('a create answers 201, its version as entity tag, and where it can be read', async () => {
    const answer = await fixture.ask('POST', '/players', { body: { name: 'Freya' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const location = answer.headers.get('location') ?? '';
    expect(location).toBe(`/api/v1/games/fake/players/${String(answer.body['id'])}`);
    expect((await fixture.ask('GET', `/${location}`)).body).toMatchObject({ name: 'Freya' });
  });

  test('a read may be kept by its caller and must be asked again', async () => {
    const answer = await fixture.ask('GET', '/players/1');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(answer.headers.get('etag')).toBe('"3"');
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  test.each(['"3"', 'W/"3"', '"1", "3"', '*'])('If-None-Match %s is answered with 304 and no body', async (tag) => {
    const answer = await fixture.ask('GET', '/players/1', { headers: { 'If-None-Match': tag } });
    expect(answer).toMatchObject({ status: 304, text: '' });
    expect(answer.headers.get('etag')).toBe('"3"');
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
  });

  test('another tag is answered with the row', async () => {
    expect((await fixture.ask('GET', '/players/1', { headers: { 'If-None-Match': '"2"' } })).status).toBe(200);
  });

  test('HEAD answers as GET without the body', async () => {
    const answer = await fixture.ask('HEAD', '/players/1');
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers.get('etag')).toBe('"3"');
  });

  test('a log-in needs no key', async () => {
    expect((await fixture.ask('POST', '/auth/login', { headers: { 'X-API-Key': '' } })).status).toBe(200);
  });

  test('every answer has the headers that keep browsers honest', async () => {
    for (const path of ['/players/1', '/nothing', '//docs']) {
      const { headers } = await fixture.ask('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain('default-src');
    }
  });
});

describe('request id', () => {
  test('a harmless one comes back', async () => {
    const { headers } = await fixture.ask('GET', '/players/1', { headers: { 'X-Request-Id': 'web-1:abc.DEF_9' } });
    expect(headers.get('x-request-id')).toBe('web-1:abc.DEF_9');
  });

  test.each(['a b', 'x'.repeat(129), '<script>', 'ä', 'mdg_live_0123456789ab_secret', 'eyJhbGciOiJFZERTQSJ9.e30.x'])('%j is replaced', async (id) => {
    const { headers } = await fixture.ask('GET', '/players/1', { headers: { 'X-Request-Id': id } });
    expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('an error names it as its instance', async () => {
    const { body } = await fixture.ask('GET', '/players/99', { headers: { 'X-Request-Id': 'r-1' } });
    expect(body['instance']).toBe('urn:midgard:request:r-1');
  });
});

describe('compression', () => {
  test.each(['gzip', 'zstd'])('%s where it was asked for', async (coding) => {
    const head = `GET /api/v1/games/fake/large HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nConnection: close\r\nAccept-Encoding: ${coding}\r\n\r\n`;
    expect((await sendRaw(fixture.port, head)).length).toBeLessThan(1000);
    const answer = await fixture.ask('GET', '/large', { headers: { 'Accept-Encoding': coding } });
    expect(answer.headers.get('content-encoding')).toBe(coding);
    expect(answer.headers.get('vary')).toContain('Accept-Encoding');
    expect(answer.headers.get('etag')).toBe('W/"1"');
    expect(answer.body).toMatchObject({ text: 'x'.repeat(5000) });
  });

  test.each(['identity', 'gzip;q=0', 'br'])('none for Accept-Encoding: %s', async (accepted) => {
    const answer = await fixture.ask('GET', '/large', { headers: { 'Accept-Encoding': accepted } });
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Accept-Encoding');
    expect(answer.headers.get('etag')).toBe('"1"');
  });

  test('none for a small body', async () => {
    const answer = await fixture.ask('GET', '/players/1', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBeNull();
  });
});

describe('errors', () => {
  test.each<[string, string, string, number, number, Record<string, string>?]>([
    ['an unknown route', 'GET', '/nothing', 404, 2004],
    ['a path of no game', 'GET', '//nothing', 404, 2004],
    ['an unknown game', 'GET', '//api/v1/games/other/players/1', 404, 2003],
    ['a game by its number', 'GET', '//api/v1/games/9/players/1', 404, 2003],
    ['the games themselves', 'GET', '//api/v1/games/', 404, 2003],
    ['a trailing slash', 'GET', '/players/', 404, 2004],
    ['a double slash', 'GET', '//api/v1/games/fake//players/1', 404, 2004],
    ['an unknown row', 'GET', '/players/99', 404, 2002],
    ['a method that the path has not', 'PUT', '/players/1', 405, 2004],
    ['a method that a probe has not', 'POST', '//livez', 405, 2004],
    ['no caller', 'GET', '/players/1', 401, 3001, { 'X-API-Key': 'unknown' }],
    ['an expired token', 'GET', '/players/1', 401, 3002, { Authorization: 'Bearer expired' }],
    ['a caller without the right', 'POST', '/players', 403, 3004, { 'X-API-Key': 'viewer' }],
    ['a fault of ours', 'GET', '/broken', 500, 1000],
  ])('%s', async (_name, method, path, status, code, headers = {}) => {
    const answer = await fixture.ask(method, path, { headers, ...(method === 'POST' && { body: { name: 'a' } }) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: `urn:midgard:error:${code}`, title: expect.any(String), status, detail: answer.body['message'], code });
    expect(answer.text).not.toMatch(/SELECT|secret|\.[jt]s:/);
  });

  test('405 says which methods the path has', async () => {
    expect((await fixture.ask('PUT', '/players/1')).headers.get('allow')).toBe('GET, PATCH, DELETE, HEAD');
    expect((await fixture.ask('DELETE', '//livez')).headers.get('allow')).toBe('GET, HEAD');
  });

  test('401 says how to log in', async () => {
    expect((await fixture.ask('GET', '/players/1', { headers: { 'X-API-Key': 'unknown' } })).headers.get('www-authenticate')).toBe('Bearer realm="midgard"');
    const expired = await fixture.ask('GET', '/players/1', { headers: { Authorization: 'Bearer expired' } });
    expect(expired.headers.get('www-authenticate')).toBe('Bearer realm="midgard", error="invalid_token"');
  });

  test('a version that has moved on is 2006', async () => {
    const answer = await fixture.ask('PATCH', '/players/1', { body: { name: 'x' }, headers: { 'If-Match': '"99"' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 2006 } });
  });

  test('a game that is switched off is 2003, and back when it is on', async () => {
    fixture.router.setEnabled('fake', false);
    expect((await fixture.ask('GET', '/players/1')).body).toMatchObject({ code: 2003 });
    fixture.router.setEnabled('fake', true);
    expect((await fixture.ask('GET', '/players/1')).status).toBe(200);
  });
});

describe('built-in operations', () => {
  test('whoami', async () => {
    const answer = await fixture.ask('GET', '//api/v1/whoami');
    expect(answer.body).toEqual({ subject: 'test', kind: 'apiKey', roles: ['game-server'], games: '*', expiresAt: null });
  });

  test('batch runs a list in order, and one fault fails one item', async () => {
    const body = [
      { game: 'fake', operation: 'player.get', input: { id: '1' } },
      { game: 'fake', operation: 1, input: { id: '99' } },
    ];
    const answer = await fixture.ask('POST', '//api/v1/batch', { body });
    expect(answer.body).toMatchObject([{ ok: { id: '1' } }, { error: { code: 2002 } }]);
  });

  test.each([
    ['an object', {}],
    ['257 items', Array.from({ length: 257 }, () => ({ game: 'fake', operation: 1 }))],
    ['no body', undefined],
  ])('batch of %s is 2001', async (_name, body) => {
    expect((await fixture.ask('POST', '//api/v1/batch', { ...(body !== undefined && { body }) })).body).toMatchObject({ code: 2001 });
  });
});

describe('CORS', () => {
  const preflight = { 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'if-match' };

  test('an allowed origin may read, and may ask first', async () => {
    const origin = { Origin: 'https://shop.example' };
    const answer = await fixture.ask('GET', '/players/1', { headers: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(answer.headers.get('vary')).toContain('Origin');
    const asked = await fixture.ask('OPTIONS', '/players/1', { headers: { ...origin, ...preflight } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(asked.headers.get('access-control-allow-headers')).toContain('If-Match');
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.each(['https://evil.example', 'null', 'https://shop.example.evil.example'])('%s may not', async (origin) => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await fixture.ask(method, '/players/1', { headers: { Origin: origin, ...preflight } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  test('it is off unless origins are named', async () => {
    const plain = await fixtureOfTest();
    const answer = await plain.ask('OPTIONS', '/players/1', { headers: { Origin: 'https://shop.example', ...preflight } });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

/** As the other, but a key that it does not know is a wrong one. */
const guessing: Authenticator = {
  fromHello: (auth, address) => fakeAuthenticator.fromHello(auth, address),
  fromHttp: (headers, address) =>
    headers.get('x-api-key') === 'wrong' ? Promise.reject(new MidgardError('credentialInvalid', 'no such key')) : fakeAuthenticator.fromHttp(headers, address),
};

describe('limits', () => {
  test('a caller over the limit learns when to come back', async () => {
    const limited = await fixtureOfTest({ publicLimit: { take: () => ({ allowed: false, retryAfterMs: 2500 }) } });
    const answer = await limited.ask('POST', '/auth/login');
    expect(answer).toMatchObject({ status: 429, body: { code: 3005 } });
    expect(answer.headers.get('retry-after')).toBe('3');
    expect((await limited.ask('GET', '/players/1')).status).toBe(200);
  });

  test('whoever guesses keys is soon refused, also with a right one, and others are not', async () => {
    const clock = { now: () => 0 };
    const failureLimit = new RateLimiter({ perSecond: 1, burst: 3, clock });
    const guarded = await fixtureOfTest({ failureLimit, authenticator: guessing });
    const ask = async (key: string): Promise<number> => (await guarded.ask('GET', '/players/1', { headers: { 'X-API-Key': key } })).status;
    expect([await ask('server'), await ask('wrong'), await ask('wrong'), await ask('server'), await ask('wrong')]).toEqual([200, 401, 401, 200, 401]);
    const refused = await guarded.ask('GET', '/players/1');
    expect(refused).toMatchObject({ status: 429, body: { code: 3005 } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(failureLimit.remaining('198.51.100.7')).toBe(3);
  });

  test('a caller with a limit sees it and what is left of it on every answer, also when there is nothing left', async () => {
    const clock = { now: () => 0 };
    const dispatcher = new Dispatcher({ router: new GameRouter(), clock, rateLimits: { viewer: { perSecond: 10, burst: 25 } } });
    const limited = await fixtureOfTest({ dispatcher });
    const ask = (): Promise<Answer> => limited.ask('GET', '//api/v1/whoami', { headers: { 'X-API-Key': 'viewer' } });
    const first = await ask();
    expect([first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual(['"viewer";q=25;w=3', '"viewer";r=24;t=1']);
    for (let i = 0; i < 24; i += 1) await ask();
    const refused = await ask();
    expect(refused).toMatchObject({ status: 429, body: { code: 3005 } });
    expect([refused.headers.get('ratelimit'), refused.headers.get('retry-after')]).toEqual(['"viewer";r=0;t=3', '1']);
  });

  test('a caller without a limit sees none', async () => {
    const answer = await (await fixtureOfTest()).ask('GET', '/players/1');
    expect([answer.headers.get('ratelimit-policy'), answer.headers.get('ratelimit')]).toEqual([null, null]);
  });
});
