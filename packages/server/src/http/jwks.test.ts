import { generateSigningKey, KeyRing, Tokens } from '@midgard/auth';
import { expect, test } from 'vitest';
import { fixtureOfTest } from './testing/fixture.ts';

const path = '//.well-known/jwks.json';

async function ringOfTest() {
  const first = await generateSigningKey();
  const keys = await KeyRing.from([first]);
  return { first, keys, tokens: new Tokens({ keys, issuer: 'midgard', audience: 'midgard' }) };
}

test('the public keys are there for anybody, without a credential, and hold nothing private', async () => {
  const { first, tokens } = await ringOfTest();
  const { base } = await fixtureOfTest({ jwks: () => tokens.jwks() });
  const response = await fetch(`${base}/.well-known/jwks.json`);
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/jwk-set+json');
  expect(JSON.parse(text)).toEqual({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: first.x, kid: first.kid, alg: 'EdDSA', use: 'sig' }] });
  expect(text).not.toContain(first.d ?? '-');
});

test('they may be kept for five minutes, and are told by a tag that changes with them', async () => {
  const { first, keys, tokens } = await ringOfTest();
  const fixture = await fixtureOfTest({ jwks: () => tokens.jwks() });
  const { headers } = await fixture.ask('GET', path);
  const tag = headers.get('etag') ?? '';
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  const again = await fixture.ask('GET', path, { headers: { 'If-None-Match': tag } });
  expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag]);
  for (const answer of [headers, again.headers]) expect(answer.get('x-request-id')).toBeNull();
  await keys.replace([await generateSigningKey(), first]);
  const changed = await fixture.ask('GET', path, { headers: { 'If-None-Match': tag } });
  expect([changed.status, changed.headers.get('etag') === tag]).toEqual([200, false]);
});

test('nobody writes there, and without keys it is not there', async () => {
  const { tokens } = await ringOfTest();
  const fixture = await fixtureOfTest({ jwks: () => tokens.jwks() });
  expect((await fixture.ask('POST', path, { body: {} })).status).toBe(405);
  const without = await fixtureOfTest();
  expect((await without.ask('GET', path)).status).toBe(404);
});
