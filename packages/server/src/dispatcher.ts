import type { Principal, RateDecision, Role } from '@midgard/auth';
import { PermissionTable, RateLimiter } from '@midgard/auth';
import type { TraceContext } from '@midgard/codec';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { Operation } from '@midgard/game-kit';
import type { BatchItem } from './batch.ts';
import { parseBatch, runBatch } from './batch.ts';
import type { BuiltIn } from './built-ins.ts';
import { findBuiltIn } from './built-ins.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { ServerLog } from './log.ts';
import { silentLog } from './log.ts';
import type { ServerMetrics, Transport } from './metrics.ts';
import { noopMetrics } from './metrics.ts';
import type { GameRoute, GameRouter } from './router.ts';
import { builtInGame } from './router.ts';
import { Session } from './session.ts';

/** How many requests a caller may make. */
export interface RateLimit {
  /** Requests a second that a caller may go on making. */
  readonly perSecond: number;
  /** Requests that may come at once after a pause. */
  readonly burst: number;
}

/** What a {@link Dispatcher} is made of. */
export interface DispatcherOptions {
  readonly router: GameRouter;
  /** What each role may do; default: the roles of `@midgard/auth`. */
  readonly permissions?: PermissionTable;
  /** Limits by role; a role without one is not limited. Default: {@link defaultRateLimits}. A caller's connections share one budget. */
  readonly rateLimits?: RateLimits;
  readonly metrics?: ServerMetrics;
  readonly log?: ServerLog;
  readonly clock?: Clock;
}

/** Limits by role. */
export type RateLimits = Readonly<Partial<Record<Role, RateLimit>>>;

/** Trusted back ends run at full speed; web sites and players' own devices do not. */
export const defaultRateLimits: RateLimits = {
  web: { perSecond: 500, burst: 1000 },
  player: { perSecond: 50, burst: 100 },
};

/** One request, wherever it came from. */
export interface Call {
  readonly session: Session;
  /** A game's number or id; 0 or `midgard` is the middleware itself. */
  readonly game: number | string;
  /** An operation's code or name. */
  readonly operation: number | string;
  /** The decoded input, not yet checked. */
  readonly input: unknown;
  /** Tells the game that nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** The caller's trace, for the log. */
  readonly trace?: TraceContext;
  /** The front end's name for the request, for the log. */
  readonly requestId?: string | number;
}

/** Where a request goes; what is missing of it was not found. */
interface Target {
  readonly builtIn?: BuiltIn | undefined;
  readonly route?: GameRoute | undefined;
  readonly operation?: Operation | undefined;
}

/** More callers than this at once share the limiter's memory; the longest idle are forgotten first. */
const maxLimitedCallers = 100_000;

/**
 * Takes a request from any front end to its operation: finds it, checks that the caller may, runs it, measures it.
 *
 * @example
 * const session = dispatcher.openSession(principal, 'tcp');
 * const player = await dispatcher.call({ session, game: 'realm', operation: 'player.get', input: { id: '42' } });
 */
export class Dispatcher {
  /** The games that requests can reach. */
  readonly router: GameRouter;
  readonly #permissions: PermissionTable;
  readonly #limits: RateLimits;
  readonly #limiters = new Map<Role, RateLimiter>();
  readonly #metrics: ServerMetrics;
  readonly #log: ServerLog;
  readonly #clock: Clock;

  /** @param options only `router` is needed */
  constructor(options: DispatcherOptions) {
    this.router = options.router;
    this.#permissions = options.permissions ?? new PermissionTable();
    this.#limits = options.rateLimits ?? defaultRateLimits;
    this.#metrics = options.metrics ?? noopMetrics;
    this.#log = options.log ?? silentLog;
    this.#clock = options.clock ?? systemClock;
  }

  /** Compiles what a caller may do. Cheap enough for every HTTP request: permissions are compiled once for a set of roles. */
  openSession(principal: Principal, transport: Transport): Session {
    const permissions = this.#permissions.compile(principal);
    return new Session({ principal, permissions, transport, takeRate: this.#budgetOf(principal) });
  }

  /**
   * Runs one request.
   *
   * @returns wire-ready output
   * @throws {MidgardError} always of this class: 2003, 2004, 3002, 3004, 3005, or what the operation says
   */
  async call(call: Call): Promise<unknown> {
    const startedAt = performance.now();
    const target = this.#find(call.game, call.operation);
    let code = 0;
    try {
      return await this.#run(call, target);
    } catch (error) {
      const shown = toMidgardError(error);
      code = shown.code;
      if (code < 2000) this.#logFault(error, call, target);
      throw shown;
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#metrics.requestFinished({ transport: call.session.transport, ...namesOf(target), code, seconds });
    }
  }

  /**
   * Names what a request changes, so that a connection keeps the order of its writes; empty for a read and for bad input.
   */
  orderKeys(game: number | string, operation: number | string, input: unknown): readonly string[] {
    const target = this.#find(game, operation);
    if (target.builtIn?.name === 'batch') return this.#orderKeysOfBatch(input);
    const { route } = target;
    if (route === undefined || target.operation === undefined) return [];
    return route.game.orderKeys(target.operation, input).map((key) => `${route.number}:${key}`);
  }

  #orderKeysOfBatch(input: unknown): readonly string[] {
    try {
      return [
        ...new Set(
          parseBatch(input)
            .filter(isNoBatch)
            .flatMap((item) => this.orderKeys(item.game, item.operation, item.input)),
        ),
      ];
    } catch {
      return [];
    }
  }

  #logFault(error: unknown, { trace, requestId, session }: Call, target: Target): void {
    this.#log.error({ err: error, ...namesOf(target), subject: session.principal.subject, requestId, traceId: trace?.traceId }, 'request failed');
  }

  #find(game: number | string, operation: number | string): Target {
    if (game === 0 || game === builtInGame) return { builtIn: findBuiltIn(operation) };
    const route = this.router.find(game);
    return { route, operation: route?.operation(operation) };
  }

  #run(call: Call, target: Target): Promise<unknown> {
    const { session, input, signal } = call;
    this.#admit(session);
    if (call.game === 0 || call.game === builtInGame) return this.#runBuiltIn(call, target.builtIn);
    const { route, operation } = target;
    if (route === undefined) throw new MidgardError('gameNotFound', `no game ${quote(call.game)}`);
    if (!session.mayUseGame(route.id)) throw new MidgardError('notPermitted', `no access to game ${quote(route.id)}`);
    if (operation === undefined) throw new MidgardError('operationNotFound', `game ${quote(route.id)} has no operation ${quote(call.operation)}`);
    this.#authorize(session, operation);
    return route.game.execute({ operation, input, caller: session.isAnonymous ? null : session.principal, signal });
  }

  #admit(session: Session): void {
    if (session.hasExpired(this.#clock.now())) throw new MidgardError('tokenExpired', 'the token or key has expired');
    const { allowed, retryAfterMs } = session.takeRate();
    if (!allowed) throw new MidgardError('rateLimited', 'too many requests', { details: { retryAfterMs } });
  }

  #authorize(session: Session, { name, permission, isPublic }: Operation): void {
    if (isPublic || permission === null) return;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', `${name} needs a key or a token`);
    // Registered, so that the answer is a bit test from the second time on.
    this.#permissions.register(permission);
    if (!session.may(permission)) throw new MidgardError('notPermitted', `${name} needs ${permission}`, { details: { permission } });
  }

  async #runBuiltIn(call: Call, builtIn: BuiltIn | undefined): Promise<unknown> {
    const { session, operation, input } = call;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', 'this needs a key or a token');
    if (builtIn === undefined) throw new MidgardError('operationNotFound', `the middleware has no operation ${quote(operation)}`);
    if (builtIn.name === 'whoami') return describe(session.principal);
    if (builtIn.name !== 'batch') throw new MidgardError('operationNotFound', `${builtIn.name} is not available in this version`);
    return runBatch(parseBatch(input), {
      run: (item) => this.#runItem(item, call),
      isWrite: (item) => this.#find(item.game, item.operation).operation?.kind === 'write',
    });
  }

  async #runItem(item: BatchItem, batch: Call): Promise<unknown> {
    if (!isNoBatch(item)) throw new MidgardError('operationNotFound', 'a batch holds no batch');
    return this.call({ ...batch, game: item.game, operation: item.operation, input: item.input });
  }

  /** A caller with several roles has the most generous limit among them. */
  #budgetOf({ roles, subject }: Principal): (() => RateDecision) | null {
    let best: { role: Role; limit: RateLimit } | null = null;
    for (const role of roles) {
      const limit = this.#limits[role];
      if (limit === undefined) return null;
      if (best === null || limit.perSecond > best.limit.perSecond) best = { role, limit };
    }
    if (best === null) return null;
    const limiter = this.#limiterOf(best.role, best.limit);
    return () => limiter.take(subject);
  }

  #limiterOf(role: Role, limit: RateLimit): RateLimiter {
    const known = this.#limiters.get(role);
    if (known !== undefined) return known;
    const limiter = new RateLimiter({ ...limit, clock: this.#clock, maxKeys: maxLimitedCallers });
    this.#limiters.set(role, limiter);
    return limiter;
  }
}

function isNoBatch({ game, operation }: BatchItem): boolean {
  return !((game === 0 || game === builtInGame) && findBuiltIn(operation)?.name === 'batch');
}

/** The names that metrics and the log may see: never what a client wrote, which would make endless label values. */
function namesOf({ builtIn, route, operation }: Target): { game: string; operation: string } {
  if (builtIn !== undefined) return { game: builtInGame, operation: builtIn.name };
  return { game: route?.id ?? 'unknown', operation: operation?.name ?? 'unknown' };
}

function describe({ subject, kind, roles, games, expiresAt }: Principal): unknown {
  return { subject, kind, roles, games, expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
}

/** What a client wrote may be long; a message is not. */
function quote(name: number | string): string {
  return typeof name === 'number' ? String(name) : `"${name.slice(0, 64)}"`;
}
