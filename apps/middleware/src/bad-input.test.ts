import { once } from 'node:events';
import { createConnection } from 'node:net';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess, type StartedService } from './testing/service-process.ts';

const WithId = z.looseObject({ id: z.string() });
const Problem = z.looseObject({
  code: z.number(),
  message: z.string(),
  details: z.looseObject({ issues: z.array(z.looseObject({ path: z.string() })).optional() }).optional(),
});
const maxBodyBytes = 1024 * 1024;

const service = new ServiceProcess();
let started: StartedService;
let playerId: string;

beforeAll(async () => {
  started = await service.start();
  playerId = WithId.parse((await ask('POST', '/players', { name: 'Astrid' })).body).id;
}, 60_000);
afterAll(() => service[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}

let keys = 0;
const newKey = (): Record<string, string> => ({ 'Idempotency-Key': `bad-input-${++keys}` });

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${started.baseUrl}/api/v1/games/realm${path}`, {
    method,
    headers: { 'X-API-Key': started.key, ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

/** What every refusal is held to: its code, the field, and nothing of our insides. */
function expectRefused(answer: Answer, { status = 400, code = 2001, path }: { status?: number; code?: number; path?: string }): void {
  const problem = Problem.parse(answer.body);
  expect({ status: answer.status, code: problem.code, paths: problem.details?.issues?.map((issue) => issue.path) }).toEqual({
    status,
    code,
    paths: path === undefined ? problem.details?.issues?.map((issue) => issue.path) : [path],
  });
  expect(answer.text).not.toMatch(/\n\s+at |\.ts:\d|node_modules|sqlite|select .* from/i);
}

/** Sends bytes as they are and gives the status of each answer until the server closes. */
async function raw(...lines: readonly string[]): Promise<string> {
  const socket = createConnection({ port: Number(new URL(started.baseUrl).port), host: '127.0.0.1' });
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  socket.write(lines.join('\r\n'));
  await once(socket, 'close');
  return answer;
}

const head = (path: string) => [`GET /api/v1/games/realm${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', `X-API-Key: ${started.key}`];

function nested(levels: number): object {
  return levels === 0 ? {} : { deeper: nested(levels - 1) };
}

/** A player's JSON of so many bytes. */
function bodyOf(bytes: number): string {
  return `{"name":"${'x'.repeat(bytes - 11)}"}`;
}

describe('a body that is wrong is refused with the path of the field', () => {
  test.each<[string, unknown, string]>([
    ['an unknown field', { name: 'Loki', isAdmin: true }, 'isAdmin'],
    ['a missing field', {}, 'name'],
    ['a number for a text', { name: 7 }, 'name'],
    ['a list for a text', { name: ['Loki'] }, 'name'],
    ['null for a text', { name: null }, 'name'],
    ['a name of spaces', { name: '   ' }, 'name'],
    ['a name of 65 characters', { name: '🐉'.repeat(65) }, 'name'],
    ['a control character', { name: 'Lo\u0000ki' }, 'name'],
    ['attributes that are no object', { name: 'Loki', attributes: [1] }, 'attributes'],
    ['attributes of 17 levels', { name: 'Loki', attributes: nested(17) }, 'attributes'],
    ['attributes beyond 16 KiB', { name: 'Loki', attributes: { saga: 'x'.repeat(17 * 1024) } }, 'attributes'],
  ])('%s', async (_name, body, path) => {
    expectRefused(await ask('POST', '/players', body), { path });
  });

  test.each<[string, unknown]>([
    ['0', 0],
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['a number above 2^53, which has lost digits', 2 ** 60],
    ['2^63', '9223372036854775808'],
    ['2^64', '18446744073709551616'],
    ['an exponent', '1e3'],
    ['a text', 'many'],
    ['true', true],
  ])('an amount of %s', async (_name, amount) => {
    expectRefused(await ask('POST', `/players/${playerId}/wallet/credit`, { currency: 'gold', amount, reason: 'test' }, newKey()), { path: 'amount' });
  });
});

describe('a body that is no JSON object of a fair size is refused', () => {
  test.each<[string, () => string]>([
    ['no JSON', () => '{"name": Loki}'],
    ['half of one', () => '{"name": "Lo'],
    ['a list', () => '[]'],
    ['null', () => 'null'],
    ['a hundred thousand levels', () => '['.repeat(100_000)],
    ['a prototype', () => '{"__proto__":{"isAdmin":true},"name":"Loki"}'],
  ])('%s', async (_name, body) => {
    expectRefused(await ask('POST', '/players', body()), {});
  });

  test('1 MiB is read, one byte more is not', async () => {
    expectRefused(await ask('POST', '/players', bodyOf(maxBodyBytes)), { path: 'name' });
    expectRefused(await ask('POST', '/players', bodyOf(maxBodyBytes + 1)), { status: 413, code: 1009 });
  });
});

describe('ids at their limits', () => {
  test.each(['9223372036854775807', '1'])('%s is a right id of nobody', async (id) => {
    expectRefused(await ask('GET', `/players/${id}`), { status: 404, code: 2002 });
  });

  test.each(['9223372036854775808', '0', '-1', '1.0', '0x1', '%31%00', "1'--", 'me'])('%s is none', async (id) => {
    expectRefused(await ask('GET', `/players/${id}`), { path: 'id' });
  });

  test('over TCP a 64-bit integer and its digits are one id, and 2^63 is none', async () => {
    const client = await connect({ port: started.tcpPort, auth: { kind: 'apiKey', key: started.key } });
    const game = client.game(realm);
    expect(await game.call('player.get', { id: BigInt(playerId) })).toEqual(await game.call('player.get', { id: playerId }));
    await expect(game.call('player.get', { id: 2n ** 63n })).rejects.toMatchObject({ code: 2001, details: { issues: [{ path: 'id' }] } });
    await client.close();
  });

  test('a balance never wraps', async () => {
    const credit = () => ask('POST', `/players/${playerId}/wallet/credit`, { currency: 'ore', amount: '9223372036854775807', reason: 'test' }, newKey());
    expect((await credit()).status).toBe(200);
    expectRefused(await credit(), {});
    expect((await ask('GET', `/players/${playerId}/wallet`)).body).toMatchObject({ balances: { ore: '9223372036854775807' } });
  });
});

test('a name in any script comes back as it was sent', async () => {
  for (const name of ['Ægir 🐉', '雷神', 'ثور', 'e\u0301', '👨‍👩‍👧‍👦']) {
    const { status, body } = await ask('POST', '/players', { name });
    expect({ status, body }).toMatchObject({ status: 201, body: { name } });
  }
});

describe('headers and queries that say two things', () => {
  test('two keys, idempotency keys or lengths are refused', async () => {
    expect(await raw(...head(`/players/${playerId}`), `X-API-Key: ${started.key}`, '', '')).toMatch(/^HTTP\/1.1 400[\s\S]*"code":2001/);
    expect(await raw(...head(`/players/${playerId}`), 'Content-Length: 0', 'Content-Length: 1', '', '')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(...head(`/players/${playerId}`), 'Content-Length: 4', 'Transfer-Encoding: chunked', '', '0', '', '')).toMatch(/^HTTP\/1.1 400/);
  });

  test.each([
    ['limit=1&limit=2', 'limit'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=many', 'limit'],
    ['unknown=1', 'unknown'],
    ['sort=password', 'sort'],
    ['cursor=forged', 'cursor'],
  ])('the query %s', async (query, path) => {
    expectRefused(await ask('GET', `/players?${query}`), { path });
  });

  test.each([
    ['a key of seven characters', { 'Idempotency-Key': 'seven77' }, 'idempotencyKey'],
    ['a key of 129 characters', { 'Idempotency-Key': 'x'.repeat(129) }, 'idempotencyKey'],
  ])('%s', async (_name, headers, path) => {
    expectRefused(await ask('POST', `/players/${playerId}/wallet/credit`, { currency: 'gold', amount: 1, reason: 'test' }, headers), { path });
  });

  test('a version that is none', async () => {
    expectRefused(await ask('PATCH', `/players/${playerId}`, { level: 2 }, { 'If-Match': 'three' }), {});
  });

  test('a path and a body that name different players', async () => {
    expectRefused(await ask('POST', `/players/${playerId}/wallet/credit`, { playerId: '1', currency: 'gold', amount: 1, reason: 'test' }, newKey()), {
      path: 'playerId',
    });
  });
});

test('a player token is refused by every operation on the data of another player', async () => {
  const other = WithId.parse((await ask('POST', '/players', { name: 'Other' })).body).id;
  const character = WithId.parse((await ask('POST', `/players/${playerId}/characters`, { name: 'Hers', class: 'bard' })).body).id;
  const order = WithId.parse((await ask('POST', '/orders', { playerId, product: 'gem', quantity: 1, currency: 'EUR', amount: 1 }, newKey())).body).id;
  const token = (await service.command('token', '--game', 'realm', '--player', other)).stdout.trim();
  const mayBeAsked = new Set(['season.get', 'season.ranking', 'season.place', 'auth.login', 'auth.refresh', 'auth.verify', 'auth.logout']);
  const allowed: string[] = [];
  for (const { name, http, idempotent } of realm.operations.filter((operation) => !mayBeAsked.has(operation.name))) {
    const [method = '', path = ''] = http.split(' ');
    const id = path.startsWith('/characters') ? character : path.startsWith('/orders') ? order : playerId;
    const url = path.replace(':playerId', playerId).replace(':id', id);
    const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(rightInputs[name] ?? { playerId });
    const response = await fetch(`${started.baseUrl}/api/v1/games/realm${url}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...(idempotent !== 'no' && newKey()) },
      ...(body !== undefined && { body }),
    });
    if (response.status !== 403) allowed.push(`${name}: ${response.status}`);
    await response.body?.cancel();
  }
  expect(allowed).toEqual([]);
});

/** Inputs that would be taken from a caller with the right, where the check of rights looks into them. */
const rightInputs: Readonly<Record<string, object>> = {
  get 'order.create'() {
    return { playerId, product: 'gem', quantity: 1, currency: 'EUR', amount: 1 };
  },
};
