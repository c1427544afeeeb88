import { beforeEach, describe, expect, test } from 'vitest';
import { KeyRing } from '../keys/key-ring.ts';
import { generateSigningKey, type KeyAlgorithm, type SigningKeyJwk } from '../keys/signing-key.ts';
import { PermissionTable } from '../permissions.ts';
import { audience, type Forgery, forgery, issuer, keyFor, part, partsOf, player, signatureOf } from '../test/forge.ts';
import { refusal } from '../test/support.ts';
import { Revocations } from './revocations.ts';
import { Tokens } from './tokens.ts';

const algorithms: readonly KeyAlgorithm[] = ['EdDSA', 'ES256', 'HS256'];
const jwk: SigningKeyJwk = await keyFor('EdDSA');
let world: Forgery;
beforeEach(async () => {
  world = await forgery(jwk);
});

const headerOf = (token: string): unknown => JSON.parse(Buffer.from(partsOf(token).header, 'base64url').toString());

describe('a good token', () => {
  test.each(algorithms)('of %s says who the player is, and which key to look for', async (alg) => {
    const { tokens, clock, jwk: key } = await forgery(await keyFor(alg));
    const token = await tokens.issueAccess({ ...player, sessionId: '77' });
    expect(await tokens.verify(token)).toEqual({
      subject: 'realm:player:42',
      kind: 'player',
      roles: ['player'],
      games: ['realm'],
      playerId: 42n,
      expiresAt: clock.ms + 900_000,
      issuedAt: clock.ms,
      sessionId: 'realm:77',
      signedBy: key.kid,
    });
    expect(headerOf(token)).toEqual({ alg, typ: 'at+jwt', kid: key.kid });
  });

  test('says which service it is', async () => {
    const { tokens, clock } = world;
    const token = await tokens.issueAccess({ game: '*', subject: 'ops', roles: ['operator', 'viewer'], ttlSeconds: 60 });
    expect(await tokens.verify(token)).toEqual({
      subject: 'ops',
      kind: 'service',
      roles: ['operator', 'viewer'],
      games: '*',
      playerId: null,
      expiresAt: clock.ms + 60_000,
      issuedAt: clock.ms,
      sessionId: null,
      signedBy: jwk.kid,
    });
  });

  test('carries ids of 64 bits whole', async () => {
    const playerId = 2n ** 63n - 1n;
    expect((await world.tokens.verify(await world.tokens.issueAccess({ ...player, playerId }))).playerId).toBe(playerId);
  });

  test('gives the same frozen principal again', async () => {
    const token = await world.tokens.issueAccess(player);
    const first = await world.tokens.verify(token);
    expect(await world.tokens.verify(token)).toBe(first);
    expect(Object.isFrozen(first) && Object.isFrozen(first.roles) && Object.isFrozen(first.games)).toBe(true);
  });

  test('survives the process that issued it: another with the same keys takes it', async () => {
    const token = await world.tokens.issueAccess(player);
    const elsewhere = new Tokens({ keys: await KeyRing.from([JSON.parse(JSON.stringify(jwk))], world), issuer, audience, clock: world.clock });
    expect((await elsewhere.verify(token)).playerId).toBe(42n);
  });
});

describe('claims (RFC 9068 §4, RFC 8725 §3.8, §3.9, §3.11)', () => {
  const now = Date.UTC(2026, 0, 1) / 1000;

  test.each([
    ['wrong issuer', { iss: 'https://evil.test' }],
    ['issuer with a slash more', { iss: `${issuer}/` }],
    ['an issuer in a list', { iss: [issuer] }],
    ['wrong audience', { aud: 'other' }],
    ['wrong audiences', { aud: ['other', 'another'] }],
    ['audience as a prefix', { aud: 'midgard2' }],
    ['an audience beside what is no text', { aud: [audience, 7] }],
    ['not before, still to come', { nbf: now + 6 }],
    ['not before as text', { nbf: '0' }],
    ['issued in the future', { iat: now + 6, exp: now + 900 }],
    ['expiry as text', { exp: '9999999999' }],
    ['a life of more than a day, longer than its revocation is remembered', { exp: now + 86_401 }],
    ['an expiry beyond all dates', { exp: 1e300 }],
    ['roles as text', { roles: 'admin' }],
    ['a player that is another than the subject', { player: '43' }],
    ['a player as a number', { player: 42 }],
    ['a player of 0', { player: '0', sub: 'realm:player:0' }],
    ['a player beyond 63 bits', { player: '9223372036854775808', sub: 'realm:player:9223372036854775808' }],
    ['an empty game', { client_id: '', player: undefined }],
    ['a session as a number', { sid: 7 }],
    ['a session that reaches into another game', { sid: 'a:b' }],
    ['a session that is empty', { sid: '' }],
  ])('%s is refused', async (_name, claims) => {
    expect(await refusal(world.tokens.verify(world.forge(world.header(), world.claims(claims))))).toBe('ERR_AUTH_INVALID');
  });

  test.each(['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'roles'])('without %s is refused', async (claim) => {
    expect(await refusal(world.tokens.verify(world.forge(world.header(), world.claims({ [claim]: undefined }))))).toBe('ERR_AUTH_INVALID');
  });

  test.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"a"'],
    ['no JSON', '{'],
    ['two values', '{}{}'],
    ['nothing', ''],
  ])('claims that are %s are refused', async (_name, payload) => {
    expect(await refusal(world.tokens.verify(world.forge(world.header(), payload)))).toBe('ERR_AUTH_INVALID');
  });

  test('claims that are no UTF-8 are refused', async () => {
    const { jwk: key } = world;
    const text = Buffer.concat([Buffer.from(JSON.stringify(world.claims()).slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]);
    const input = `${part(world.header())}.${text.toString('base64url')}`;
    expect(await refusal(world.tokens.verify(`${input}.${signatureOf(key, input)}`))).toBe('ERR_AUTH_INVALID');
  });

  test.each(['JWT', 'rt+jwt', 'id+jwt', 'at+jwt2', '', 7, ['at+jwt'], undefined])('typ %s is refused', async (typ) => {
    expect(await refusal(world.tokens.verify(world.forge(world.header({ typ }), world.claims())))).toBe('ERR_AUTH_INVALID');
  });

  test('an ID token in place of an access token is refused (RFC 8725 §3.11, §3.12)', async () => {
    const { iss, aud, sub, iat, exp } = world.claims();
    const idToken = world.forge(world.header({ typ: 'JWT' }), { iss, aud, sub, iat, exp, nonce: 'n', auth_time: iat });
    expect(await refusal(world.tokens.verify(idToken))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(world.tokens.verify(world.forge(world.header(), { iss, aud, sub, iat, exp, nonce: 'n' })))).toBe('ERR_AUTH_INVALID');
  });

  test('application/at+jwt is the same type (RFC 9068 §4)', async () => {
    expect(await refusal(world.tokens.verify(world.forge(world.header({ typ: 'application/at+jwt' }), world.claims())))).toBe('accepted');
  });

  test('what can be no role is dropped, and a role that the table does not have grants nothing', async () => {
    const principal = await world.tokens.verify(world.forge(world.header(), world.claims({ roles: ['player', 'root', '__proto__', 'Admin', 7, null] })));
    expect(principal.roles).toEqual(['player', 'root']);
    expect(new PermissionTable().compile({ roles: ['root'] }).has('player:read')).toBe(false);
  });

  test('our token is refused by a service of another issuer or audience', async () => {
    const token = await world.tokens.issueAccess(player);
    const { keys, clock } = world;
    expect(await refusal(new Tokens({ keys, issuer: 'other', audience, clock }).verify(token))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(new Tokens({ keys, issuer, audience: 'other', clock }).verify(token))).toBe('ERR_AUTH_INVALID');
  });
});

describe('time', () => {
  test.each([false, true])('an expired token is told as expired, 5 s tolerated (cached before: %s)', async (isCached) => {
    const { tokens, clock } = world;
    const token = await tokens.issueAccess(player);
    if (isCached) await tokens.verify(token);
    clock.ms += 904_999;
    expect(await refusal(tokens.verify(token))).toBe('accepted');
    clock.ms += 1;
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_EXPIRED');
    expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_EXPIRED');
  });

  test('of an expired token that is wrong otherwise nothing is told', async () => {
    const token = world.forge(world.header(), world.claims({ iss: 'other' }));
    world.clock.ms += 3_600_000;
    expect(await refusal(world.tokens.verify(token))).toBe('ERR_AUTH_INVALID');
  });

  test('not before: 5 s are tolerated', async () => {
    const token = world.forge(world.header(), world.claims({ nbf: world.clock.ms / 1000 + 7 }));
    expect(await refusal(world.tokens.verify(token))).toBe('ERR_AUTH_INVALID');
    world.clock.ms += 2000;
    expect(await refusal(world.tokens.verify(token))).toBe('accepted');
  });
});

describe('a revoked token', () => {
  test.each([false, true])('is refused from then on, and no other (cached before: %s)', async (isCached) => {
    const { keys, clock } = world;
    const revocations = new Revocations({ clock });
    const tokens = new Tokens({ keys, issuer, audience, clock, revocations });
    const [ended, other] = await Promise.all(['1', '2'].map((sessionId) => tokens.issueAccess({ ...player, sessionId })));
    if (isCached) for (const token of [ended, other]) await tokens.verify(token ?? '');
    revocations.add({ subject: 'realm:player:42', sessionId: 'realm:1', issuedUntil: Infinity, forgetAt: clock.ms + 900_000 });
    expect(await refusal(tokens.verify(ended ?? ''))).toBe('ERR_AUTH_INVALID');
    expect(() => tokens.recall(ended ?? '')).toThrow('not valid');
    expect(await refusal(tokens.verify(other ?? ''))).toBe('accepted');
  });
});

test('a key that is taken away takes its tokens with it, remembered ones too', async () => {
  const { keys, tokens } = world;
  const token = await tokens.issueAccess(player);
  await tokens.verify(token);
  await keys.replace([await generateSigningKey()]);
  expect(tokens.recall(token)).toBeUndefined();
  expect(await refusal(tokens.verify(token))).toBe('ERR_AUTH_INVALID');
  const fresh = await tokens.issueAccess(player);
  await tokens.verify(fresh);
  expect(tokens.recall(fresh)?.playerId).toBe(42n);
});

test.each([
  ['a player of every game', { game: '*', playerId: 1n, roles: [] }],
  ['a player id of 0', { game: 'realm', playerId: 0n, roles: [] }],
  ['a player id of 64 bits', { game: 'realm', playerId: 2n ** 63n, roles: [] }],
  ['an empty subject', { game: 'realm', subject: '', roles: [] }],
  ['no game', { game: '', subject: 'x', roles: [] }],
  ['a lifetime of 0', { game: 'realm', subject: 'x', roles: [], ttlSeconds: 0 }],
  ['a lifetime of more than a day', { game: 'realm', subject: 'x', roles: [], ttlSeconds: 86_401 }],
  ['a session that looks like two', { game: 'realm', subject: 'x', roles: [], sessionId: 'a:b' }],
] as const)('a token for %s is not issued', async (_name, request) => {
  expect(await refusal(world.tokens.issueAccess(request))).toBe('ERR_AUTH_OPTIONS');
});
