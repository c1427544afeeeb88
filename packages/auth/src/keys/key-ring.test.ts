import { expect, test } from 'vitest';
import { FakeClock, refusal } from '../test/support.ts';
import { audience, issuer, keyFor, player } from '../test/forge.ts';
import { Tokens } from '../tokens/tokens.ts';
import { KeyRing } from './key-ring.ts';
import { sharedSecretKey } from './shared-secret.ts';
import { generateSigningKey, type SigningKeyJwk } from './signing-key.ts';

const dayMs = 86_400_000;

async function rotated() {
  const clock = new FakeClock();
  const old = await generateSigningKey();
  const signsFrom = clock.ms / 1000 + 600;
  const young = await generateSigningKey({ alg: 'ES256', signsFrom });
  const keys = await KeyRing.from([old], { clock });
  return { clock, old, young, keys, tokens: new Tokens({ keys, issuer, audience, clock }) };
}

const kidOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

test('a rotation: published before it signs, the old one verifies until its last token has expired', async () => {
  const { clock, old, young, keys, tokens } = await rotated();
  const before = await tokens.issueAccess(player);
  await keys.replace([old, young]);
  expect(keys.list().map(({ kid, state }) => [kid, state])).toEqual([
    [young.kid, 'next'],
    [old.kid, 'signing'],
  ]);
  expect(keys.publicKeys().keys.map(({ kid }) => kid)).toEqual([young.kid, old.kid]);
  expect(kidOf(await tokens.issueAccess(player))).toBe(old.kid);

  clock.ms += 600_000 - 1;
  const last = await tokens.issueAccess({ ...player, ttlSeconds: 86_400 });
  expect(kidOf(last)).toBe(old.kid);
  clock.ms += 1;
  expect(kidOf(await tokens.issueAccess(player))).toBe(young.kid);
  expect(keys.list().map(({ state }) => state)).toEqual(['signing', 'retired']);
  for (const token of [before, last]) expect(await refusal(tokens.verify(token))).toBe('accepted');

  // Its times are whole seconds, so the last token of the old key ends a little before the key does.
  clock.ms += dayMs + 3999;
  expect(await refusal(tokens.verify(last))).toBe('accepted');
  clock.ms += 1001;
  expect(keys.list().map(({ state }) => state)).toEqual(['signing', 'spent']);
  expect(keys.publicKeys().keys.map(({ kid }) => kid)).toEqual([young.kid]);
});

test('a key that retired a day ago verifies nothing, even what a thief signs with it', async () => {
  const { clock, old, young, keys, tokens } = await rotated();
  await keys.replace([old, young]);
  clock.ms += 600_000 + dayMs + 5000;
  const thief = new Tokens({ keys: await KeyRing.from([old], { clock }), issuer, audience, clock });
  expect(await refusal(tokens.verify(await thief.issueAccess(player)))).toBe('ERR_AUTH_INVALID');
});

test('an instance that learned of the new key verifies what one with a faster clock signs with it', async () => {
  const { clock, old, young } = await rotated();
  const ahead = new FakeClock(clock.ms + 4000);
  clock.ms += 598_000;
  ahead.ms += 598_000;
  const [slow, fast] = await Promise.all(
    [clock, ahead].map(async (each) => new Tokens({ keys: await KeyRing.from([old, young], { clock: each }), issuer, audience, clock: each })),
  );
  const token = (await fast?.issueAccess(player)) ?? '';
  expect(kidOf(token)).toBe(young.kid);
  expect((await slow?.verify(token))?.playerId).toBe(42n);
});

test('with keys of one age the first signs and all verify, as a configuration lists them', async () => {
  const [first, second] = [await generateSigningKey(), await generateSigningKey()];
  const keys = await KeyRing.from([second, first]);
  expect(keys.signer().kid).toBe(second.kid);
  expect(keys.verifier(first.kid)?.kid).toBe(first.kid);
  expect(keys.list().map(({ verifiesUntil }) => verifiesUntil)).toEqual([null, null]);
});

test('where every key is still to come the earliest signs', async () => {
  const now = Math.floor(Date.now() / 1000);
  const [soon, later] = [await generateSigningKey({ signsFrom: now + 60 }), await generateSigningKey({ signsFrom: now + 120 })];
  expect((await KeyRing.from([later, soon])).signer().kid).toBe(soon.kid);
});

test('the public set holds no private part, and nothing at all of a shared secret', async () => {
  const secret = 'a shared secret of at least 32 bytes';
  const jwks = [...(await Promise.all((['EdDSA', 'ES256'] as const).map(keyFor))), sharedSecretKey(secret)];
  const keys = await KeyRing.from(jwks);
  const shown = JSON.stringify([keys.publicKeys(), keys.list()]);
  for (const { d, k } of jwks) for (const hidden of [d, k]) if (hidden !== undefined) expect(shown).not.toContain(hidden);
  expect(shown).not.toMatch(/"(d|k|p|q|priv)":/);
  expect(shown).not.toContain(secret);
  expect(keys.publicKeys().keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', x: jwks[0]?.x, kid: jwks[0]?.kid, alg: 'EdDSA', use: 'sig' },
    { kty: 'EC', crv: 'P-256', x: jwks[1]?.x, y: jwks[1]?.y, kid: jwks[1]?.kid, alg: 'ES256', use: 'sig' },
  ]);
});

test('whoever follows it hears of a key that was taken away, and of no other change', async () => {
  const [first, second] = [await generateSigningKey(), await generateSigningKey()];
  const keys = await KeyRing.from([first]);
  const heard: boolean[] = [];
  const end = keys.onLoss(() => heard.push(keys.has(first.kid)));
  await keys.replace([first, second]);
  expect([heard, keys.has(first.kid), keys.has(second.kid)]).toEqual([[], true, true]);
  await keys.replace([second]);
  expect([heard, keys.has(first.kid)]).toEqual([[false], false]);
  end();
  await keys.replace([first]);
  expect(heard).toHaveLength(1);
});

test('a set that is wrong changes nothing', async () => {
  const good = await generateSigningKey();
  const keys = await KeyRing.from([good]);
  for (const wrong of [[], [null], [good, good], [good, { ...good, d: undefined }], Array.from({ length: 33 }, () => good)]) {
    expect(await refusal(keys.replace(wrong))).toBe('ERR_AUTH_OPTIONS');
  }
  expect(keys.signer().kid).toBe(good.kid);
});

test.each([
  ['null', null],
  ['a text', 'key'],
  ['a public key', { d: undefined }],
  ['of another kind', { kty: 'RSA' }],
  ['of another curve', { crv: 'X25519' }],
  ['for another algorithm', { alg: 'ES256' }],
  ['for an algorithm in another spelling', { alg: 'eddsa' }],
  ['for encryption', { use: 'enc' }],
  ['for key agreement', { key_ops: ['deriveKey'] }],
  ['of a foreign kid', { kid: 'mine' }],
  ['without a kid', { kid: undefined }],
  ['of a time that is none', { signsFrom: -1 }],
  ['of a damaged half', { d: 'AAAA' }],
])('a signing key that is %s is refused', async (_name, change) => {
  const good: SigningKeyJwk = await generateSigningKey();
  const wrong: unknown = typeof change === 'object' && change !== null ? { ...good, ...change } : change;
  expect(await refusal(KeyRing.from([wrong]))).toBe('ERR_AUTH_OPTIONS');
});

test.each(['EdDSA', 'ES256'] as const)('a key of %s whose halves do not belong together is refused', async (alg) => {
  const [one, other] = [await generateSigningKey({ alg }), await generateSigningKey({ alg })];
  expect(await refusal(KeyRing.from([{ ...one, d: other.d }]))).toBe('ERR_AUTH_OPTIONS');
});

test('a key as it was written before there was a choice of algorithms is one still', async () => {
  const { alg: _alg, signsFrom: _from, ...old } = await generateSigningKey();
  expect((await KeyRing.from([old])).list()).toMatchObject([{ alg: 'EdDSA', signsFrom: 0, state: 'signing' }]);
});
