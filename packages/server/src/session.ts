import type { PermissionSet, Principal } from '@midgard/auth';
import type { Transport } from './metrics.ts';

/** What a bucket says of one more request. */
export interface RateVerdict {
  readonly allowed: boolean;
  /** Milliseconds until one more request fits; 0 where it was allowed. */
  readonly retryAfterMs: number;
}

/** What a session is made of; {@link Dispatcher.openSession} makes them. */
export interface SessionParts {
  readonly principal: Principal;
  readonly permissions: PermissionSet;
  readonly transport: Transport;
  /** Takes one request from the caller's budget; null where the caller has no limit. */
  readonly takeRate: (() => RateVerdict) | null;
}

const unlimited: RateVerdict = { allowed: true, retryAfterMs: 0 };

/**
 * Who speaks, and what they may do: compiled once, asked at every request.
 * A TCP connection has one for its life, an HTTP request one of its own.
 */
export class Session {
  readonly principal: Principal;
  readonly transport: Transport;
  readonly #permissions: PermissionSet;
  readonly #games: ReadonlySet<string> | null;
  readonly #takeRate: (() => RateVerdict) | null;

  /** @param parts the caller and what was compiled for them */
  constructor({ principal, permissions, transport, takeRate }: SessionParts) {
    this.principal = principal;
    this.transport = transport;
    this.#permissions = permissions;
    this.#games = principal.games === '*' ? null : new Set(principal.games);
    this.#takeRate = takeRate;
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
  takeRate(): RateVerdict {
    return this.#takeRate === null ? unlimited : this.#takeRate();
  }
}
