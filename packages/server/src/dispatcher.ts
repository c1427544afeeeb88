import type { Principal } from '@midgard/auth';
import { mayCall, RateLimiter } from '@midgard/auth';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { CallOrigin, Operation } from '@midgard/game-kit';
import type { BatchItem } from './batch.ts';
import { parseBatch, runBatch } from './batch.ts';
import { Budgets, defaultRateLimits, type MakeLimiter, type RateLimit, type RateLimits } from './budgets.ts';
import type { BuiltIn } from './built-ins.ts';
import { findBuiltIn } from './built-ins.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { ServerLog } from './log.ts';
import { silentLog } from './log.ts';
import type { ServerMetrics, Transport } from './metrics.ts';
import { noopMetrics } from './metrics.ts';
import { RequestScope, runFor } from './request/request-scope.ts';
import type { RequestTracing } from './request/request-tracing.ts';
import { Rights } from './rights.ts';
import type { GameRoute, GameRouter } from './router.ts';
import { builtInGame } from './router.ts';
import { noShedding, requireCapacity, type Shedding } from './shedding.ts';
import { noServiceOperations, type ServiceOperations } from './service-operations.ts';
import { Session, withoutLimit } from './session.ts';

/** What a {@link Dispatcher} is made of. */
export interface DispatcherOptions {
  readonly router: GameRouter;
  /** What can be asked of the service itself. Default: nothing but the built-in operations. */
  readonly service?: ServiceOperations;
  /** What each role may do, and where; default: the roles of `@midgard/auth`. */
  readonly rights?: Rights;
  /** Limits by role; a role without one is not limited. Default: {@link defaultRateLimits}. A caller's connections share one budget. */
  readonly rateLimits?: RateLimits;
  /** By name of an operation, of each caller; beside what its role allows. Default: none. */
  readonly operationLimits?: Readonly<Record<string, RateLimit>>;
  /** Default: kept in this process, for each instance by itself. */
  readonly makeLimiter?: MakeLimiter;
  /** Asked at every request, so it must be quick; `Revocations` of `@midgard/auth` is one. Default: nothing is revoked. */
  readonly revocations?: { isRevoked(principal: Principal): boolean };
  /** Refuses a part of the requests while there is too much to do. Default: nothing is refused. */
  readonly shedding?: Shedding | undefined;
  readonly metrics?: ServerMetrics;
  /** Default: no request is followed. */
  readonly tracing?: RequestTracing | undefined;
  readonly log?: ServerLog;
  readonly clock?: Clock;
}

/** One request, wherever it came from. */
export interface Call {
  readonly session: Session;
  /** A game's number or id; 0 or `midgard` is the middleware itself. */
  readonly game: number | string;
  /** An operation's code or name. */
  readonly operation: number | string;
  /** The decoded input, not yet checked. */
  readonly input: unknown;
  /** What the client says of it: 0 normal, 1 high, 2 low. Default: normal. */
  readonly priority?: number;
  /** Tells the game that nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** What the front end knows of the request; it calls {@link Dispatcher.finish} once it is answered. Default: one that ends with the call. */
  readonly request?: RequestScope;
}

/** A call whose request is known. */
type Following = Call & { readonly request: RequestScope };

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
  /** What can be asked of the service itself, beside the built-in operations. */
  readonly service: ServiceOperations;
  readonly #rights: Rights;
  readonly #budgets: Budgets;
  readonly #revocations: DispatcherOptions['revocations'];
  readonly #shedding: Shedding;
  readonly #metrics: ServerMetrics;
  readonly #tracing: RequestTracing | undefined;
  readonly #log: ServerLog;
  readonly #clock: Clock;

  /** @param options only `router` is needed */
  constructor(options: DispatcherOptions) {
    this.router = options.router;
    this.service = options.service ?? noServiceOperations;
    this.#rights = options.rights ?? new Rights();
    this.#revocations = options.revocations;
    this.#shedding = options.shedding ?? noShedding;
    this.#metrics = options.metrics ?? noopMetrics;
    this.#tracing = options.tracing;
    this.#log = options.log ?? silentLog;
    this.#clock = options.clock ?? systemClock;
    const { rateLimits: roles = defaultRateLimits, operationLimits: operations = {} } = options;
    const { makeLimiter = (_, limit) => new RateLimiter({ ...limit, clock: this.#clock, maxKeys: maxLimitedCallers }) } = options;
    this.#budgets = new Budgets({ roles, operations, makeLimiter });
  }

  /**
   * Compiles what a caller may do. Cheap enough for every HTTP request: permissions are compiled once for a set of roles.
   *
   * @param address the peer's, for the audit log
   */
  openSession(principal: Principal, transport: Transport, address = ''): Session {
    return new Session({ principal, permissionsIn: this.#rights.of(principal), transport, address, budget: this.#budgets.ofCaller(principal) });
  }

  /**
   * Runs one request.
   *
   * @returns wire-ready output
   * @throws {MidgardError} always of this class: 1005, 2003, 2004, 3002, 3003, 3004, 3005, or what the operation says
   */
  async call(call: Call): Promise<unknown> {
    if (call.request !== undefined) return this.#follow(call, call.request);
    const request = new RequestScope({ transport: call.session.transport });
    try {
      return await this.#follow(call, request);
    } finally {
      this.finish(request);
    }
  }

  /** Measures a request that is answered, or that nobody waits for any more. To be called once, for each that had come to {@link call}. */
  finish(request: RequestScope): void {
    const seconds = (performance.now() - request.startedAt) / 1000;
    if (this.#tracing !== undefined) {
      // Of what never came to its operation.
      request.span ??= this.#tracing.begin(request);
      this.#tracing.end(request, seconds);
    }
    this.#metrics.requestFinished(request, seconds);
  }

  async #follow(call: Call, request: RequestScope): Promise<unknown> {
    const startedAt = performance.now();
    const { session } = call;
    const target = this.#find(call.game, call.operation);
    Object.assign(request, namesOf(target), { subject: session.principal.subject, address: session.address, handledFrom: startedAt });
    if (this.#tracing !== undefined) request.span ??= this.#tracing.begin(request);
    this.#metrics.requestRuns(session.transport, 1);
    try {
      return await runFor(request, () => this.#run({ ...call, request }, target));
    } catch (error) {
      const shown = toMidgardError(error);
      request.code = shown.code;
      if (shown.code < 2000) this.#logFault(error, request);
      throw shown;
    } finally {
      this.#metrics.requestRuns(session.transport, -1);
      request.add('handler', performance.now() - startedAt);
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

  #logFault(error: unknown, { game, operation, subject, requestId, traceId }: RequestScope): void {
    this.#log.error({ err: error, game, operation, subject, requestId, traceId }, 'request failed');
  }

  #find(game: number | string, operation: number | string): Target {
    if (game === 0 || game === builtInGame) {
      return { builtIn: findBuiltIn(operation), operation: this.service.operations.find(({ code, name }) => code === operation || name === operation) };
    }
    const route = this.router.find(game);
    return { route, operation: route?.operation(operation) };
  }

  #run(call: Following, target: Target): Promise<unknown> {
    const { session, input, signal } = call;
    this.#admit(session);
    if (call.game === 0 || call.game === builtInGame) return this.#runBuiltIn(call, target);
    const { route, operation } = target;
    if (route === undefined) throw new MidgardError('gameNotFound', `no game ${quote(call.game)}`);
    if (!session.mayUseGame(route.id)) throw new MidgardError('notPermitted', `no access to game ${quote(route.id)}`);
    if (operation === undefined) throw new MidgardError('operationNotFound', `game ${quote(route.id)} has no operation ${quote(call.operation)}`);
    this.#authorize(session, route.id, operation);
    // Not what concerns the service itself: it is what operators look for the cause with.
    requireCapacity(this.#shedding, operation, session.principal, call.priority);
    this.#requireBudget(session, operation);
    return route.game.execute({ operation, input, caller: session.isAnonymous ? null : session.principal, origin: originOf(call), signal });
  }

  /** True once what the caller showed has been revoked. */
  isRevoked(principal: Principal): boolean {
    return this.#revocations?.isRevoked(principal) === true;
  }

  #admit(session: Session): void {
    if (session.hasExpired(this.#clock.now())) throw new MidgardError('tokenExpired', 'the token or key has expired');
    // Also of a request that was let in and whose body took its time.
    if (this.isRevoked(session.principal)) throw revoked();
    const { allowed, retryAfterMs } = session.takeRate();
    if (!allowed) throw new MidgardError('rateLimited', 'too many requests', { details: { retryAfterMs } });
  }

  #authorize(session: Session, gameId: string, { name, permission, isPublic }: Operation): void {
    if (!mayCall(session.principal, name)) throw new MidgardError('notPermitted', `the key is not for ${name}`);
    if (isPublic || permission === null) return;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', `${name} needs a key or a token`);
    // Registered, so that the answer is a bit test from the second time on.
    this.#rights.register(permission);
    if (!session.may(permission, gameId)) throw new MidgardError('notPermitted', `${name} needs ${permission}`, { details: { permission } });
  }

  /** Of callers who are refused anyway nothing is counted. */
  #requireBudget({ principal }: Session, { name }: Operation): void {
    const { allowed, retryAfterMs } = this.#budgets.ofOperation(name)?.limiter.take(`${name}:${principal.subject}`) ?? withoutLimit;
    if (!allowed) throw new MidgardError('rateLimited', `too many of ${name}`, { details: { retryAfterMs, operation: name } });
  }

  async #runBuiltIn(call: Following, { builtIn, operation: ofService }: Target): Promise<unknown> {
    const { session, operation, input } = call;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', 'this needs a key or a token');
    if (ofService !== undefined) return this.#runOfService(call, ofService);
    if (builtIn === undefined) throw new MidgardError('operationNotFound', `the middleware has no operation ${quote(operation)}`);
    if (builtIn.name === 'whoami') return describe(session.principal);
    if (builtIn.name !== 'batch') throw new MidgardError('operationNotFound', `${builtIn.name} is not available in this version`);
    return runBatch(parseBatch(input), {
      run: (item) => this.#runItem(item, call),
      isWrite: (item) => this.#find(item.game, item.operation).operation?.kind === 'write',
    });
  }

  #runOfService(call: Following, operation: Operation): Promise<unknown> {
    const { session, input, signal } = call;
    // What concerns every game is for those who may go into every game.
    if (session.principal.games !== '*') throw new MidgardError('notPermitted', `${operation.name} is not for callers of some games`);
    this.#authorize(session, builtInGame, operation);
    this.#requireBudget(session, operation);
    return this.service.execute({ operation, input, caller: session.principal, origin: originOf(call), signal });
  }

  async #runItem(item: BatchItem, batch: Following): Promise<unknown> {
    if (!isNoBatch(item)) throw new MidgardError('operationNotFound', 'a batch holds no batch');
    const request = batch.request.item();
    try {
      return await this.#follow({ ...batch, game: item.game, operation: item.operation, input: item.input }, request);
    } finally {
      this.finish(request);
    }
  }
}

/** What ends a session whose token or key is good no more. */
export function revoked(): MidgardError {
  return new MidgardError('credentialInvalid', 'the token or key has been revoked');
}

function isNoBatch({ game, operation }: BatchItem): boolean {
  return !((game === 0 || game === builtInGame) && findBuiltIn(operation)?.name === 'batch');
}

/** For the audit log. */
function originOf({ session: { transport, address }, request: { requestId } }: Following): CallOrigin {
  return { transport, address, requestId };
}

/** The names that metrics and the log may see: never what a client wrote, which would make endless label values. */
function namesOf({ builtIn, route, operation }: Target): { game: string; operation: string } {
  if (builtIn !== undefined) return { game: builtInGame, operation: builtIn.name };
  if (route === undefined && operation !== undefined) return { game: builtInGame, operation: operation.name };
  return { game: route?.id ?? 'unknown', operation: operation?.name ?? 'unknown' };
}

function describe({ subject, kind, roles, games, expiresAt }: Principal): unknown {
  return { subject, kind, roles, games, expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
}

/** What a client wrote may be long; a message is not. */
function quote(name: number | string): string {
  return typeof name === 'number' ? String(name) : `"${name.slice(0, 64)}"`;
}
