import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccessRequest } from './access-claims.ts';
import { generateSigningKey, SigningKeys, type SigningKeyJwk } from './signing-keys.ts';
import { Tokens } from './tokens.ts';
import { bitFlips, FakeClock, refusal } from './test/support.ts';

const issuer = 'https://midgard.test';
const audience = 'midgard';
let jwk: SigningKeyJwk;
let keys: SigningKeys;
let clock: FakeClock;
let tokens: Tokens;
beforeAll(async () => {
  jwk = await generateSigningKey();
  keys = await SigningKeys.from([jwk]);
});
beforeEach(() => {
  clock = new FakeClock();
  tokens = new Tokens({ keys, issuer, audience, clock });
});

const player: AccessRequest = { game: 'realm', playerId: 42n, roles: ['player'] };
const part = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signatureOf = (token: string): string => token.slice(token.lastIndexOf('.') + 1);
const seconds = (): number => Math.floor(clock.ms / 1000);
const goodHeader = (): Record<string, unknown> => ({ alg: 'EdDSA', typ: 'at+jwt', kid: jwk.kid });
const goodClaims = (): Record<string, unknown> => ({
  iss: issuer,
  aud: audience,
  sub: 'realm:player:42',
  client_id: 'realm',
  player: '42',
  roles: ['player'],
  jti: 'a',
  iat: seconds(),
  exp: seconds() + 900,
});

/** Signs whatever it is given with our own key: what an attacker could do at best is less. */
function forge(header: unknown, claims: unknown): string {
  const input = `${part(header)}.${part(claims)}`;
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

describe('a good token', () => {
  test('says who the player is', async () => {
    expect(await tokens.verify(await tokens.issueAccess(player))).toEqual({
      subject: 'realm:player:42',
      kind: 'player',
      roles: ['player'],
      games: ['realm'],
      playerId: 42n,
      expiresAt: clock.ms + 900_000,
    });
  });

  test('says which service it is', async () => {
    const token = await tokens.issueAccess({ game: '*', subject: 'ops', roles: ['operator', 'viewer'], ttlSeconds: 60 });
    expect(await tokens.verify(token)).toEqual({
      subject: 'ops',
      kind: 'service',
      roles: ['operator', 'viewer'],
      games: '*',
      playerId: null,
      expiresAt: clock.ms + 60_000,
    });
  });

  test('carries ids of 64 bits whole', async () => {
    const playerId = 2n ** 63n - 1n;
    expect((await tokens.verify(await tokens.issueAccess({ ...player, playerId }))).playerId).toBe(playerId);
  });

  test('forged by our own helper is accepted, so that the attacks below fail for their own reason', async () => {
    expect(await refusal(tokens.verify(forge(goodHeader(), goodClaims())))).toBe('accepted');
  });

  test('of the key before is accepted after a rotation, and named in the key set', async () => {
    const token = await tokens.issueAccess(player);
    const next = await generateSigningKey();
    const rotated = new Tokens({ keys: await SigningKeys.from([next, jwk]), issuer, audience, clock });
    expect((await rotated.verify(token)).playerId).toBe(42n);
    expect(JSON.parse(Buffer.from((await rotated.issueAccess(player)).split('.').slice(0, 1).join(), 'base64url').toString()).kid).toBe(next.kid);
    expect(rotated.jwks().keys.map(({ kid }) => kid)).toEqual([next.kid, jwk.kid]);
    expect(JSON.stringify(rotated.jwks())).not.toContain('"d"');
  });
});

describe('attacks on the signature (RFC 8725 §2.1, §3.1)', () => {
  test.each(['none', 'None', 'NONE', 'nOnE'])('alg %s is refused', async (alg) => {
    const input = `${part({ ...goodHeader(), alg })}.${part(goodClaims())}`;
    for (const token of [`${input}.`, input, `${input}.${part('x')}`]) expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
  });

  test('alg confusion: HS256 with the public key as its secret is refused', async () => {
    const input = `${part({ ...goodHeader(), alg: 'HS256' })}.${part(goodClaims())}`;
    const raw = Buffer.from(jwk.x, 'base64url');
    const pem = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    const spki = (await import('node:crypto')).createPublicKey(pem).export({ format: 'pem', type: 'spki' });
    for (const secret of [raw, jwk.x, spki, JSON.stringify(tokens.jwks().keys[0])]) {
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
    }
  });

  test('another algorithm name over a right Ed25519 signature is refused', async () => {
    for (const alg of ['HS256', 'RS256', 'ES256', 'ES256K', 'eddsa', '', undefined]) {
      expect(await refusal(tokens.verify(forge({ ...goodHeader(), alg }, goodClaims()))), String(alg)).toBe('ERR_AUTH_INVALID');
    }
  });

  test('a key of the attacker, named by jwk, jku or our kid, is refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const own = publicKey.export({ format: 'jwk' });
    for (const header of [
      { ...goodHeader(), jwk: own },
      { alg: 'EdDSA', typ: 'at+jwt', jwk: own },
      { ...goodHeader(), jku: 'https://evil.test/jwks', kid: 'evil' },
      goodHeader(),
    ]) {
      const input = `${part(header)}.${part(goodClaims())}`;
      expect(await refusal(tokens.verify(`${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`))).toBe('ERR_AUTH_INVALID');
    }
  });

  test.each([
    ['unknown', 'nobody'],
    ['missing', undefined],
    ['a property of every object', '__proto__'],
    ['a path', '../../dev/null'],
    ['a number', 7],
  ])('a kid that is %s is refused', async (_name, kid) => {
    expect(await refusal(tokens.verify(forge({ ...goodHeader(), kid }, goodClaims())))).toBe('ERR_AUTH_INVALID');
  });

  test('critical headers that we do not know are refused (RFC 7515 §4.1.11)', async () => {
    expect(await refusal(tokens.verify(forge({ ...goodHeader(), crit: ['exp'], exp: 1 }, goodClaims())))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(tokens.verify(forge({ ...goodHeader(), crit: ['b64'], b64: false }, goodClaims())))).toBe('ERR_AUTH_INVALID');
  });

  test('a bit flipped at any position is refused, whether or not the right token is cached', async () => {
    const token = await tokens.issueAccess(player);
    await tokens.verify(token);
    for (const wrong of bitFlips(token)) expect(await refusal(tokens.verify(wrong)), wrong).toBe('ERR_AUTH_INVALID');
  });

  test('a token cut at any position or lengthened is refused', async () => {
    const token = await tokens.issueAccess(player);
    for (let length = 0; length < token.length; length += 1) expect(await refusal(tokens.verify(token.slice(0, length)))).toBe('ERR_AUTH_INVALID');
    for (const tail of ['A', '=', '==', '.', '\n', ' ', '.e30']) expect(await refusal(tokens.verify(token + tail)), tail).toBe('ERR_AUTH_INVALID');
    expect(await refusal(tokens.verify(` ${token}`))).toBe('ERR_AUTH_INVALID');
  });

  test('the 15 other spellings of the same signature are refused (RFC 4648 §3.5)', async () => {
    const token = await tokens.issueAccess(player);
    const bytes = Buffer.from(signatureOf(token), 'base64url');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = Array.from(alphabet)
      .map((last) => token.slice(0, -1) + last)
      .filter((twin) => twin !== token && Buffer.from(signatureOf(twin), 'base64url').equals(bytes));
    expect(twins).toHaveLength(15);
    for (const twin of twins) expect(await refusal(tokens.verify(twin))).toBe('ERR_AUTH_INVALID');
  });

  test.each([
    ['empty', ''],
    ['two dots', '..'],
    ['no JSON', 'a.b.c'],
    ['JSON null', `${part('null')}.${part('null')}.`],
    ['too long', 'a'.repeat(8193)],
    ['an encrypted form', 'a.b.c.d.e'],
  ])('a text that is %s is refused', async (_name, token) => {
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
  });
});

describe('claims (RFC 9068 §4, RFC 8725 §3.8, §3.9, §3.11)', () => {
  test.each([
    ['wrong issuer', { iss: 'https://evil.test' }],
    ['issuer with a slash more', { iss: `${issuer}/` }],
    ['wrong audience', { aud: 'other' }],
    ['wrong audiences', { aud: ['other', 'another'] }],
    ['audience as a prefix', { aud: 'midgard2' }],
    ['not before, still to come', { nbf: Date.UTC(2026, 0, 1) / 1000 + 6 }],
    ['expiry as text', { exp: '9999999999' }],
    ['roles as text', { roles: 'admin' }],
    ['a player that is another than the subject', { player: '43' }],
    ['a player as a number', { player: 42 }],
    ['a player of 0', { player: '0', sub: 'realm:player:0' }],
    ['a player beyond 63 bits', { player: '9223372036854775808', sub: 'realm:player:9223372036854775808' }],
    ['an empty game', { client_id: '', player: undefined }],
  ])('%s is refused', async (_name, claims) => {
    expect(await refusal(tokens.verify(forge(goodHeader(), { ...goodClaims(), ...claims })))).toBe('ERR_AUTH_INVALID');
  });

  test.each(['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'roles'])('without %s is refused', async (claim) => {
    expect(await refusal(tokens.verify(forge(goodHeader(), { ...goodClaims(), [claim]: undefined })))).toBe('ERR_AUTH_INVALID');
  });

  test.each(['JWT', 'rt+jwt', 'id+jwt', '', undefined])('typ %s is refused', async (typ) => {
    expect(await refusal(tokens.verify(forge({ ...goodHeader(), typ }, goodClaims())))).toBe('ERR_AUTH_INVALID');
  });

  test('application/at+jwt is the same type (RFC 9068 §4)', async () => {
    expect(await refusal(tokens.verify(forge({ ...goodHeader(), typ: 'application/at+jwt' }, goodClaims())))).toBe('accepted');
  });

  test('a role that we do not know is dropped', async () => {
    const principal = await tokens.verify(forge(goodHeader(), { ...goodClaims(), roles: ['player', 'root', '__proto__', 7, null] }));
    expect(principal.roles).toEqual(['player']);
  });

  test('our token is refused by a service of another issuer or audience', async () => {
    const token = await tokens.issueAccess(player);
    expect(await refusal(new Tokens({ keys, issuer: 'other', audience, clock }).verify(token))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(new Tokens({ keys, issuer, audience: 'other', clock }).verify(token))).toBe('ERR_AUTH_INVALID');
  });
});

describe('time', () => {
  test.each([false, true])('an expired token is told as expired, 5 s tolerated (cached before: %s)', async (isCached) => {
    const token = await tokens.issueAccess(player);
    if (isCached) await tokens.verify(token);
    clock.ms += 904_999;
    expect(await refusal(tokens.verify(token))).toBe('accepted');
    clock.ms += 1;
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_EXPIRED');
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_EXPIRED');
  });

  test('not before: 5 s are tolerated', async () => {
    const token = forge(goodHeader(), { ...goodClaims(), nbf: seconds() + 7 });
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
    clock.ms += 2000;
    expect(await refusal(tokens.verify(token))).toBe('accepted');
  });
});

describe('the cache', () => {
  test('never takes one token for another', async () => {
    const made = await Promise.all(Array.from({ length: 100 }, (_, i) => tokens.issueAccess({ ...player, playerId: BigInt(i + 1) })));
    for (let round = 0; round < 3; round += 1) {
      const seen = await Promise.all(made.map((token) => tokens.verify(token)));
      expect(seen.map(({ playerId }) => playerId)).toEqual(made.map((_, i) => BigInt(i + 1)));
    }
  });

  test('gives the same frozen principal again', async () => {
    const token = await tokens.issueAccess(player);
    const first = await tokens.verify(token);
    expect(await tokens.verify(token)).toBe(first);
    expect(Object.isFrozen(first) && Object.isFrozen(first.roles) && Object.isFrozen(first.games)).toBe(true);
  });
});

test.each([
  ['no key', []],
  ['a public key', [{ kty: 'OKP', crv: 'Ed25519', x: 'a', kid: 'a' }]],
  ['null', [null]],
])('signing keys of %s are refused', async (_name, list) => {
  expect(await refusal(SigningKeys.from(list))).toBe('ERR_AUTH_OPTIONS');
});

test('a signing key under a foreign kid, or whose halves do not belong together, is refused', async () => {
  const other = await generateSigningKey();
  expect(await refusal(SigningKeys.from([{ ...jwk, kid: other.kid }]))).toBe('ERR_AUTH_OPTIONS');
  expect(await refusal(SigningKeys.from([{ ...jwk, d: other.d }]))).toBe('ERR_AUTH_OPTIONS');
});

test.each([
  ['a player of every game', { game: '*', playerId: 1n, roles: [] }],
  ['a player id of 0', { game: 'realm', playerId: 0n, roles: [] }],
  ['a player id of 64 bits', { game: 'realm', playerId: 2n ** 63n, roles: [] }],
  ['an empty subject', { game: 'realm', subject: '', roles: [] }],
  ['no game', { game: '', subject: 'x', roles: [] }],
  ['a lifetime of 0', { game: 'realm', subject: 'x', roles: [], ttlSeconds: 0 }],
] as const)('a token for %s is not issued', async (_name, request) => {
  expect(await refusal(tokens.issueAccess(request))).toBe('ERR_AUTH_OPTIONS');
});
