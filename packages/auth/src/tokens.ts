import { hash, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type CryptoKey, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { claimsOf, principalOf, type AccessRequest } from './access-claims.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';
import type { Principal } from './principal.ts';
import type { PublicKeySet, SigningKeys } from './signing-keys.ts';

/** Set-up of {@link Tokens}. */
export interface TokensOptions {
  readonly keys: SigningKeys;
  /** The `iss` claim: who we are. */
  readonly issuer: string;
  /** The `aud` claim: the service that tokens are for. */
  readonly audience: string;
  readonly clock?: Clock;
  /** How long an access token lives unless its request says otherwise, seconds. Default 900. */
  readonly accessTtlSeconds?: number;
}

/** RFC 9068 §2.1: what keeps an ID token or a refresh token from passing as an access token (RFC 8725 §3.11, §3.12). */
const tokenType = 'at+jwt';
/** RFC 8725 §3.1: the algorithm is ours to choose, never the token's. */
const algorithms = ['EdDSA'];
/** How far the clocks of two machines may differ. */
const toleranceSeconds = 5;
/** Ours have about 500 characters; a longer text is not worth hashing. */
const maxTokenLength = 8192;
/** Verified tokens remembered: one a player who is online; about 400 bytes each. */
const maxCachedTokens = 20_000;
const requiredClaims = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];

/**
 * Issues and verifies access tokens: JWTs after RFC 9068, signed with Ed25519, verified after RFC 8725.
 *
 * A verified token is remembered by its SHA-256 until it expires, so that a signature is checked once and not at each
 * request. The digest covers every character: no two tokens share an entry.
 *
 * @example
 * ```ts
 * import { generateSigningKey, SigningKeys, Tokens } from '@midgard/auth';
 *
 * const keys = await SigningKeys.from([await generateSigningKey()]);
 * const tokens = new Tokens({ keys, issuer: 'https://midgard.example', audience: 'midgard' });
 * const token = await tokens.issueAccess({ game: 'realm', playerId: 42n, roles: ['player'] });
 * const { playerId } = await tokens.verify(token); // 42n
 * ```
 */
export class Tokens {
  readonly #keys: SigningKeys;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #clock: Clock;
  readonly #accessTtlSeconds: number;
  readonly #verified = new BoundedMap<{ readonly principal: Principal; readonly goodUntil: number }>(maxCachedTokens);

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: issuer or audience empty, or a lifetime that is not positive */
  constructor({ keys, issuer, audience, clock = Date, accessTtlSeconds = 900 }: TokensOptions) {
    if (issuer === '' || audience === '') throw new AuthError('ERR_AUTH_OPTIONS', 'tokens need an issuer and an audience');
    this.#keys = keys;
    this.#issuer = issuer;
    this.#audience = audience;
    this.#clock = clock;
    this.#accessTtlSeconds = requireLifetime(accessTtlSeconds);
  }

  /**
   * Signs an access token.
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: the request makes no sense (see {@link AccessRequest})
   */
  async issueAccess(request: AccessRequest): Promise<string> {
    const { sub, ...claims } = claimsOf(request);
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const { kid, key } = this.#keys.current;
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: tokenType, kid })
      .setIssuer(this.#issuer)
      .setAudience(this.#audience)
      .setSubject(sub)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + requireLifetime(request.ttlSeconds ?? this.#accessTtlSeconds))
      .setJti(randomUUID())
      .sign(key);
  }

  /**
   * Checks an access token and says who holds it. Signature, algorithm, type, issuer, audience and times are all checked
   * before any claim is believed (RFC 9068 §4, RFC 8725 §3).
   *
   * @throws {AuthError} `ERR_AUTH_EXPIRED`: a good token, too late; `ERR_AUTH_INVALID`: anything else, in one message
   */
  async verify(token: string): Promise<Principal> {
    if (token.length > maxTokenLength || !hasCanonicalSignature(token)) throw invalidToken();
    const digest = hash('sha256', token, 'base64');
    const cached = this.#verified.get(digest);
    if (cached !== undefined) {
      if (this.#clock.now() < cached.goodUntil) return cached.principal;
      this.#verified.delete(digest);
      throw expiredToken();
    }
    const principal = principalOf(await this.#check(token));
    if (principal === undefined || principal.expiresAt === null) throw invalidToken();
    this.#verified.set(digest, { principal, goodUntil: principal.expiresAt + toleranceSeconds * 1000 });
    return principal;
  }

  /** The public keys, for others who verify our tokens (RFC 7517). */
  jwks(): PublicKeySet {
    return this.#keys.toPublicKeySet();
  }

  async #check(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, (header) => this.#keyFor(header), {
        algorithms,
        typ: tokenType,
        issuer: this.#issuer,
        audience: this.#audience,
        requiredClaims,
        clockTolerance: toleranceSeconds,
        currentDate: new Date(this.#clock.now()),
      });
      return payload;
    } catch (cause) {
      throw cause instanceof errors.JWTExpired ? expiredToken(cause) : invalidToken(cause);
    }
  }

  /** RFC 8725 §3.10: only keys that we hold; `jwk`, `jku` and `x5u` of a header are never followed. */
  #keyFor({ kid }: Partial<JWTHeaderParameters>): CryptoKey {
    const key = kid === undefined ? undefined : this.#keys.publicKey(kid);
    if (key === undefined) throw invalidToken();
    return key;
  }
}

/**
 * Base64url of 64 bytes leaves four bits of the last character unused, and decoders ignore them: 16 texts would be the
 * same token. Only the canonical one passes (RFC 4648 §3.5), so that a token has one digest, in our cache and in a deny list.
 */
function hasCanonicalSignature(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

function requireLifetime(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1) throw new AuthError('ERR_AUTH_OPTIONS', 'a lifetime is a whole number of seconds, at least 1');
  return seconds;
}

function invalidToken(cause?: unknown): AuthError {
  return new AuthError('ERR_AUTH_INVALID', 'the token is not valid', { cause });
}

function expiredToken(cause?: unknown): AuthError {
  return new AuthError('ERR_AUTH_EXPIRED', 'the token has expired', { cause });
}
