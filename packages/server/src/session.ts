import type { PermissionSet, Principal, RateDecision } from '@midgard/auth';
import type { Transport } from './metrics.ts';

/** Who has not said who they are: may call public operations, such as a log-in, and nothing else. */
export const anonymous: Principal = Object.freeze({
  subject: 'anonymous',
  kind: 'service',
  roles: Object.freeze([]),
  games: '*',
  playerId: null,
  expiresAt: null,
});

/** What a session is made of; {@link Dispatcher.openSession} makes them. */
export interface SessionParts {
  readonly principal: Principal;
  readonly permissions: PermissionSet;
  readonly transport: Transport;
  /** Takes one request from the caller's budget; null where the caller has no limit. */
  readonly takeRate: (() => RateDecision) | null;
}

const unlimited: RateDecision = { allowed: true, retryAfterMs: 0 };

/**
 * Who speaks, and what they may do: compiled once, asked at every request.
 * A TCP connection has one for its life, an HTTP request one of its own.
 */
export class Session {
  readonly principal: Principal;
  readonly transport: Transport;
  readonly #permissions: PermissionSet;
  readonly #games: ReadonlySet<string> | null;
  readonly #takeRate: (() => RateDecision) | null;

  /** @param parts the caller and what was compiled for them */
  constructor({ principal, permissions, transport, takeRate }: SessionParts) {
    this.principal = principal;
    this.transport = transport;
    this.#permissions = permissions;
    this.#games = principal.games === '*' ? null : new Set(principal.games);
    this.#takeRate = takeRate;
  }

  /** True for {@link anonymous}. */
  get isAnonymous(): boolean {
    return this.principal === anonymous;
  }

  /** True if the caller's roles grant the permission, such as `player:read`. */
  may(permission: string): boolean {
    return this.#permissions.has(permission);
  }

  /** True if the caller may use the game with this id at all. */
  mayUseGame(gameId: string): boolean {
    return this.#games === null || this.#games.has(gameId);
  }

  /** True once the caller's token or key has run out. @param now epoch milliseconds */
  hasExpired(now: number): boolean {
    return this.principal.expiresAt !== null && now >= this.principal.expiresAt;
  }

  /** Takes one request from the caller's budget. */
  takeRate(): RateDecision {
    return this.#takeRate === null ? unlimited : this.#takeRate();
  }
}
