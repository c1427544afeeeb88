import type { PermissionSet, Principal, RateDecision } from '@midgard/auth';
import type { Budget } from './budgets.ts';
import type { PushSink, Subscriber } from './events/subscriber.ts';
import type { Transport } from './metrics.ts';

/** Who has not said who they are: may call public operations, such as a log-in, and nothing else. */
export const anonymous: Principal = Object.freeze({
  subject: 'anonymous',
  kind: 'service',
  roles: Object.freeze([]),
  games: '*',
  playerId: null,
  expiresAt: null,
  issuedAt: null,
  sessionId: null,
});

/** What a session is made of; {@link Dispatcher.openSession} makes them. */
export interface SessionParts {
  readonly principal: Principal;
  /** What the caller may do in a game; the same set where games do not differ. */
  readonly permissionsIn: (gameId: string) => PermissionSet;
  readonly transport: Transport;
  /** The peer's, for the audit log; `''` where it is not known. */
  readonly address: string;
  /** What limits the caller's requests; undefined where nothing does. */
  readonly budget: Budget | undefined;
}

/** The answer where there is no limit. */
export const withoutLimit: RateDecision = { allowed: true, retryAfterMs: 0 };

/**
 * Who speaks, and what they may do: compiled once, asked at every request.
 * A TCP connection has one for its life, an HTTP request one of its own.
 */
export class Session {
  readonly principal: Principal;
  readonly transport: Transport;
  /** The peer's, for the audit log; `''` where it is not known. */
  readonly address: string;
  /** What limits the caller's requests; undefined where nothing does. */
  readonly budget: Budget | undefined;
  /** Where events go to; undefined where there is no connection that lasts. Set by the front end. */
  sink: PushSink | undefined;
  /** What the caller listens to; the front end closes it with the connection. */
  subscriber: Subscriber | undefined;
  readonly #permissionsIn: (gameId: string) => PermissionSet;
  readonly #games: ReadonlySet<string> | null;

  /** @param parts the caller and what was compiled for them */
  constructor({ principal, permissionsIn, transport, address, budget }: SessionParts) {
    this.principal = principal;
    this.transport = transport;
    this.address = address;
    this.#permissionsIn = permissionsIn;
    this.#games = principal.games === '*' ? null : new Set(principal.games);
    this.budget = budget;
  }

  /** True for {@link anonymous}. */
  get isAnonymous(): boolean {
    return this.principal === anonymous;
  }

  /** True if the caller's roles grant the permission, such as `player:read`, in that game. */
  may(permission: string, gameId: string): boolean {
    return this.#permissionsIn(gameId).has(permission);
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
    return this.budget?.limiter.take(this.principal.subject) ?? withoutLimit;
  }
}
