import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Fixture } from './testing/fixture.ts';
import { startFixture } from './testing/fixture.ts';
import { sendRaw } from './testing/raw.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({ options: { maxBodyBytes: 1_048_576 } });
});
afterAll(() => fixture.stop());

function paths({ body }: Answer): unknown {
  const { details } = body;
  return JSON.stringify(details)
    .match(/"path":"[^"]*"/g)
    ?.map((each) => each.slice(8, -1));
}

describe('input', () => {
  test('a path parameter and query text become the values that the schema asks for', async () => {
    const answer = await fixture.ask('GET', '/players?limit=7&isActive=false&name=true');
    expect(answer.status).toBe(200);
    expect(fixture.game.inputs.at(-1)).toEqual({ limit: 7, isActive: false, name: 'true' });
  });

  test('an id keeps its digits', async () => {
    await fixture.ask('GET', '/players/9223372036854775807');
    expect(fixture.game.inputs.at(-1)).toEqual({ id: '9223372036854775807' });
  });

  test('body, path and headers are one input', async () => {
    const answer = await fixture.ask('POST', '/players/1/items/grant', {
      body: { itemType: 'sword', quantity: 2 },
      headers: { 'Idempotency-Key': 'key-0001' },
    });
    expect(answer.status).toBe(200);
    expect(fixture.game.inputs.at(-1)).toEqual({ playerId: '1', itemType: 'sword', quantity: 2, idempotencyKey: 'key-0001' });
  });

  test.each(['"3"', 'W/"3"'])('If-Match %s is the expected version', async (tag) => {
    await fixture.ask('PATCH', '/players/1', { body: {}, headers: { 'If-Match': tag } });
    expect(fixture.game.inputs.at(-1)).toEqual({ id: '1', expectedVersion: 3 });
  });

  test('an absent body is an empty one', async () => {
    expect((await fixture.ask('POST', '/auth/login')).status).toBe(200);
  });

  test('the same value in path and body is no conflict', async () => {
    const answer = await fixture.ask('PATCH', '/players/1', { body: { id: 1 } });
    expect(answer.status).toBe(200);
  });

  test('a name in any script, with emoji, comes back as it was', async () => {
    const name = 'Þór 雷神 ⚡️👨‍👩‍👧';
    expect((await fixture.ask('POST', '/players', { body: { name } })).body).toMatchObject({ name });
  });
});

describe('bad input is 2001 with the place of the fault', () => {
  test.each<[string, string, string, unknown, Record<string, string>, string]>([
    ['unknown field', 'POST', '/players', { name: 'a', nmae: 'b' }, {}, ''],
    ['wrong type', 'POST', '/players', { name: 7 }, {}, 'name'],
    ['missing field', 'POST', '/players', {}, {}, 'name'],
    ['id one above 64 bits', 'GET', '/players/9223372036854775808', undefined, {}, 'id'],
    ['id zero', 'GET', '/players/0', undefined, {}, 'id'],
    ['negative id', 'GET', '/players/-1', undefined, {}, 'id'],
    ['id of 400 digits', 'GET', `/players/${'9'.repeat(400)}`, undefined, {}, 'id'],
    [
      'id that a float cannot hold',
      'POST',
      '/players/1/items/grant',
      '{"itemType":"a","quantity":9007199254740993}',
      { 'Idempotency-Key': 'key-0001' },
      'quantity',
    ],
    ['unknown query field', 'GET', '/players?colour=red', undefined, {}, ''],
    ['query field twice', 'GET', '/players?limit=1&limit=2', undefined, {}, 'limit'],
    ['query on a body operation', 'POST', '/players?name=a', { name: 'b' }, {}, 'name'],
    ['query number that is none', 'GET', '/players?limit=ten', undefined, {}, 'limit'],
    ['query in hex', 'GET', '/players?limit=0x10', undefined, {}, 'limit'],
    ['query boolean that is none', 'GET', '/players?isActive=yes', undefined, {}, 'isActive'],
    ['query not UTF-8', 'GET', '/players?name=%FF', undefined, {}, 'query'],
    ['path not UTF-8', 'GET', '/players/%FF', undefined, {}, 'path'],
    ['__proto__ in the query', 'GET', '/players?__proto__=1', undefined, {}, '__proto__'],
    ['__proto__ in the body', 'POST', '/players', '{"name":"a","__proto__":{"x":1}}', {}, 'body'],
    ['path and body differ', 'PATCH', '/players/1', { id: '2' }, {}, 'id'],
    ['path and body differ by an object', 'PATCH', '/players/1', { id: { toString: 1 } }, {}, 'id'],
    ['path and query differ', 'GET', '/players/1?id=2', undefined, {}, 'id'],
    [
      'key in header and body differ',
      'POST',
      '/players/1/items/grant',
      { itemType: 'a', quantity: 1, idempotencyKey: 'key-0002' },
      { 'Idempotency-Key': 'key-0001' },
      'idempotencyKey',
    ],
    ['missing key', 'POST', '/players/1/items/grant', { itemType: 'a', quantity: 1 }, {}, 'idempotencyKey'],
    ['key where none is taken', 'POST', '/players', { name: 'a' }, { 'Idempotency-Key': 'key-0001' }, 'header.idempotency-key'],
    ['If-Match that is no tag', 'PATCH', '/players/1', {}, { 'If-Match': '3' }, 'header.if-match'],
    ['If-Match of words', 'PATCH', '/players/1', {}, { 'If-Match': '"abc"' }, 'header.if-match'],
    ['If-Match zero', 'PATCH', '/players/1', {}, { 'If-Match': '"0"' }, 'header.if-match'],
    ['If-Match list', 'PATCH', '/players/1', {}, { 'If-Match': '"1", "2"' }, 'header.if-match'],
    ['If-Match where no version is taken', 'DELETE', '/players/1', undefined, { 'If-Match': '"1"' }, 'header.if-match'],
    ['broken JSON', 'POST', '/players', '{"name": }', {}, 'body'],
    ['half JSON', 'POST', '/players', '{"name": "a"', {}, 'body'],
    ['an array', 'POST', '/players', [], {}, 'body'],
    ['null', 'POST', '/players', 'null', {}, 'body'],
    ['a number', 'POST', '/players', '7', {}, 'body'],
    ['invalid UTF-8', 'POST', '/players', Buffer.from([0x7b, 0xff, 0x7d]), {}, 'body'],
    ['JSON 100,000 deep', 'POST', '/players', '['.repeat(100_000), {}, 'body'],
    ['JSON 100,000 deep and whole', 'POST', '/players', `{"name":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, {}, 'body'],
    ['a mebibyte of name', 'POST', '/players', { name: 'x'.repeat(1_048_000) }, {}, 'name'],
    ['a mebibyte of brackets in a string, then a fault', 'POST', '/players', `{"name":"${'[{\\"'.repeat(250_000)}" x`, {}, 'body'],
    ['a lone surrogate', 'POST', '/players', String.raw`{"name":"\ud800"}`, {}, 'body'],
    ['a form', 'POST', '/players', 'name=a', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'header.content-type'],
    ['JSON in latin1', 'POST', '/players', '{"name":"a"}', { 'Content-Type': 'application/json; charset=latin1' }, 'header.content-type'],
    ['a compressed body', 'POST', '/players', '{"name":"a"}', { 'Content-Encoding': 'gzip' }, 'header.content-encoding'],
    ['a body on DELETE', 'DELETE', '/players/1', {}, {}, 'body'],
    ['two ways to say who calls', 'GET', '/players/1', undefined, { Authorization: 'Bearer x', 'X-API-Key': 'server' }, 'header.x-api-key'],
  ])('%s', async (_name, method, path, body, headers, place) => {
    const answer = await fixture.ask(method, path, { ...(body !== undefined && { body }), headers });
    expect(answer.body).toMatchObject({ code: 2001, status: 400 });
    expect(answer.status).toBe(400);
    expect(paths(answer)).toContain(place);
    expect(answer.text).not.toMatch(/\.[jt]s:|node_modules|Error:/);
  });

  test.each([
    ['{"name": }', 9],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['[1, 2', 5],
    ['{"a":"\n"}', 5],
    ['tru', 0],
    ['{} x', 3],
  ])('invalid JSON %j names position %i', async (body, position) => {
    const answer = await fixture.ask('POST', '/players', { body });
    expect(answer.body['message']).toMatch(new RegExp(`at position ${position}$`));
  });

  test.each(['authorization', 'x-api-key', 'content-type', 'idempotency-key', 'if-match', 'x-request-id'])('header %s twice', async (name) => {
    const answer = await sendRaw(fixture.port, `GET /api/v1/games/fake/players/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${name}: a\r\n${name}: a\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":2001');
    expect(answer).toContain(`"path":"header.${name}"`);
  });
});

describe('sizes', () => {
  test('a declared body above the limit is refused before it is sent', async () => {
    const head =
      'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n';
    const answer = await sendRaw(fixture.port, head);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('"code":1009');
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('a client that asks before it sends is not told to go on', async () => {
    const head =
      'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n';
    const answer = await sendRaw(fixture.port, head);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('a body without a declared length is refused once it passes the limit', async () => {
    const head =
      'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const size = 1_048_577;
    const answer = await sendRaw(fixture.port, `${head}${size.toString(16)}\r\n${' '.repeat(size)}`);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('"code":1009');
  });

  test('a body of exactly the limit is read', async () => {
    const body = `{"name":"a"${' '.repeat(1_048_576 - 12)}}`;
    expect((await fixture.ask('POST', '/players', { body })).status).toBe(201);
  });

  test('a stranger is turned away before the body is read', async () => {
    const head =
      'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n';
    expect(await sendRaw(fixture.port, head)).toMatch(/^HTTP\/1.1 401 /);
  });

  test('a long target is 414', async () => {
    const answer = await fixture.ask('GET', `/players?name=${'x'.repeat(9000)}`);
    expect(answer.status).toBe(414);
    expect(answer.body).toMatchObject({ code: 1009, status: 414 });
  });

  test('headers beyond what Node takes are 431', async () => {
    const answer = await sendRaw(fixture.port, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect(answer).toContain('"code":1009');
  });

  test.each([
    ['no HTTP', 'HELO\r\n\r\n'],
    ['no host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', 'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['two lengths', 'POST /api/v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    ['length and chunks', 'POST /api/v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bad host', 'GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
    ['a backslash in the path', 'GET /a\\b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('%s is 400', async (_name, request) => {
    const answer = await sendRaw(fixture.port, request);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toContain('node:');
  });
});
