import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { AuthError } from './errors.ts';

/** A private Ed25519 key in JWK form (RFC 8037 §2). Write it to a file of mode 0600 or take it from a secret store. */
export interface SigningKeyJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
  /** The key's thumbprint (RFC 7638), by which tokens name it. */
  readonly kid: string;
}

/** A public key set (RFC 7517 §5), as `/.well-known/jwks.json` serves it. */
export interface PublicKeySet {
  readonly keys: readonly {
    readonly kty: 'OKP';
    readonly crv: 'Ed25519';
    readonly x: string;
    readonly kid: string;
    readonly alg: 'EdDSA';
    readonly use: 'sig';
  }[];
}

/** Makes a new Ed25519 key. */
export async function generateSigningKey(): Promise<SigningKeyJwk> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  if (jwk.x === undefined || jwk.d === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'the key could not be exported');
  const key = { kty: 'OKP', crv: 'Ed25519', x: jwk.x, d: jwk.d } as const;
  return { ...key, kid: await calculateJwkThumbprint(key) };
}

/**
 * The keys that tokens are signed with and checked against: the first signs, all of them verify.
 * To rotate, put the new key first and leave the old one until its last token has expired.
 */
export class SigningKeys {
  readonly current: { readonly kid: string; readonly key: CryptoKey };
  readonly #publicKeys: ReadonlyMap<string, CryptoKey>;
  readonly #keySet: PublicKeySet;

  private constructor(current: { kid: string; key: CryptoKey }, publicKeys: ReadonlyMap<string, CryptoKey>, keySet: PublicKeySet) {
    this.current = current;
    this.#publicKeys = publicKeys;
    this.#keySet = keySet;
  }

  /**
   * @param jwks private keys as {@link generateSigningKey} makes them; unknown values are accepted, since they come from a file
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: none, not an Ed25519 private key, or a `kid` that is not the key's thumbprint
   */
  static async from(jwks: readonly unknown[]): Promise<SigningKeys> {
    const keys = jwks.map(requireSigningKey);
    const [first] = keys;
    if (first === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'at least one signing key is needed');
    const publicKeys = new Map<string, CryptoKey>();
    for (const { d: _, kid, ...publicKey } of keys) {
      if ((await calculateJwkThumbprint(publicKey)) !== kid) throw new AuthError('ERR_AUTH_OPTIONS', 'the kid of a signing key is not its thumbprint');
      publicKeys.set(kid, await importKey(publicKey));
    }
    const keySet: PublicKeySet = { keys: keys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid, alg: 'EdDSA', use: 'sig' })) };
    return new SigningKeys({ kid: first.kid, key: await importKey(first) }, publicKeys, keySet);
  }

  /** The public key of that id, or undefined. */
  publicKey(kid: string): CryptoKey | undefined {
    return this.#publicKeys.get(kid);
  }

  /** The public halves, for others who verify our tokens. */
  toPublicKeySet(): PublicKeySet {
    return this.#keySet;
  }
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  try {
    const key = await importJWK(jwk, 'EdDSA');
    if (!(key instanceof Uint8Array)) return key;
  } catch (cause) {
    throw new AuthError('ERR_AUTH_OPTIONS', 'a signing key cannot be read', { cause });
  }
  throw new AuthError('ERR_AUTH_OPTIONS', 'a signing key is not asymmetric');
}

function requireSigningKey(value: unknown): SigningKeyJwk {
  if (!isSigningKey(value)) throw new AuthError('ERR_AUTH_OPTIONS', 'a signing key is not an Ed25519 private key in JWK form');
  return { kty: value.kty, crv: value.crv, x: value.x, d: value.d, kid: value.kid };
}

function isSigningKey(value: unknown): value is SigningKeyJwk {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, x, d, kid }: Partial<Record<keyof SigningKeyJwk, unknown>> = value;
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string' && typeof kid === 'string';
}
