import { AuthError } from '../errors.ts';
import { freezePrincipal, isRole, type Principal, type Role } from '../principal.ts';
import { clockToleranceMs, maxAccessTtlSeconds } from './limits.ts';
import { invalidToken, type VerifiedJws } from './verify-jws.ts';

/** Whom an access token is for: a player of a game, or a named service or person. */
export type AccessRequest = {
  /** Id of the game that the token opens; `'*'`: every game, for services only. */
  readonly game: string;
  readonly roles: readonly Role[];
  /** Lifetime in seconds where it differs from the issuer's default; at most 86,400. */
  readonly ttlSeconds?: number;
  /** The log-in that the token belongs to, so that it ends with it: 1 to 64 letters, digits, `-` and `_`, unique in the game. */
  readonly sessionId?: string | undefined;
} & ({ readonly playerId: bigint; readonly subject?: undefined } | { readonly subject: string; readonly playerId?: undefined });

/** The claims of ours beside those of RFC 9068 §2.2. `player` is decimal text, since a JSON number cannot hold 64 bits. */
export interface AccessClaims {
  readonly sub: string;
  /** RFC 9068 §2.2 requires it; the game is the client here. */
  readonly client_id: string;
  /** RFC 9068 §2.2.3.1. */
  readonly roles: readonly Role[];
  readonly player?: string;
  /** The log-in, as OpenID Connect names it. */
  readonly sid?: string;
}

/** What a token must say of where it is from, what for and when. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** RFC 9068 §2.1: what keeps an ID token or a refresh token from passing as an access token (RFC 8725 §3.11, §3.12). */
export const tokenType = 'at+jwt';

const sessionIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: an empty game or subject, a player id outside 1 to 2^63 − 1, a player without one game,
 *   or a malformed session id
 */
export function claimsOf({ game, roles, playerId, subject, sessionId }: AccessRequest): AccessClaims {
  if (game === '') throw new AuthError('ERR_AUTH_OPTIONS', 'a token needs a game');
  if (sessionId !== undefined && !sessionIdPattern.test(sessionId)) throw new AuthError('ERR_AUTH_OPTIONS', 'a session id has 1 to 64 letters and digits');
  const session = sessionId === undefined ? {} : { sid: sessionId };
  if (playerId === undefined) {
    if (subject === '') throw new AuthError('ERR_AUTH_OPTIONS', 'a token needs a subject');
    return { sub: subject, client_id: game, roles, ...session };
  }
  if (game === '*') throw new AuthError('ERR_AUTH_OPTIONS', 'a player belongs to one game');
  if (!isPlayerId(playerId)) throw new AuthError('ERR_AUTH_OPTIONS', 'a player id is 1 to 2^63 - 1');
  return { sub: playerSubject(game, playerId), client_id: game, roles, player: playerId.toString(), ...session };
}

/** The `subject` of a player's tokens, by which they are revoked. */
export function playerSubject(game: string, playerId: bigint): string {
  return `${game}:player:${playerId}`;
}

/** The `sessionId` of a principal: a log-in of one game is none of another's. */
export function sessionName(game: string, sessionId: string): string {
  return `${game}:${sessionId}`;
}

/**
 * Reads who holds a token of which the signature was checked: type, issuer, audience and times (RFC 9068 §4, RFC 8725 §3.8 to
 * §3.11) before any claim is believed. A role that this version does not know is dropped: it grants nothing.
 *
 * @throws {AuthError} `ERR_AUTH_EXPIRED`: a good token, too late; `ERR_AUTH_INVALID`: anything else
 */
export function principalOf({ header, payload, key }: VerifiedJws, expected: Expected): Principal {
  if (typeof header.typ !== 'string' || mediaType(header.typ) !== mediaType(tokenType)) throw invalidToken();
  const claims = parseClaims(payload);
  const { sub, client_id: game, roles, player, jti, sid } = claims;
  if (claims['iss'] !== expected.issuer || !isFor(claims['aud'], expected.audience)) throw invalidToken();
  const { issuedAt, expiresAt } = timesOf(claims, expected.now);
  if (!isText(sub) || !isText(game) || !isText(jti) || !Array.isArray(roles)) throw invalidToken();
  if (sid !== undefined && !(typeof sid === 'string' && sessionIdPattern.test(sid))) throw invalidToken();
  const playerId = player === undefined ? null : readPlayerId(player);
  // A player's token names the same player twice; if the two differ, something other than claimsOf made it.
  if (playerId !== null && sub !== playerSubject(game, playerId)) throw invalidToken();
  return freezePrincipal({
    subject: sub,
    kind: playerId === null ? 'service' : 'player',
    roles: roles.filter(isRole),
    games: game === '*' ? '*' : [game],
    playerId,
    expiresAt,
    issuedAt,
    sessionId: sid === undefined ? null : sessionName(game, sid),
    signedBy: key.kid,
  });
}

function parseClaims(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(utf8.decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return Object.fromEntries(Object.entries(claims));
  } catch (cause) {
    throw invalidToken(cause);
  }
  throw invalidToken();
}

/** RFC 9068 §4: `application/` may be left out, and case does not count. */
function mediaType(type: string): string {
  const lower = type.toLowerCase();
  return lower.includes('/') ? lower : `application/${lower}`;
}

function isFor(aud: unknown, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.every((each) => typeof each === 'string') && aud.includes(audience));
}

/** In epoch milliseconds. Expiry is told last of all: only of a token that is good otherwise. */
function timesOf({ iat, exp, nbf }: Readonly<Record<string, unknown>>, now: number): { issuedAt: number; expiresAt: number } {
  const latest = (now + clockToleranceMs) / 1000;
  if (!isTime(iat) || !isTime(exp) || iat > latest) throw invalidToken();
  if (nbf !== undefined && (!isTime(nbf) || nbf > latest)) throw invalidToken();
  // Longer than any of ours: it would outlive the memory of its revocation.
  if (exp - iat > maxAccessTtlSeconds) throw invalidToken();
  if (exp * 1000 + clockToleranceMs <= now) throw expiredToken();
  return { issuedAt: iat * 1000, expiresAt: exp * 1000 };
}

/** A good token, too late. */
export function expiredToken(): AuthError {
  return new AuthError('ERR_AUTH_EXPIRED', 'the token has expired');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function readPlayerId(value: unknown): bigint {
  if (typeof value !== 'string' || !/^[1-9][0-9]{0,18}$/.test(value)) throw invalidToken();
  const id = BigInt(value);
  if (!isPlayerId(id)) throw invalidToken();
  return id;
}

function isPlayerId(id: bigint): boolean {
  return id >= 1n && id < 2n ** 63n;
}
