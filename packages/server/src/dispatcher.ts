import type { Principal } from '@midgard/auth';
import { RateLimiter } from '@midgard/auth';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { CallOrigin, Operation } from '@midgard/game-kit';
import { Admission } from './admission.ts';
import { Backlogs } from './backlog.ts';
import type { BatchItem } from './batch.ts';
import { parseBatch, runBatch } from './batch.ts';
import { Budgets, defaultRateLimits } from './budgets.ts';
import type { BuiltIn } from './built-ins.ts';
import { findBuiltIn } from './built-ins.ts';
import type { Call } from './call.ts';
import { systemClock } from './clock.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import type { EventHub } from './events/event-hub.ts';
import { parseSubscription } from './events/subscription-input.ts';
import { HotRules } from './hot/hot-rules.ts';
import type { ServerLog } from './log.ts';
import { silentLog } from './log.ts';
import type { ServerMetrics, Transport } from './metrics.ts';
import { noopMetrics } from './metrics.ts';
import { quote } from './quote.ts';
import { RequestScope, runFor } from './request/request-scope.ts';
import type { RequestTracing } from './request/request-tracing.ts';
import { Rights } from './rights.ts';
import type { GameRoute, GameRouter } from './router.ts';
import { builtInGame } from './router.ts';
import { noShedding, requireCapacity, type Shedding } from './shedding.ts';
import { noServiceOperations, type ServiceOperations } from './service-operations.ts';
import type { Session } from './session.ts';

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
  /** What may be answered without asking a game. */
  readonly hotRules: HotRules;
  readonly #admission: Admission;
  readonly #backlogs: Backlogs;
  readonly #shedding: Shedding;
  readonly #events: EventHub | undefined;
  readonly #metrics: ServerMetrics;
  readonly #tracing: RequestTracing | undefined;
  readonly #log: ServerLog;

  /** @param options only `router` is needed */
  constructor(options: DispatcherOptions) {
    this.router = options.router;
    this.service = options.service ?? noServiceOperations;
    this.#shedding = options.shedding ?? noShedding;
    this.#events = options.events;
    this.#metrics = options.metrics ?? noopMetrics;
    this.#tracing = options.tracing;
    this.#log = options.log ?? silentLog;
    this.#backlogs = new Backlogs(options.backlog);
    const { clock = systemClock, revocations, rights = new Rights() } = options;
    const { rateLimits: roles = defaultRateLimits, operationLimits: operations = {} } = options;
    const { makeLimiter = (_, limit) => new RateLimiter({ ...limit, clock, maxKeys: maxLimitedCallers }) } = options;
    const budgets = new Budgets({ roles, operations, makeLimiter });
    this.#admission = new Admission({ rights, budgets, revocations, clock });
    this.hotRules = new HotRules({
      router: this.router,
      rights,
      budgets,
      shedding: this.#shedding,
      tracing: this.#tracing,
      isOver: (session) => this.#admission.refusalOf(session) !== undefined,
    });
  }

  /**
   * Compiles what a caller may do. Cheap enough for every HTTP request: permissions are compiled once for a set of roles.
   *
   * @param address the peer's, for the audit log
   */
  openSession(principal: Principal, transport: Transport, address = ''): Session {
    return this.#admission.openSession(principal, transport, address);
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

  /**
   * Takes a request on, before anything is done for it; {@link call} does it for those that were not.
   *
   * @param game as in {@link Call}
   * @returns what it is refused with, 1005: too much of this game is not answered. Not thrown: that alone would take longer than to refuse it, and there are
   *   many of them when it counts
   */
  arrive(game: number | string, request: RequestScope): MidgardError | undefined {
    const route = this.router.find(game);
    if (route === undefined || request.waits !== undefined) return undefined;
    const wait = this.#backlogs.enter(route.id, performance.now());
    if (wait === null) return this.#backlogs.refusal;
    request.waits = wait;
    return undefined;
  }

  /** Measures a request that is answered, or that nobody waits for any more. To be called once, for each that had come to {@link call}. */
  finish(request: RequestScope): void {
    const now = performance.now();
    request.waits?.backlog.leave(request.waits.step, now);
    const seconds = (now - request.startedAt) / 1000;
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
      const refusal = this.arrive(call.game, request);
      if (refusal !== undefined) throw refusal;
      return await runFor(request, () => this.#run({ ...call, request }, target));
    } catch (error) {
      const shown = toMidgardError(error);
      request.code = shown.code;
      // Too much to do is no fault of any one request, and comes by the thousand.
      if (shown.code < 2000 && shown.errorName !== 'overloaded') this.#logFault(error, request);
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
    const { session, input, signal, held } = call;
    this.#admission.admit(session);
    if (call.game === 0 || call.game === builtInGame) return this.#runBuiltIn(call, target);
    const { route, operation } = target;
    if (route === undefined) throw new MidgardError('gameNotFound', `no game ${quote(call.game)}`);
    this.#admission.requireGame(session, route.id);
    if (operation === undefined) throw new MidgardError('operationNotFound', `game ${quote(route.id)} has no operation ${quote(call.operation)}`);
    this.#admission.requirePermission(session, route.id, operation);
    // Not what concerns the service itself: it is what operators look for the cause with.
    requireCapacity(this.#shedding, operation, session.principal, call.priority);
    this.#admission.requireBudget(session, operation);
    return route.game.execute({ operation, input, caller: session.isAnonymous ? null : session.principal, origin: originOf(call), signal, held });
  }

  /** True once what the caller showed has been revoked. */
  isRevoked(principal: Principal): boolean {
    return this.#admission.isRevoked(principal);
  }

  /**
   * Whether a caller may ask for anything now; takes one request from the budget.
   *
   * @throws {MidgardError} 3002, 3003, 3005
   */
  admit(session: Session): void {
    this.#admission.admit(session);
  }

  async #runBuiltIn(call: Following, { builtIn, operation: ofService }: Target): Promise<unknown> {
    const { session, operation, input } = call;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', 'this needs a key or a token');
    if (ofService !== undefined) return this.#runOfService(call, ofService);
    if (builtIn === undefined) throw new MidgardError('operationNotFound', `the middleware has no operation ${quote(operation)}`);
    if (builtIn.name === 'whoami') return describe(session.principal);
    if (builtIn.name !== 'batch') return this.#runSubscription(call, builtIn.name);
    return runBatch(parseBatch(input), {
      run: (item) => this.#runItem(item, call),
      isWrite: (item) => this.#find(item.game, item.operation).operation?.kind === 'write',
    });
  }

  #runOfService(call: Following, operation: Operation): Promise<unknown> {
    const { session, input, signal } = call;
    // What concerns every game is for those who may go into every game.
    if (session.principal.games !== '*') throw new MidgardError('notPermitted', `${operation.name} is not for callers of some games`);
    this.#admission.requirePermission(session, builtInGame, operation);
    this.#admission.requireBudget(session, operation);
    return this.service.execute({ operation, input, caller: session.principal, origin: originOf(call), signal });
  }

  async #runSubscription(call: Following, name: 'subscribe' | 'unsubscribe'): Promise<unknown> {
    const { session } = call;
    const events = this.#events;
    if (events === undefined || session.sink === undefined) throw new MidgardError('operationNotFound', `${name} is for connections over TCP and WebSocket`);
    const input = parseSubscription(call.input);
    const isOfService = input.game === 0 || input.game === builtInGame;
    const route = isOfService ? undefined : this.router.find(input.game);
    if (route === undefined && !isOfService) throw new MidgardError('gameNotFound', `no game ${quote(input.game)}`);
    if (route !== undefined) this.#admission.requireGame(session, route.id);
    const subscriber = (session.subscriber ??= events.connect(session, session.sink, this.#admission));
    if (name === 'unsubscribe') return events.unsubscribe(subscriber, input.topics, route);
    // A topic is for whoever may read what it is about, with all that this takes: the permission, the owner, the budget.
    const requireRead = (operation: string, id: string): Promise<unknown> => this.#runItem({ game: input.game, operation, input: { id } }, call);
    return events.subscribe(subscriber, input, { route, rights: this.#admission, requireRead });
  }

  async #runItem(item: BatchItem, batch: Following): Promise<unknown> {
    if (!isNoBatch(item)) throw new MidgardError('operationNotFound', 'a batch holds no batch');
    const request = batch.request.item();
    try {
      return await this.#follow({ ...batch, held: undefined, game: item.game, operation: item.operation, input: item.input }, request);
    } finally {
      this.finish(request);
    }
  }
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
