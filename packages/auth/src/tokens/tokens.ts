import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import { AuthError } from '../errors.ts';
import type { KeyRing, PublicKeySet } from '../keys/key-ring.ts';
import type { Principal } from '../principal.ts';
import { claimsOf, expiredToken, principalOf, tokenType, type AccessRequest } from './access-claims.ts';
import { clockToleranceMs, maxAccessTtlSeconds } from './limits.ts';
import type { Revocations } from './revocations.ts';
import { VerifiedTokens } from './verified-tokens.ts';
import { invalidToken, verifyJws } from './verify-jws.ts';

/** Set-up of {@link Tokens}. */
export interface TokensOptions {
  readonly keys: KeyRing;
  /** The `iss` claim: who we are. */
  readonly issuer: string;
  /** The `aud` claim: the service that tokens are for. */
  readonly audience: string;
  readonly clock?: Clock;
  /** How long an access token lives unless its request says otherwise, seconds: 1 to 86,400. Default 900. */
  readonly accessTtlSeconds?: number;
  /** What is refused although it is good by itself. Default: nothing. */
  readonly revocations?: Pick<Revocations, 'isRevoked'>;
}

/**
 * Issues and verifies access tokens: JWTs after RFC 9068, verified after RFC 8725, signed with whatever key the ring signs with.
 *
 * A verified token is remembered until it expires, is revoked, or its key is taken away; it is told by all of its characters.
 *
 * @example
 * ```ts
 * import { generateSigningKey, KeyRing, Tokens } from '@midgard/auth';
 *
 * const keys = await KeyRing.from([await generateSigningKey()]);
 * const tokens = new Tokens({ keys, issuer: 'https://midgard.example', audience: 'midgard' });
 * const token = await tokens.issueAccess({ game: 'realm', playerId: 42n, roles: ['player'], sessionId: '7' });
 * const { playerId, sessionId } = await tokens.verify(token); // 42n, 'realm:7'
 * ```
 */
export class Tokens {
  readonly #keys: KeyRing;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #clock: Clock;
  readonly #accessTtlSeconds: number;
  readonly #revocations: TokensOptions['revocations'];
  readonly #verified: VerifiedTokens;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: issuer or audience empty, or a lifetime out of its range */
  constructor({ keys, issuer, audience, clock = Date, accessTtlSeconds = 900, revocations }: TokensOptions) {
    if (issuer === '' || audience === '') throw new AuthError('ERR_AUTH_OPTIONS', 'tokens need an issuer and an audience');
    this.#keys = keys;
    this.#issuer = issuer;
    this.#audience = audience;
    this.#clock = clock;
    this.#accessTtlSeconds = requireLifetime(accessTtlSeconds);
    this.#revocations = revocations;
    this.#verified = new VerifiedTokens(keys.losses);
  }

  /**
   * Signs an access token.
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: the request makes no sense (see {@link AccessRequest})
   */
  async issueAccess(request: AccessRequest): Promise<string> {
    const { sub, ...claims } = claimsOf(request);
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const { kid, alg, signs } = this.#keys.signer();
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg, typ: tokenType, kid })
      .setIssuer(this.#issuer)
      .setAudience(this.#audience)
      .setSubject(sub)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + requireLifetime(request.ttlSeconds ?? this.#accessTtlSeconds))
      .setJti(randomUUID())
      .sign(signs);
  }

  /**
   * Checks an access token and says who holds it.
   *
   * @throws {AuthError} `ERR_AUTH_EXPIRED`: a good token, too late; `ERR_AUTH_INVALID`: anything else, in one message
   */
  async verify(token: string): Promise<Principal> {
    return this.recall(token) ?? this.#check(token);
  }

  /**
   * As {@link verify} for a token that was verified before, without a promise: for the hot way.
   *
   * @returns undefined where it is not remembered, which says nothing about it
   * @throws {AuthError} as {@link verify}
   */
  recall(token: string): Principal | undefined {
    const known = this.#verified.find(token, this.#keys.losses);
    if (known === undefined) return undefined;
    if (this.#clock.now() < known.goodUntil) return this.#unlessRevoked(known.principal);
    this.#verified.delete(known);
    throw expiredToken();
  }

  /** The public keys, for others who verify our tokens (RFC 7517). */
  jwks(): PublicKeySet {
    return this.#keys.publicKeys();
  }

  async #check(token: string): Promise<Principal> {
    // As before the check: what a key has verified that is taken away meanwhile is filed as of then, and not found.
    const { losses } = this.#keys;
    const jws = await verifyJws(token, this.#keys);
    const principal = principalOf(jws, { issuer: this.#issuer, audience: this.#audience, now: this.#clock.now() });
    const goodUntil = (principal.expiresAt ?? 0) + clockToleranceMs;
    this.#verified.add({ token, principal, goodUntil }, losses);
    return this.#unlessRevoked(principal);
  }

  #unlessRevoked(principal: Principal): Principal {
    if (this.#revocations?.isRevoked(principal) === true) throw invalidToken();
    return principal;
  }
}

function requireLifetime(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxAccessTtlSeconds) return seconds;
  throw new AuthError('ERR_AUTH_OPTIONS', `a lifetime is a whole number of seconds from 1 to ${maxAccessTtlSeconds}`);
}
