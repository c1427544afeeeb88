import { describe, expect, test } from 'vitest';
import { statuses } from './testing/raw.ts';
import { last, own, rawAttack } from './testing/raw-attack.ts';

const { fixture, send, expectRefused } = rawAttack({ options: { cors: { origins: ['https://shop.example'] } } });

function get(target: string, headers = ''): Promise<string> {
  return send(`GET ${target} HTTP/1.1\r\n${own}${last}${headers}\r\n`);
}

function isClean(): boolean {
  return !('polluted' in {}) && Object.prototype.toString.call({}) === '[object Object]';
}

describe('a target that others may read as another path is refused', () => {
  test.each([
    ['absolute form', 'http://x/livez'],
    ['absolute form of another host', 'http://evil.example/livez'],
    ['absolute form without a path', 'http://x'],
    ['no leading slash', 'livez'],
    ['an asterisk', '*'],
    ['a fragment', '/livez#x'],
    ['a NUL', '/livez\u0000'],
    ['a tab', '/livez\t'],
    ['bytes above ASCII', '/livéz'],
    ['a backslash', '/api\\..\\livez'],
    ['..', '/api/../livez'],
    ['.', '/./livez'],
    ['.. at the end', '/livez/x/..'],
    ['.. encoded', '/api/%2e%2E/livez'],
    ['.. encoded by half', '/api/.%2e/livez'],
    ['.. up from a game', '/api/v1/games/fake/../../../../metrics'],
    ['.. before a query', '/api/..?x'],
  ])('%s', async (_name, target) => {
    expectRefused(await get(target));
  });

  test('a host where the path begins is a path', async () => {
    expect(statuses(await get('//evil.example/livez'))).toEqual(['404']);
  });

  test.each(['/docs/..%2f..%2fpackage.json', '/docs/%2e%2e%2fpackage.json', '/docs/..%5c..%5cpackage.json', '/docs/%252e%252e%252fpackage.json', '/docs/%00'])(
    'the file %s is not served',
    async (target) => {
      expect(statuses(await get(target))).toEqual(['404']);
    },
  );

  test.each(['..%2f..%2fetc%2fpasswd', '%2fetc%2fpasswd', '..%5c..', '%00', '%2e%2e%2f'])('the name %s leads nowhere', async (name) => {
    for (const path of [`/players/${name}`, `/config/${name}`]) expect(['400', '404']).toContain(statuses(await get(`/api/v1/games/fake${path}`))[0]);
    expect(['400', '404']).toContain(statuses(await get(`/api/v1/games/${name}/players/1`))[0]);
  });

  test('CONNECT is closed without an answer, TRACE is not echoed, an unknown method is refused', async () => {
    expect(await send(`CONNECT evil.example:443 HTTP/1.1\r\n${own}\r\n`)).toBe('');
    const traced = await send(`TRACE /livez HTTP/1.1\r\n${own}${last}\r\n`);
    expect(statuses(traced)).toEqual(['405']);
    expect(traced).not.toContain('X-API-Key');
    expectRefused(await send(`BREW /livez HTTP/1.1\r\n${own}${last}\r\n`));
  });

  test.each([
    ['HTTP/0.9', 'GET /livez\r\n\r\n'],
    ['HTTP/1.2', `GET /livez HTTP/1.2\r\n${own}\r\n`],
    ['HTTP/2 by the front door', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS on a plain port', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ])('%s', async (_name, request) => {
    expectRefused(await send(request));
  });
});

describe('headers', () => {
  test('101 of them are 431, 100 are not', async () => {
    expect(statuses(await get('/livez', 'a: b\r\n'.repeat(97)))).toEqual(['200']);
    expectRefused(await get('/livez', 'a: b\r\n'.repeat(98)), '431');
  });

  test('a second credential behind 2,000 others does not hide', async () => {
    expectRefused(await get('/api/v1/games/fake/players/1', `${'a:\r\n'.repeat(2100)}X-API-Key: viewer\r\n`), '431');
  });

  test('names of the prototype are names as others', async () => {
    expect(statuses(await get('/livez', '__proto__: x\r\nconstructor: x\r\ntoString: x\r\n'))).toEqual(['200']);
  });

  test('no answer says what software or version serves it', async () => {
    for (const target of ['/livez', '/nothing', '/a/../b', '/api/v1/games/fake/broken']) {
      expect(await get(target)).not.toMatch(/^(?:server|x-powered-by|via):/im);
    }
    expect(await send('HELO\r\n\r\n')).not.toMatch(/^(?:server|x-powered-by|via):/im);
  });

  test('HSTS is not sent over plain HTTP (RFC 6797 §7.2), whatever a header says', async () => {
    expect(await get('/livez', 'X-Forwarded-Proto: https\r\n')).not.toMatch(/^strict-transport-security:/im);
  });
});

describe('nothing that is echoed begins a header of its own', () => {
  const line = '%0d%0aSet-Cookie:%20stolen=1%0d%0a%0d%0a<script>';
  test.each([
    ['in a path', `/${line}`, ''],
    ['in the name of a game', `/api/v1/games/${line}/players/1`, ''],
    ['in an id', `/api/v1/games/fake/players/${line}`, ''],
    ['in a query', `/api/v1/games/fake/players?name=${line}`, ''],
    ['in the name of a query field', `/api/v1/games/fake/players?${line}=1`, ''],
    ['in the request id, encoded', '/livez', `X-Request-Id: ${line}\r\n`],
    ['in the origin, encoded', '/livez', `Origin: https://shop.example${line}\r\n`],
    ['in the origin, with bytes that some cut to CR and LF', '/livez', 'Origin: https://shop.example\u00c4\u008d\u00c4\u008aSet-Cookie: stolen=1\r\n'],
    ['in If-None-Match', '/api/v1/games/fake/players/1', `If-None-Match: "${line}"\r\n`],
    ['in Accept-Encoding', '/api/v1/games/fake/large', `Accept-Encoding: ${line}\r\n`],
    ['in the trace', '/livez', `Traceparent: ${line}\r\n`],
  ])('%s', async (_name, target, headers) => {
    const [head = ''] = (await get(target, headers)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(head).not.toMatch(/^set-cookie/im);
    expect(head).not.toContain('stolen');
  });

  test('in the name of what was created', async () => {
    const answer = await fixture().ask('POST', '/players', { body: { name: 'a\r\nSet-Cookie: stolen=1' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('location')).toMatch(/^\/api\/v1\/games\/fake\/players\/\d+$/);
  });
});

describe('names of the prototype in an input change no object', () => {
  test.each([
    ['constructor.prototype', '{"name":"a","constructor":{"prototype":{"polluted":1}}}'],
    ['prototype', '{"name":"a","prototype":{"polluted":1}}'],
    ['__proto__', '{"name":"a","__proto__":{"polluted":1}}'],
    ['__proto__ by an escape', String.raw`{"name":"a","__pr\u006fto__":{"polluted":1}}`],
    ['__proto__ deep inside free attributes', '{"name":"a","attributes":{"x":[{"__proto__":{"polluted":1}}]}}'],
    ['toString', '{"name":"a","toString":"polluted"}'],
  ])('body: %s', async (_name, body) => {
    expect(await fixture().ask('POST', '/players', { body })).toMatchObject({ status: 400, body: { code: 2001 } });
    expect(isClean()).toBe(true);
  });

  test('body: constructor.prototype inside free attributes is data', async () => {
    const attributes = { constructor: { prototype: { polluted: 1 } } };
    expect((await fixture().ask('POST', '/players', { body: { name: 'a', attributes } })).status).toBe(201);
    expect(fixture().game.inputs).toEqual([{ name: 'a', attributes }]);
    expect(isClean()).toBe(true);
  });

  test.each([
    '__proto__=1',
    '__proto__[polluted]=1',
    '__proto__.polluted=1',
    '%5F_proto__=1',
    'constructor=1',
    'constructor[prototype][polluted]=1',
    'toString=1',
    'hasOwnProperty=1',
  ])('query: %s', async (query) => {
    expect(await fixture().ask('GET', `/players?${query}`)).toMatchObject({ status: 400, body: { code: 2001 } });
    expect(isClean()).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])('%s is no game, no operation and no document', async (name) => {
    expect((await fixture().ask('GET', `//api/v1/games/${name}/players/1`)).body).toMatchObject({ code: 2003 });
    expect((await fixture().ask('GET', `/${name}`)).body).toMatchObject({ code: 2004 });
    expect((await fixture().ask('GET', `//docs/${name}`)).body).toMatchObject({ code: 2004 });
    const body = [
      { game: name, operation: name },
      { game: 'fake', operation: name },
    ];
    expect((await fixture().ask('POST', '//api/v1/batch', { body })).body).toMatchObject([{ error: { code: 2003 } }, { error: { code: 2004 } }]);
  });
});

describe('JSON is at most 64 levels deep', () => {
  test.each([
    [62, 201],
    [64, 400],
  ])('attributes of %i levels: %i', async (levels, status) => {
    const body = `{"name":"a","attributes":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
    expect((await fixture().ask('POST', '/players', { body })).status).toBe(status);
  });
});

describe('an upgrade', () => {
  // There is no WebSocket yet, so no page of any origin gets one (RFC 6455 §10.2): whoever builds it comes by here.
  test.each(['https://evil.example', 'https://shop.example', 'http://127.0.0.1', 'null', undefined])(
    'to WebSocket from the origin %s is refused and the connection closed, and what follows is no request',
    async (origin) => {
      const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`;
      const from = origin === undefined ? '' : `Origin: ${origin}\r\n`;
      for (const target of ['/', '/livez', '/ws', '/api/v1/games/fake/players/1']) {
        const answer = await send(`GET ${target} HTTP/1.1\r\n${own}${upgrade}${from}\r\nDELETE /api/v1/games/fake/players/1 HTTP/1.1\r\n${own}\r\n`);
        expectRefused(answer, '404');
        expect(answer).toContain('there is no WebSocket here');
      }
    },
  );

  test('to HTTP/2 is an offer that is not taken', async () => {
    const answer = await send(
      `GET /livez HTTP/1.1\r\n${own}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    );
    expect(statuses(answer)).toEqual(['200']);
  });
});
