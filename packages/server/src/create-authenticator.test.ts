import { createHmac, randomBytes } from 'node:crypto';
import { ApiKeys, generateSigningKey, Handshake, MemoryApiKeyStore, KeyRing, Tokens } from '@midgard/auth';
import { toMidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import { createAuthenticator } from './create-authenticator.ts';

const now = 1_700_000_000_000;

async function setUp({ withHandshake = true } = {}) {
  const clock = { now: () => now };
  const apiKeys = new ApiKeys({ store: new MemoryApiKeyStore(), pepper: randomBytes(32), env: 'dev', clock });
  const tokens = new Tokens({ keys: await KeyRing.from([await generateSigningKey()]), issuer: 'midgard', audience: 'midgard', clock });
  const secret = randomBytes(32);
  const handshake = new Handshake({ clock, secretOf: async (id) => (id === 'arena' ? { secret, role: 'game-server', games: ['realm'] } : undefined) });
  const authenticator = createAuthenticator(withHandshake ? { apiKeys, tokens, handshake } : { apiKeys, tokens });
  const { key } = await apiKeys.create({ games: ['realm'], role: 'web', label: 'shop' });
  const token = await tokens.issueAccess({ game: 'realm', playerId: 42n, roles: ['player'] });
  return { authenticator, key, token, secret };
}

function proof(secret: Buffer): { kind: 'hmac'; serverId: string; timestamp: number; nonce: string; signature: string } {
  const [serverId, timestamp, nonce] = ['arena', now, randomBytes(16).toString('base64url')];
  const signature = createHmac('sha256', secret).update(`${serverId}\n${timestamp}\n${nonce}`).digest('base64url');
  return { kind: 'hmac', serverId, timestamp, nonce, signature };
}

async function codeOf(refused: Promise<unknown>): Promise<number> {
  return refused.then(
    () => 0,
    (error: unknown) => toMidgardError(error).code,
  );
}

test('each kind of hello is told by its own part', async () => {
  const { authenticator, key, token, secret } = await setUp();
  expect(await authenticator.fromHello({ kind: 'apiKey', key }, '')).toMatchObject({ kind: 'apiKey', roles: ['web'] });
  expect(await authenticator.fromHello({ kind: 'token', token }, '')).toMatchObject({ kind: 'player', playerId: 42n });
  const hello = proof(secret);
  expect(await authenticator.fromHello(hello, '')).toMatchObject({ roles: ['game-server'], games: ['realm'] });
  expect(await codeOf(authenticator.fromHello(hello, ''))).toBe(3003);
  expect(await codeOf(authenticator.fromHello(proof(randomBytes(32)), ''))).toBe(3003);
});

test('without shared secrets a proof is refused', async () => {
  const { authenticator, secret } = await setUp({ withHandshake: false });
  expect(await codeOf(authenticator.fromHello(proof(secret), ''))).toBe(3003);
});

test('HTTP takes a key or a bearer token, in any spelling of the header', async () => {
  const { authenticator, key, token } = await setUp();
  expect(await authenticator.fromHttp(new Headers({ 'X-API-Key': key }), '')).toMatchObject({ roles: ['web'] });
  for (const scheme of ['Bearer', 'bearer']) {
    expect(await authenticator.fromHttp(new Headers({ authorization: `${scheme} ${token}` }), '')).toMatchObject({ playerId: 42n });
  }
});

test.each([
  [{}, 3001],
  [{ authorization: 'Basic dTpw' }, 3001],
  [{ authorization: 'Bearer a b' }, 3001],
  [{ authorization: 'Bearer x' }, 3003],
  [{ 'x-api-key': 'x' }, 3003],
  [{ 'x-api-key': '' }, 3003],
])('headers %j are refused with %i', async (headers, code) => {
  const { authenticator } = await setUp();
  expect(await codeOf(authenticator.fromHttp(new Headers(headers), ''))).toBe(code);
});

test('what it has found good over HTTP it recalls without a promise, and nothing else', async () => {
  const { authenticator, key, token } = await setUp();
  expect(authenticator.recallHttp?.('x-api-key', key)).toBeUndefined();
  expect(authenticator.recallHttp?.('authorization', `Bearer ${token}`)).toBeUndefined();
  const [holder, player] = [
    await authenticator.fromHttp(new Headers({ 'X-API-Key': key }), ''),
    await authenticator.fromHttp(new Headers({ authorization: `Bearer ${token}` }), ''),
  ];
  expect(authenticator.recallHttp?.('x-api-key', key)).toBe(holder);
  expect(authenticator.recallHttp?.('authorization', `bearer ${token}`)).toBe(player);
  expect(authenticator.recallHttp?.('authorization', token)).toBeUndefined();
  expect(authenticator.recallHttp?.('x-api-key', token)).toBeUndefined();
  expect([authenticator.recallsStill?.(holder), authenticator.recallsStill?.({ ...holder })]).toEqual([true, false]);
});
