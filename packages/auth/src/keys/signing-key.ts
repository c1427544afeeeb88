import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { AuthError } from '../errors.ts';

/** What a token of ours may be signed with: RFC 8037 (Ed25519), RFC 7518 §3.4 (P-256), and §3.2 where a shared secret is wanted. */
export type KeyAlgorithm = 'EdDSA' | 'ES256' | 'HS256';

/** Algorithms whose verifying half may be public. */
export type AsymmetricAlgorithm = Exclude<KeyAlgorithm, 'HS256'>;

/** A private key in JWK form (RFC 7517 §4), as {@link generateSigningKey} makes it and a key file holds it. */
export interface SigningKeyJwk {
  readonly kty: 'OKP' | 'EC' | 'oct';
  readonly alg: KeyAlgorithm;
  /** By which tokens name the key; of a key pair its thumbprint (RFC 7638). */
  readonly kid: string;
  readonly crv?: 'Ed25519' | 'P-256';
  readonly x?: string;
  readonly y?: string;
  /** The private half of a pair. */
  readonly d?: string;
  /** The secret of HS256. */
  readonly k?: string;
  /** Epoch seconds from which it signs; until then it is published only. 0: since ever. */
  readonly signsFrom: number;
}

/** A public key, as others may see it: it has no member that could hold a secret. */
export interface PublicKeyJwk {
  readonly kty: 'OKP' | 'EC';
  readonly crv: 'Ed25519' | 'P-256';
  readonly x: string;
  readonly y?: string;
  readonly kid: string;
  readonly alg: AsymmetricAlgorithm;
  readonly use: 'sig';
}

/** A key ready for use. Its `CryptoKey`s are bound to its algorithm: no other can be done with them (RFC 8725 §3.1). */
export interface SigningKey {
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  /** Epoch milliseconds. */
  readonly signsFrom: number;
  readonly signs: CryptoKey;
  readonly verifies: CryptoKey;
  /** Null: a shared secret has no public half. */
  readonly published: PublicKeyJwk | null;
}

interface Shape {
  readonly kty: SigningKeyJwk['kty'];
  readonly crv: SigningKeyJwk['crv'];
  readonly publicMembers: readonly ('x' | 'y')[];
  readonly secretMember: 'd' | 'k';
}

const shapes: Readonly<Record<KeyAlgorithm, Shape>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519', publicMembers: ['x'], secretMember: 'd' },
  ES256: { kty: 'EC', crv: 'P-256', publicMembers: ['x', 'y'], secretMember: 'd' },
  HS256: { kty: 'oct', crv: undefined, publicMembers: [], secretMember: 'k' },
};

/** The algorithms that any token may have; which one a given token must have, its key says. */
export const keyAlgorithms: readonly KeyAlgorithm[] = ['EdDSA', 'ES256', 'HS256'];

/** RFC 7518 §3.2: a key of the hash's size at least. */
const minSecretBytes = 32;
const maxKidLength = 128;

/**
 * Makes a new key pair.
 *
 * @param options.alg default `EdDSA`
 * @param options.signsFrom epoch seconds from which it signs; default 0: at once
 * @example
 * ```ts
 * import { generateSigningKey, KeyRing } from '@midgard/auth';
 *
 * const keys = await KeyRing.from([await generateSigningKey({ alg: 'ES256' })]);
 * ```
 */
export async function generateSigningKey({
  alg = 'EdDSA',
  signsFrom = 0,
}: { readonly alg?: AsymmetricAlgorithm; readonly signsFrom?: number } = {}): Promise<SigningKeyJwk> {
  const { kty, crv } = shapes[alg];
  if (crv === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'a shared secret is not made here');
  const { privateKey } = await generateKeyPair(alg, { crv, extractable: true });
  const { x, y, d } = await exportJWK(privateKey);
  if (x === undefined || d === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'the key could not be exported');
  const members = { kty, crv, x, ...(y !== undefined && { y }) };
  return { ...members, d, alg, kid: await calculateJwkThumbprint(members), signsFrom };
}

/**
 * Reads a private key and imports it.
 *
 * @param value anything: it comes from a file or the environment; `alg` may be missing, `signsFrom` too
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: no private Ed25519 or P-256 key and no secret of 256 bits, meant for something else
 *   (`alg`, `use`, `key_ops`), under a `kid` that is not its thumbprint, or of halves that do not belong together
 */
export async function importSigningKey(value: unknown): Promise<SigningKey> {
  const jwk = parseSigningKey(value);
  const { alg, kid } = jwk;
  const signsFrom = jwk.signsFrom * 1000;
  if (alg === 'HS256') {
    const secret = await importSecret(jwk.k ?? '');
    return { kid, alg, signsFrom, signs: secret, verifies: secret, published: null };
  }
  const published = publicHalf(jwk, alg);
  if ((await calculateJwkThumbprint({ ...published })) !== kid) throw wrongKey('the kid of a signing key is not its thumbprint');
  const signs = await importKey({ ...published, d: jwk.d ?? '' }, alg);
  const verifies = await importKey({ ...published }, alg);
  return { kid, alg, signsFrom, signs, verifies, published };
}

/**
 * Reads a private key without importing it.
 *
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: see {@link importSigningKey}
 */
export function parseSigningKey(value: unknown): SigningKeyJwk {
  const members = membersOf(value);
  const alg = keyAlgorithms.find((each) => shapes[each].kty === members.get('kty') && shapes[each].crv === members.get('crv'));
  if (alg === undefined) throw wrongKey('a signing key is no Ed25519 or P-256 private key and no secret in JWK form');
  if ((members.get('alg') ?? alg) !== alg) throw wrongKey('a signing key is for another algorithm than its kind has');
  if ((members.get('use') ?? 'sig') !== 'sig' || !mayVerify(members.get('key_ops'))) throw wrongKey('a signing key is meant for something else than signing');
  const { kty, crv, publicMembers, secretMember } = shapes[alg];
  const kid = members.get('kid');
  if (typeof kid !== 'string' || kid === '' || kid.length > maxKidLength) throw wrongKey(`a signing key has a kid of 1 to ${maxKidLength} characters`);
  const signsFrom = members.get('signsFrom') ?? 0;
  if (typeof signsFrom !== 'number' || !Number.isSafeInteger(signsFrom) || signsFrom < 0) throw wrongKey('signsFrom is in whole epoch seconds');
  const texts = Object.fromEntries([...publicMembers, secretMember].map((name) => [name, requireText(members.get(name))]));
  return { kty, ...(crv !== undefined && { crv }), ...texts, alg, kid, signsFrom };
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) throw wrongKey('a signing key is not in JWK form');
  return new Map(Object.entries(value));
}

/** RFC 7517 §4.3: where a key says what it is for, it is for that only. */
function mayVerify(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && (operations.includes('sign') || operations.includes('verify')));
}

function requireText(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw wrongKey('a signing key lacks a part');
  return value;
}

function publicHalf({ kid, x = '', y }: SigningKeyJwk, alg: AsymmetricAlgorithm): PublicKeyJwk {
  const common = { x, ...(y !== undefined && { y }), kid, alg, use: 'sig' } as const;
  return alg === 'EdDSA' ? { kty: 'OKP', crv: 'Ed25519', ...common } : { kty: 'EC', crv: 'P-256', ...common };
}

async function importKey(jwk: JWK, alg: KeyAlgorithm): Promise<CryptoKey> {
  try {
    const key = await importJWK(jwk, alg);
    if (!(key instanceof Uint8Array)) return key;
  } catch (cause) {
    throw new AuthError('ERR_AUTH_OPTIONS', 'a signing key cannot be read', { cause });
  }
  throw wrongKey('a signing key is not asymmetric');
}

async function importSecret(text: string): Promise<CryptoKey> {
  const secret = Buffer.from(text, 'base64url');
  if (secret.length < minSecretBytes) throw wrongKey(`a shared secret has at least ${minSecretBytes} bytes`);
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

function wrongKey(message: string): AuthError {
  return new AuthError('ERR_AUTH_OPTIONS', message);
}
