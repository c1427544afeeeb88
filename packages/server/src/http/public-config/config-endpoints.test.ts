import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { configDocument, PublicConfig } from '@midgard/game-kit';
import { expect, test } from 'vitest';
import { noopMetrics } from '../../metrics.ts';
import { isSchema } from '../coercion.ts';
import { FakeGame } from '../testing/fake-game.ts';
import { type Fixture, fixtureOfTest } from '../testing/fixture.ts';

const items = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`item-${i}`, { damage: i, weight: i % 7 }]));
const root = '/api/v1/games/shop/config';

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Shop extends Fixture {
  readonly config: PublicConfig;
  /** Without credentials, and without a client that decodes. */
  readonly get: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<RawAnswer>;
}

async function shop(options: Parameters<typeof fixtureOfTest>[0] = {}): Promise<Shop> {
  const config = new PublicConfig({ items: configDocument(items), tiny: configDocument([1, 2, 3], { maxAgeSeconds: 5, sharedMaxAgeSeconds: 86_400 }) });
  await config.load();
  const fixture = await fixtureOfTest(options);
  fixture.router.add(new FakeGame('shop', 11, config));
  return { ...fixture, config, get: (path, headers = {}, method = 'GET') => raw(`${fixture.base}${root}${path}`, method, headers) };
}

function raw(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const asking = request(url, { method, headers, agent: false }, (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () =>
      resolve({
        status: incoming.statusCode ?? 0,
        headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
        body: Buffer.concat(chunks),
      }),
    );
  });
  asking.on('error', reject).end();
  return promise;
}

const codeOf = ({ body }: RawAnswer): unknown => JSON.parse(body.toString()).code;

test('anybody gets a document, with all that a browser and a CDN must know to keep it', async () => {
  const { get } = await shop();
  const { status, headers, body } = await get('/items');
  expect(status).toBe(200);
  expect(JSON.parse(body.toString())).toEqual(items);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(body.length),
    'cache-control': 'public, max-age=60, s-maxage=300, stale-while-revalidate=60, stale-if-error=86400',
    'surrogate-key': 'midgard game-shop shop/items',
    'cache-tag': 'midgard,game-shop,shop/items',
    vary: 'Accept-Encoding',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  });
  expect(headers['etag']).toMatch(/^"[\w-]{22}"$/);
  expect((await get('/tiny')).headers['cache-control']).toContain('max-age=5, s-maxage=86400');
});

test.for([
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
  ['gzip', gunzipSync],
] as const)('in %s it is the same document in fewer bytes, under an entity tag of its own', async ([coding, decode]) => {
  const { get } = await shop();
  const plain = await get('/items');
  const { headers, body } = await get('/items', { 'Accept-Encoding': coding });
  expect(headers['content-encoding']).toBe(coding);
  expect(headers['content-length']).toBe(String(body.length));
  expect(decode(body)).toEqual(plain.body);
  expect(body.length).toBeLessThan(plain.body.length / 3);
  expect(headers['etag']).toMatch(/^"[\w-]+"$/);
  expect(headers['etag']).not.toBe(plain.headers['etag']);
});

test('of several codings the smallest that the caller takes is sent, and none where none makes it smaller', async () => {
  const { get } = await shop();
  const codingOf = async (path: string, accept: string) => (await get(path, { 'Accept-Encoding': accept })).headers['content-encoding'];
  expect(await codingOf('/items', 'gzip, deflate, br, zstd')).toBe('br');
  expect(await codingOf('/items', 'gzip, br;q=0.5')).toBe('gzip');
  expect(await codingOf('/items', 'deflate')).toBeUndefined();
  expect(await codingOf('/tiny', 'gzip, br')).toBeUndefined();
});

test('each request gets the bytes that were made once', async () => {
  const { get } = await shop();
  const answers = await Promise.all(Array.from({ length: 20 }, () => get('/items', { 'Accept-Encoding': 'br' })));
  expect(new Set(answers.map(({ body }) => body.toString('base64'))).size).toBe(1);
});

test('who has it is told so in 304 and no body, for the coding that it has and no other', async () => {
  const { get } = await shop();
  const { headers } = await get('/items', { 'Accept-Encoding': 'br' });
  const tag = headers['etag'] ?? '';
  const same = await get('/items', { 'Accept-Encoding': 'br', 'If-None-Match': `"other", ${tag}` });
  expect([same.status, same.body.length]).toEqual([304, 0]);
  // RFC 9110 section 15.4.5: what a 200 would have had of these.
  for (const name of ['etag', 'cache-control', 'vary', 'surrogate-key']) expect([name, same.headers[name]]).toEqual([name, headers[name]]);
  expect((await get('/items', { 'Accept-Encoding': 'br', 'If-None-Match': `W/${tag}` })).status).toBe(304);
  expect((await get('/items', { 'Accept-Encoding': 'br', 'If-None-Match': '*' })).status).toBe(304);
  expect((await get('/items', { 'If-None-Match': tag })).status).toBe(200);
});

test('HEAD has the headers of GET and no body', async () => {
  const { get } = await shop();
  const whole = await get('/items', { 'Accept-Encoding': 'gzip' });
  const head = await get('/items', { 'Accept-Encoding': 'gzip' }, 'HEAD');
  expect([head.status, head.body.length]).toEqual([200, 0]);
  for (const name of ['etag', 'content-length', 'content-encoding', 'cache-control', 'content-type'])
    expect([name, head.headers[name]]).toEqual([name, whole.headers[name]]);
});

test('nothing in it depends on who asks', async () => {
  const { get } = await shop({ options: { cors: { origins: ['https://shop.example'] } } });
  for (const common of [{}, { 'If-None-Match': '*' }]) {
    const one = await get('/items', { ...common, Origin: 'https://shop.example', 'X-Request-Id': 'one', 'X-API-Key': 'server' });
    const other = await get('/items', { ...common, Origin: 'https://elsewhere.example', Authorization: 'Bearer expired' });
    const { date: _one, ...oneHeaders } = one.headers;
    const { date: _other, ...otherHeaders } = other.headers;
    expect(oneHeaders).toEqual(otherHeaders);
  }
});

test('a changed document is served from the next request on, under another entity tag', async () => {
  const { get, config } = await shop();
  const before = (await get('/items')).headers['etag'] ?? '';
  config.replace('items', { sword: 1 });
  const after = await get('/items', { 'If-None-Match': before });
  expect([after.status, after.body.toString()]).toEqual([200, '{"sword":1}']);
  config.replace('items', items);
  expect((await get('/items', { 'If-None-Match': before })).status).toBe(304);
});

test('the list has each document with its tag and an address that never gives other bytes', async () => {
  const { get, config, base } = await shop();
  const list = await get('');
  const { documents } = JSON.parse(list.body.toString());
  expect(documents).toHaveLength(2);
  expect(list.headers['surrogate-key']).toBe('midgard game-shop shop/');
  // As short as the document that may be kept for the shortest time.
  expect(list.headers['cache-control']).toContain('max-age=5, s-maxage=300,');
  const [first] = documents;
  expect(first).toMatchObject({ name: 'items', etag: (await get('/items')).headers['etag'], bytes: JSON.stringify(items).length });
  const pinned = await raw(base + first.url, 'GET', {});
  expect([pinned.status, pinned.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
  expect((await get('', { 'If-None-Match': list.headers['etag'] ?? '' })).status).toBe(304);

  config.replace('items', { sword: 1 });
  expect((await get('', { 'If-None-Match': list.headers['etag'] ?? '' })).status).toBe(200);
  const gone = await raw(base + first.url, 'GET', {});
  expect([gone.status, gone.headers['cache-control'], codeOf(gone)]).toEqual([404, 'no-store', 2002]);
});

test.for([
  ['an unknown document', '/nothing', 404, 2002],
  ['no name', '/', 404, 2002],
  ['a name that is not UTF-8', '/%ff', 400, 2001],
  ['a query that would only pass by the caches', '/items?x=1', 400, 2001],
  ['a query of the list', '?v=1', 400, 2001],
  ['a deeper path', '/items/sword', 404, 2004],
] as const)('%s is refused, and no cache keeps that', async ([, path, status, code]) => {
  const { get } = await shop();
  const answer = await get(path);
  expect([answer.status, codeOf(answer), answer.headers['cache-control']]).toEqual([status, code, 'no-store']);
});

test('it is only read', async () => {
  const { get } = await shop();
  for (const method of ['PUT', 'DELETE', 'POST']) {
    const answer = await get('/items', {}, method);
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  }
});

test('a game that publishes nothing has no such path', async () => {
  const fixture = await shop();
  expect((await fixture.ask('GET', '/config')).body).toMatchObject({ status: 404, code: 2004 });
});

test('what reaches the service is measured', async () => {
  const seen: unknown[] = [];
  const { get } = await shop({ metrics: { ...noopMetrics, requestFinished: ({ game, operation, code }) => void seen.push([game, operation, code]) } });
  await get('/items');
  await get('');
  await get('/nothing');
  expect(seen).toEqual([
    ['shop', 'config.get', 0],
    ['shop', 'config.list', 0],
    ['shop', 'config.get', 2002],
  ]);
});

test('the OpenAPI document tells of it, and everything that it tells is served', async () => {
  const { get, ...fixture } = await shop();
  const { body } = await fixture.ask('GET', '//openapi.json');
  const paths = isSchema(body['paths']) ? body['paths'] : {};
  expect(Object.keys(paths).filter((path) => path.includes('/config'))).toEqual([root, `${root}/{name}`]);
  expect(paths[`${root}/{name}`]).toMatchObject({
    get: {
      operationId: 'shop.config.get',
      security: [],
      parameters: expect.arrayContaining([expect.objectContaining({ schema: { type: 'string', enum: ['items', 'tiny'] } })]),
    },
  });
  for (const name of ['', '/items', '/tiny']) expect((await get(name)).status).toBe(200);
});
