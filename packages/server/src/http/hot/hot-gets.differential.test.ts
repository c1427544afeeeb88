import { openGame, service } from '@midgard/game-kit/testing';
import { expect, onTestFinished, test } from 'vitest';
import { plainGame } from '../../testing/hot-server.ts';
import { type HotHttp, type RawAnswer, serveHotHttp } from '../../testing/hot-http.ts';
import { settle } from '../../testing/little-world.ts';

const web = { ...service, subject: 'key:web', kind: 'apiKey', roles: ['web'] } as const;
const callers = { web };
const rateLimits = { web: { perSecond: 10_000, burst: 100_000 } };

const operations = new Map(plainGame.operations.map((operation) => [operation.name, operation]));

/** The path of an operation with its input in it; what the path does not name stands in the query. */
function pathOf(name: string, input: object): string {
  const [, pattern = ''] = (operations.get(name)?.http ?? '').split(' ');
  const fields = new Map(Object.entries(input).map(([field, value]) => [field, String(value)]));
  const path = pattern.replaceAll(/:(\w+)/g, (_, field: string) => {
    const value = fields.get(field) ?? 'none';
    fields.delete(field);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams([...fields]).toString();
  return query === '' ? path : `${path}?${query}`;
}

function tagOf({ headers }: RawAnswer): string {
  return headers.find((header) => header.startsWith('ETag: '))?.slice('ETag: '.length) ?? '"1"';
}

const rounds = 2;

type Form = readonly [method: string, headers: Readonly<Record<string, string>>];

/** Ways to ask for the same. @param tag its present one */
function formsOf(tag: string): readonly Form[] {
  const strong = tag.replace(/^W\//, '');
  const encodings = ['gzip', 'zstd', 'gzip;q=0.5, zstd;q=0.4, br', 'identity', '*;q=0.1'].map((value): Form => ['GET', { 'Accept-Encoding': value }]);
  const conditions = [strong, `W/${strong}`, `"0", ${strong}`, '*', '"0"', 'nonsense'].map((value): Form => ['GET', { 'If-None-Match': value }]);
  return [
    ['GET', {}],
    ['HEAD', {}],
    ...encodings,
    ...conditions,
    ['HEAD', { 'Accept-Encoding': 'gzip' }],
    ['HEAD', { 'If-None-Match': strong }],
    ['GET', { 'If-None-Match': strong, 'Accept-Encoding': 'gzip' }],
    ['GET', { 'If-None-Match': '"0"', 'Accept-Encoding': 'zstd' }],
    ['GET', { 'X-Request-Id': 'mine', 'User-Agent': 'test', Accept: '*/*', Cookie: 'a=b', 'Content-Type': 'application/json' }],
    ['GET', { 'X-Request-Id': 'not good' }],
    ['GET', { Range: 'bytes=0-3' }],
    ['GET', { Origin: 'https://shop.example' }],
    ['GET', { 'Idempotency-Key': 'key-of-mine' }],
    ['GET', { 'If-Match': '"1"' }],
    ['GET', { 'X-API-Key': 'nobody' }],
    ['GET', { 'X-API-Key': 'service', Authorization: 'Bearer x' }],
    ['GET', { Expect: '100-continue' }],
  ];
}

async function compare(hot: HotHttp, full: HotHttp, [path, form]: readonly [path: string, form: Form], name: string): Promise<RawAnswer> {
  const [method, headers] = form;
  const named = { 'X-API-Key': name, ...headers };
  const [quick, slow] = [await hot.ask(path, named, method), await full.ask(path, named, method)];
  const shown = ({ status, headers: got, body }: RawAnswer) => ({ asked: [method, path, headers], status, headers: got, body: forgiving(body) });
  expect(shown(quick)).toEqual(shown(slow));
  return quick;
}

/** A problem names its request, which has another id on each server. */
function forgiving(body: Buffer): string {
  const text = body.toString('latin1');
  return text.includes('urn:midgard:request:') ? text.replace(/urn:midgard:request:[\w.:-]+/, '') : body.toString('hex');
}

test.each([
  ['a service', 'service', {}],
  ['a service, beside pages of other origins', 'service', { cors: { origins: ['https://shop.example'] } }],
  ['a caller with a limit', 'web', {}],
])(
  'both ways give the same status, headers and bytes, whatever is asked and changed: %s',
  async (_, caller, http) => {
    const open = await openGame(plainGame);
    onTestFinished(() => open[Symbol.asyncDispose]());
    const hot = await serveHotHttp({ open, callers, rateLimits, http });
    const full = await serveHotHttp({ open, callers, rateLimits, http: { ...http, keptAnswerBytes: 0 } });
    const { asked, change } = await settle(open);
    let inFormsHot = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, input] of asked) {
        const path = pathOf(name, input);
        const first = await compare(hot, full, [path, ['GET', {}]], caller);
        for (const form of formsOf(tagOf(first))) if ((await compare(hot, full, [path, form], caller)).isHot) inFormsHot += 1;
      }
      await change(round);
    }
    const cached = plainGame.operations.filter(({ cache }) => cache !== undefined).map(({ name }) => name);
    expect(new Set(hot.metrics.reads.map(({ operation }) => operation))).toEqual(new Set(cached));
    // 16 of the forms have nothing in them that is the full way's, all that is asked of 4 paths is refused, and a content coding of a large answer
    // is made once.
    expect(inFormsHot).toBeGreaterThan(rounds * (asked.length - 4) * 15);
    expect(full.hot()).toBe(0);
  },
  60_000,
);
