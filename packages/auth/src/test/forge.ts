import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { KeyRing } from '../keys/key-ring.ts';
import { sharedSecretKey } from '../keys/shared-secret.ts';
import { generateSigningKey, type KeyAlgorithm, type SigningKeyJwk } from '../keys/signing-key.ts';
import type { AccessRequest } from '../tokens/access-claims.ts';
import { Tokens } from '../tokens/tokens.ts';
import { FakeClock } from './support.ts';

export const issuer = 'https://midgard.test';
export const audience = 'midgard';
export const player = { game: 'realm', playerId: 42n, roles: ['player'] } as const satisfies AccessRequest;

type Fields = Readonly<Record<string, unknown>>;

/** A part of a token: text as it is, everything else as JSON. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** The parts of a token, each empty where it has none. */
export function partsOf(token: string): { readonly header: string; readonly payload: string; readonly signature: string } {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return { header, payload, signature };
}

/** A signature over any text, made by node:crypto and not by the library under test. */
export function signatureOf(jwk: SigningKeyJwk, input: string): string {
  const bytes = Buffer.from(input);
  if (jwk.alg === 'HS256')
    return createHmac('sha256', Buffer.from(jwk.k ?? '', 'base64url'))
      .update(bytes)
      .digest('base64url');
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  if (jwk.alg === 'EdDSA') return sign(null, bytes, key).toString('base64url');
  return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

/** Tokens of one key, and a forger who has that very key: what an attacker could do at best is less. */
export interface Forgery {
  readonly jwk: SigningKeyJwk;
  readonly keys: KeyRing;
  readonly clock: FakeClock;
  readonly tokens: Tokens;
  readonly header: (fields?: Fields) => Fields;
  readonly claims: (fields?: Fields) => Fields;
  /** Signs whatever it is given. */
  readonly forge: (header: unknown, claims: unknown) => string;
}

export async function keyFor(alg: KeyAlgorithm): Promise<SigningKeyJwk> {
  return alg === 'HS256' ? sharedSecretKey('a shared secret of at least 32 bytes, for tests') : generateSigningKey({ alg });
}

export async function forgery(jwk: SigningKeyJwk): Promise<Forgery> {
  const clock = new FakeClock();
  const keys = await KeyRing.from([jwk], { clock });
  const seconds = Math.floor(clock.ms / 1000);
  return {
    jwk,
    keys,
    clock,
    tokens: new Tokens({ keys, issuer, audience, clock }),
    header: (fields = {}) => ({ alg: jwk.alg, typ: 'at+jwt', kid: jwk.kid, ...fields }),
    claims: (fields = {}) => ({
      iss: issuer,
      aud: audience,
      sub: 'realm:player:42',
      client_id: 'realm',
      player: '42',
      roles: ['player'],
      jti: 'a',
      iat: seconds,
      exp: seconds + 900,
      ...fields,
    }),
    forge: (header, claims) => {
      const input = `${part(header)}.${part(claims)}`;
      return `${input}.${signatureOf(jwk, input)}`;
    },
  };
}
