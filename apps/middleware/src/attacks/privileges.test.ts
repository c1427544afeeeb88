// Nobody widens what they may do: OWASP API5:2023, ASVS 5 §8.2.1, §8.3.1. Every operation that the service has, for every role, from the definitions.
import { KeyRing, PermissionTable, Tokens } from '@midgard/auth';
import { realm } from '@midgard/game-realm';
import type { Operation } from '@midgard/game-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { keyOperations } from '../administration/key-operations.ts';
import { auditSearch } from '../audit/audit-operations.ts';
import { cacheOperations } from '../cache/cache-operations.ts';
import { createPlayer } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const operations: readonly Operation[] = [...realm.operations, ...Object.values(cacheOperations), ...Object.values(keyOperations), auditSearch];
const roles = ['viewer', 'web', 'operator', 'game-server'] as const;
const rights = new PermissionTable();

let service: ServiceProcess;
let started: StartedService;
let tokens: Tokens;
let mine: string;
let other: string;
const keyOf = new Map<string, string>();

beforeAll(async () => {
  await using maker = new ServiceProcess();
  const jwk = /MIDGARD_AUTH_SIGNING_KEY='(.*)'/.exec((await maker.command('secrets')).stdout)?.[1] ?? '';
  const { keys } = z.object({ keys: z.array(z.unknown()).optional() }).parse(JSON.parse(jwk));
  tokens = new Tokens({ keys: await KeyRing.from(keys ?? [JSON.parse(jwk)]), issuer: 'midgard', audience: 'midgard' });
  service = new ServiceProcess({ MIDGARD_AUTH_SIGNING_KEY: jwk });
  started = await service.start();
  mine = await createPlayer(started, 'Loki');
  other = await createPlayer(started, 'Sigyn');
  const made = await Promise.all(
    roles.map(async (role) => [role, (await service.command('keys', 'create', '--game', 'realm', '--role', role)).stdout.trim()] as const),
  );
  for (const [role, key] of made) keyOf.set(role, key);
}, 120_000);
afterAll(() => service[Symbol.asyncDispose]());

type Headers = Readonly<Record<string, string>>;

/** Calls an operation on the other player. @returns status and code */
async function attempt(
  { http, idempotent }: Operation,
  headers: Headers,
  { query = '', body = {} }: { query?: string; body?: object } = {},
): Promise<readonly [number, number]> {
  const [method = '', route = ''] = http.split(' ');
  const url = `${started.baseUrl}/api/v1/games/realm${route.replaceAll(/:[A-Za-z]+/g, other)}${query}`;
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const more = { ...(hasBody && { 'Content-Type': 'application/json' }), ...(idempotent !== 'no' && { 'Idempotency-Key': 'privileges-1' }) };
  const response = await fetch(url, { method, headers: { ...headers, ...more }, ...(hasBody && { body: JSON.stringify(body) }) });
  const text = await response.text();
  return [response.status, z.looseObject({ code: z.number().default(0) }).parse(JSON.parse(text)).code];
}

/** A right token: of a player, or of nobody in particular. */
async function bearer(roles: readonly string[], playerId?: bigint): Promise<Headers> {
  const token = await tokens.issueAccess(playerId === undefined ? { game: 'realm', subject: 'somebody', roles } : { game: 'realm', playerId, roles });
  return { Authorization: `Bearer ${token}` };
}

/** What a caller tells of itself, in every place that another product reads it from. */
const claims: readonly Headers[] = [
  { 'X-Role': 'admin', 'X-Roles': 'admin', 'X-User': 'admin', 'X-Admin': 'true', 'X-Permissions': '*' },
  { 'X-Forwarded-User': 'admin', 'X-Remote-User': 'admin', 'X-Original-URL': '/api/v1/games/realm/audit', 'X-Rewrite-URL': '/api/v1/games/realm/audit' },
  { 'X-HTTP-Method-Override': 'GET', 'X-HTTP-Method': 'GET', 'X-Method-Override': 'GET' },
  { Cookie: 'role=admin; roles=admin; admin=1' },
];

describe.each(roles)('a key of the role %s', (role) => {
  const denied = operations.filter(({ isPublic, permission }) => !isPublic && !rights.compile({ roles: [role] }).has(permission ?? ''));

  test('is refused by every operation that the role does not have, whatever it says of itself', async () => {
    expect(denied.length).toBeGreaterThan(0);
    const headers = { 'X-API-Key': keyOf.get(role) ?? '' };
    for (const operation of denied) {
      expect(await attempt(operation, headers), operation.name).toEqual([403, 3004]);
      for (const claim of claims) expect(await attempt(operation, { ...headers, ...claim }), `${operation.name} ${JSON.stringify(claim)}`).toEqual([403, 3004]);
    }
  });
});

function administers(role: string): readonly string[] {
  const may = rights.compile({ roles: [role] });
  return operations.filter(({ permission }) => permission?.startsWith('admin:') === true && may.has(permission)).map(({ name }) => name);
}

test('only the roles that are said to may administer the service', () => {
  expect(['viewer', 'web', 'player', 'game-server'].flatMap(administers)).toEqual([]);
  expect(administers('operator').every((name) => name.startsWith('cache.'))).toBe(true);
});

describe('a token', () => {
  const [getPlayer] = realm.operations;

  test('gets from its roles what they grant, so that the attacks fail for their own reason', async () => {
    expect(await attempt(getPlayer, await bearer(['viewer']))).toEqual([200, 0]);
    expect(await attempt(auditSearch, await bearer(['admin']))).toEqual([200, 0]);
  });

  test.each([['king'], ['Admin'], ['admin '], ['__proto__'], ['constructor'], ['*'], ['']])(
    'that claims the role %j, which is none, gets nothing of it',
    async (role) => {
      for (const operation of operations.filter(({ isPublic }) => !isPublic))
        expect(await attempt(operation, await bearer([role])), operation.name).toEqual([403, 3004]);
    },
  );

  test("of a player stays one of that player, whatever other roles it has, with another player's ids", async () => {
    const headers = await bearer(['player', 'admin', 'game-server'], BigInt(mine));
    const refused = operations.filter(({ owner }) => owner !== 'any');
    for (const operation of refused) {
      const [status] = await attempt(operation, headers, { body: { playerId: other } });
      expect([400, 403], operation.name).toContain(status);
    }
    expect(await attempt(getPlayer, headers)).toEqual([403, 3004]);
    expect(await attempt(auditSearch, headers)).toEqual([403, 3004]);
  });

  test('whose roles were edited is refused', async () => {
    const { Authorization: whole = '' } = await bearer(['player'], BigInt(mine));
    const [header = '', payload = '', signature = ''] = whole.split('.');
    const edited = JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), roles: ['admin'], player: undefined });
    expect(await attempt(getPlayer, { Authorization: `${header}.${Buffer.from(edited).toString('base64url')}.${signature}` })).toEqual([401, 3003]);
  });
});

test('no key is made with a role that is none, or with that of players', { timeout: 60_000 }, async () => {
  const asked = ['king', 'player', '__proto__', '*', 'admin,viewer'];
  const made = await Promise.all(asked.map((role) => service.command('keys', 'create', '--game', 'realm', '--role', role)));
  expect(made.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(asked.map(() => [2, '']));
});
