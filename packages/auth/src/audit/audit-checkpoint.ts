import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import { AuthError } from '../errors.ts';
import { canonicalJson } from './canonical-json.ts';

/** Where a chain stood at a moment. */
export interface ChainPosition {
  /** Name of the database, such as the id of the game. */
  readonly scope: string;
  readonly chain: number;
  /** From 1 in each chain, without a gap. */
  readonly number: number;
  readonly sequence: bigint;
  /** Of the entry with that sequence. */
  readonly hash: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The entries up to here were removed on purpose: what is left begins behind it. */
  readonly isAnchor: boolean;
}

/** A signed position: nobody without the key can make a chain that ends or begins elsewhere and fits to it. */
export interface AuditCheckpoint extends ChainPosition {
  readonly keyId: string;
  /** Ed25519 (RFC 8032), base64url. */
  readonly signature: string;
}

/** Signs the positions of chains; its key lives outside the database. */
export class AuditSigner {
  readonly keyId: string;
  readonly #key: KeyObject;

  /**
   * @param jwk a private Ed25519 key, as `generateSigningKey` makes it
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: it is none; the message repeats nothing of it
   */
  constructor(jwk: unknown) {
    const { key, kid } = importKey(jwk, createPrivateKey);
    this.keyId = kid;
    this.#key = key;
  }

  /** Signs a position. */
  sign(position: ChainPosition): AuditCheckpoint {
    const signature = sign(null, signedBytes(position, this.keyId), this.#key).toString('base64url');
    return { ...position, keyId: this.keyId, signature };
  }
}

/** Public keys that checkpoints are checked with: the present one and those before it. */
export class AuditKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /**
   * @param jwks Ed25519 keys in JWK form; of private ones the public half is taken
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: one is none
   */
  constructor(jwks: readonly unknown[]) {
    this.#keys = new Map(
      jwks.map((jwk) => {
        const { key, kid } = importKey(jwk, createPublicKey);
        return [kid, key];
      }),
    );
  }

  /** Whether a checkpoint was signed with one of the keys, and says now what it said then. */
  accept({ keyId, signature, ...position }: AuditCheckpoint): boolean {
    const key = this.#keys.get(keyId);
    return key !== undefined && verify(null, signedBytes(position, keyId), key, Buffer.from(signature, 'base64url'));
  }
}

/**
 * The half of an audit key that may be given to whoever is to check the log.
 *
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: it is no Ed25519 key
 */
export function publicAuditKey(jwk: unknown): { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string; readonly kid: string } {
  const { kid, x } = requireKey(jwk);
  return { kty: 'OKP', crv: 'Ed25519', x, kid };
}

/** Named, so that no other signature of this key, for whatever it may be used, passes for one. */
function signedBytes({ scope, chain, number, sequence, hash, at, isAnchor }: ChainPosition, keyId: string): Buffer {
  const signed = { form: 'midgard audit checkpoint v1', scope, chain, number, sequence: String(sequence), hash, at, isAnchor, keyId };
  return Buffer.from(canonicalJson(signed));
}

interface KeyText {
  readonly kid: string;
  readonly x: string;
  readonly d?: string;
}

function requireKey(jwk: unknown): KeyText {
  const { kty, crv, x, d, kid }: Record<string, unknown> = typeof jwk === 'object' && jwk !== null ? { ...jwk } : {};
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string' || typeof kid !== 'string') throw noKey();
  return { kid, x, ...(typeof d === 'string' && { d }) };
}

function importKey(jwk: unknown, create: (input: { key: JsonWebKey; format: 'jwk' }) => KeyObject): { readonly key: KeyObject; readonly kid: string } {
  const { kid, x, d } = requireKey(jwk);
  try {
    // A fresh object: nothing else that a file holds reaches the library (prototype keys, `key_ops`).
    return { kid, key: create({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x, ...(d !== undefined && { d }) } }) };
  } catch {
    // The cause may repeat the key.
    throw noKey();
  }
}

function noKey(): AuthError {
  return new AuthError('ERR_AUTH_OPTIONS', 'an audit key is no Ed25519 key in JWK form');
}
