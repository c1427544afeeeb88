import type { JWTPayload } from 'jose';
import { AuthError } from './errors.ts';
import { freezePrincipal, isRole, type Principal, type Role } from './principal.ts';

/** Whom an access token is for: a player of a game, or a named service or person. */
export type AccessRequest = {
  /** Id of the game that the token opens; `'*'`: every game, for services only. */
  readonly game: string;
  readonly roles: readonly Role[];
  /** Lifetime in seconds where it differs from the issuer's default. */
  readonly ttlSeconds?: number;
} & ({ readonly playerId: bigint; readonly subject?: undefined } | { readonly subject: string; readonly playerId?: undefined });

/** The claims of ours beside those of RFC 9068 §2.2. `player` is decimal text, since a JSON number cannot hold 64 bits. */
export interface AccessClaims {
  readonly sub: string;
  /** RFC 9068 §2.2 requires it; the game is the client here. */
  readonly client_id: string;
  /** RFC 9068 §2.2.3.1. */
  readonly roles: readonly Role[];
  readonly player?: string;
}

/**
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: an empty game or subject, a player id outside 1 to 2^63 − 1, or a player without one game
 */
export function claimsOf({ game, roles, playerId, subject }: AccessRequest): AccessClaims {
  if (game === '') throw new AuthError('ERR_AUTH_OPTIONS', 'a token needs a game');
  if (playerId === undefined) {
    if (subject === '') throw new AuthError('ERR_AUTH_OPTIONS', 'a token needs a subject');
    return { sub: subject, client_id: game, roles };
  }
  if (game === '*') throw new AuthError('ERR_AUTH_OPTIONS', 'a player belongs to one game');
  if (!isPlayerId(playerId)) throw new AuthError('ERR_AUTH_OPTIONS', 'a player id is 1 to 2^63 - 1');
  return { sub: `${game}:player:${playerId}`, client_id: game, roles, player: playerId.toString() };
}

/**
 * Reads the claims of a token whose signature, issuer, audience and times have been checked.
 * A role that this version does not know is dropped: it grants nothing.
 *
 * @returns undefined if a claim is missing or of the wrong type
 */
export function principalOf({ sub, client_id: game, roles, player, exp }: JWTPayload): Principal | undefined {
  if (typeof sub !== 'string' || sub === '' || typeof game !== 'string' || game === '') return undefined;
  if (!Array.isArray(roles) || typeof exp !== 'number') return undefined;
  const playerId = player === undefined ? null : readPlayerId(player);
  if (playerId === undefined) return undefined;
  // A player's token names the same player twice; if the two differ, something other than claimsOf made it.
  if (playerId !== null && sub !== `${game}:player:${playerId}`) return undefined;
  return freezePrincipal({
    subject: sub,
    kind: playerId === null ? 'service' : 'player',
    roles: roles.filter(isRole),
    games: game === '*' ? '*' : [game],
    playerId,
    expiresAt: exp * 1000,
  });
}

function readPlayerId(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !/^[1-9][0-9]{0,18}$/.test(value)) return undefined;
  const id = BigInt(value);
  return isPlayerId(id) ? id : undefined;
}

function isPlayerId(id: bigint): boolean {
  return id >= 1n && id < 2n ** 63n;
}
