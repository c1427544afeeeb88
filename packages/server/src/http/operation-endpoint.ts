import { MidgardError } from '@midgard/errors';
import type { HeldAnswer } from '@midgard/game-kit';
import { limitedAs } from '../addresses/address-set.ts';
import type { Call } from '../call.ts';
import type { Session } from '../session.ts';
import { anonymous } from '../session.ts';
import type { HttpDependencies } from './dependencies.ts';
import type { Exchange } from './exchange.ts';
import type { HotGets } from './hot/hot-gets.ts';
import { identify } from './identify.ts';
import { invalidInput } from './invalid-input.ts';
import { readJsonBody, requireNoBody } from './json-body.ts';
import type { Tickets } from '../websocket/tickets.ts';
import { gatherInput } from './operation-input.ts';
import { ConfigEndpoints } from './public-config/config-endpoints.ts';
import type { OperationRoute } from './operation-routes.ts';
import { gamesPrefix, routesOf } from './operation-routes.ts';
import type { RoutePattern } from './route-table.ts';
import { decodeSegment, parseQuery } from './query.ts';
import { matchesIfNoneMatch } from './request-headers.ts';
import type { Reply } from './reply.ts';

/** As the frame limit, so that both ways take the same inputs. */
export const defaultMaxBodyBytes = 1_048_576;

/** What a path leads to: an answer to make, or the methods that it has instead. */
export type Endpoint = { readonly answer: () => Promise<Reply> } | { readonly allow: readonly string[] };

/**
 * Takes requests to the operations of the games and to the built-in ones.
 *
 * The order of the checks: the path, who calls, then the body; so a stranger cannot make us keep a megabyte.
 */
export class OperationEndpoints {
  readonly #dependencies: HttpDependencies;
  readonly #maxBodyBytes: number;
  readonly #config: ConfigEndpoints;
  readonly #hot: Pick<HotGets, 'wants'> | undefined;

  /**
   * @param dependencies the parts of the front end
   * @param hot where answers to cached reads are kept; undefined: nowhere
   * @throws {ServerError} `ERR_SERVER_ROUTE`: the routes of a game that is there already cannot be served
   */
  constructor(dependencies: HttpDependencies, hot?: Pick<HotGets, 'wants'>) {
    this.#dependencies = dependencies;
    this.#hot = hot;
    this.#maxBodyBytes = dependencies.options?.maxBodyBytes ?? defaultMaxBodyBytes;
    this.#config = new ConfigEndpoints(dependencies);
    for (const game of dependencies.dispatcher.router.routes()) routesOf(game);
  }

  /**
   * Finds what stands below `/api/v1/games/`.
   * @throws {MidgardError} 2003: no such game, or it is off; 2001: a path that is not UTF-8
   */
  find(exchange: Exchange): Endpoint {
    const rest = exchange.path.slice(gamesPrefix.length);
    const slash = rest.indexOf('/');
    const id = decodeSegment(slash === -1 ? rest : rest.slice(0, slash));
    // A game's number would be a second address for the same row, and caches would keep both.
    const game = this.#dependencies.dispatcher.router.find(id);
    if (game === undefined) throw new MidgardError('gameNotFound', 'no such game, or it is switched off');
    const path = slash === -1 ? '' : rest.slice(slash);
    const config = this.#config.find(exchange, game, path);
    if (config !== undefined) return config;
    const match = routesOf(game).table.find(exchange.method, path);
    if (match.target === null) return { allow: match.allow };
    const { target, parameters } = match;
    exchange.aim(game.id, target.operation.name, target.path);
    return { answer: () => this.#run(exchange, { game: game.id, number: game.number, route: target, parameters }) };
  }

  /** Runs `batch`: the body is the list. */
  async batch(exchange: Exchange): Promise<Reply> {
    exchange.aim('midgard', 'batch', exchange.path);
    requireNoQuery(exchange);
    const session = await this.#authenticate(exchange);
    const input = await this.#body(exchange);
    return json(exchange, await this.#call(exchange, session, { game: 'midgard', operation: 'batch', input }), 'no-store');
  }

  /** Answers at a path of operations of the service itself, one for each method. */
  ofService(exchange: Exchange, routes: readonly OperationRoute[]): Endpoint {
    const asked = exchange.method === 'HEAD' ? 'GET' : exchange.method;
    const route = routes.find(({ pattern }) => pattern.method === asked);
    if (route === undefined) return { allow: routes.flatMap(({ pattern: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])) };
    exchange.aim('midgard', route.operation.name, route.path);
    return { answer: () => this.#run(exchange, { game: 'midgard', number: 0, route, parameters: {} }) };
  }

  /** Runs `whoami`. */
  async whoami(exchange: Exchange): Promise<Reply> {
    exchange.aim('midgard', 'whoami', exchange.path);
    requireNoQuery(exchange);
    const session = await this.#authenticate(exchange);
    return json(exchange, await this.#call(exchange, session, { game: 'midgard', operation: 'whoami', input: {} }), 'no-store');
  }

  /** Gives the caller a ticket for a WebSocket. */
  async ticket(exchange: Exchange, tickets: Tickets): Promise<Reply> {
    exchange.aim('midgard', 'events.ticket', exchange.path);
    requireNoQuery(exchange);
    const session = await this.#authenticate(exchange);
    requireNoBody(exchange.incoming);
    this.#dependencies.dispatcher.admit(session);
    return { ...json(exchange, tickets.issue(session.principal), 'no-store'), status: 201 };
  }

  async #run(exchange: Exchange, { game, number, route, parameters }: Found): Promise<Reply> {
    const session = await (route.operation.isPublic ? this.#admitStranger(exchange) : this.#authenticate(exchange));
    if (!route.takesBody) requireNoBody(exchange.incoming);
    const input = gatherInput(route, {
      parameters,
      query: parseQuery(exchange.query),
      body: route.takesBody ? await this.#body(exchange) : undefined,
      idempotencyKey: exchange.header('idempotency-key'),
      ifMatch: exchange.header('if-match'),
    });
    const hotOperation = this.#hot?.wants({ number }, route.operation) ?? null;
    const told: HeldAnswer[] = [];
    const held = hotOperation === null ? undefined : (answer: HeldAnswer): void => void told.push(answer);
    const output = await this.#call(exchange, session, { game, operation: route.operation.code, input, held });
    const whole = success(route, game, output, exchange);
    const unchanged = unchangedOf(whole);
    const [answer] = told;
    if (hotOperation !== null && answer !== undefined) exchange.keptRead = { operation: hotOperation, held: answer, whole, unchanged };
    const tag = whole.headers['ETag'];
    const isKnown = route.operation.kind === 'read' && tag !== undefined && matchesIfNoneMatch(exchange.header('if-none-match'), tag);
    return isKnown ? unchanged : whole;
  }

  #call(exchange: Exchange, session: Session, call: Asked): Promise<unknown> {
    const { deadline, request } = exchange;
    return this.#dependencies.dispatcher.call({ ...call, session, request, signal: deadline.signal });
  }

  #body({ incoming, deadline, request }: Exchange): Promise<unknown> {
    return readJsonBody(incoming, { maxBytes: this.#maxBodyBytes, signal: deadline.signal, request });
  }

  async #authenticate(exchange: Exchange): Promise<Session> {
    const { dispatcher } = this.#dependencies;
    if (exchange.header('authorization') !== undefined && exchange.header('x-api-key') !== undefined) {
      throw invalidInput('header.x-api-key', 'stands beside Authorization: say who calls in one way');
    }
    // Guarded here too: what comes late must not go on to run the operation.
    const address = this.#addressOf(exchange);
    const principal = await exchange.deadline.guard(
      identify(this.#dependencies, address, () => this.#dependencies.authenticator.fromHttp(exchange.headers, address)),
    );
    exchange.session = dispatcher.openSession(principal, 'http', address);
    return exchange.session;
  }

  #addressOf(exchange: Exchange): string {
    return exchange.addressBehind(this.#dependencies.options?.forwarding);
  }

  async #admitStranger(exchange: Exchange): Promise<Session> {
    const address = this.#addressOf(exchange);
    const verdict = await this.#dependencies.publicLimit?.take(limitedAs(address));
    if (verdict?.allowed === false) {
      throw new MidgardError('rateLimited', 'too many requests from this address', { details: { retryAfterMs: verdict.retryAfterMs } });
    }
    return this.#dependencies.dispatcher.openSession(anonymous, 'http', address);
  }
}

interface Asked extends Pick<Call, 'held' | 'input'> {
  readonly game: string;
  readonly operation: number | string;
}

interface Found {
  readonly game: string;
  /** 0: of the service itself. */
  readonly number: number;
  readonly route: OperationRoute;
  readonly parameters: Readonly<Record<string, string>>;
}

function requireNoQuery({ query }: Exchange): void {
  const [stray] = Object.keys(parseQuery(query));
  if (stray !== undefined) throw invalidInput(stray, 'unknown query field');
}

function success(route: OperationRoute, game: string, output: unknown, exchange: Exchange): Reply {
  const isRead = route.operation.kind === 'read';
  const reply = json(exchange, output, isRead ? 'private, no-cache' : 'no-store');
  const version = fieldOf(output, 'version');
  const headers: Record<string, string> = { ...reply.headers };
  if (typeof version === 'number') headers['ETag'] = `"${version}"`;
  if (route.createdAt !== null) {
    headers['Location'] = `${gamesPrefix}${encodeURIComponent(game)}/${locationOf(route.createdAt, output)}`;
    return { ...reply, status: 201, headers };
  }
  return { ...reply, headers };
}

function json({ request }: Exchange, output: unknown, cacheControl: string): Reply {
  const startedAt = performance.now();
  const body = JSON.stringify(output);
  request.add('encode', performance.now() - startedAt);
  return { status: 200, body, headers: { 'Content-Type': 'application/json', 'Cache-Control': cacheControl } };
}

/** 304 repeats what a cache may need to know, and has no body. */
function unchangedOf({ headers: { 'Content-Type': _type, ...headers } }: Reply): Reply {
  return { status: 304, body: null, headers };
}

function locationOf({ segments }: RoutePattern, output: unknown): string {
  return segments.map((segment) => (segment.startsWith(':') ? encodeURIComponent(String(fieldOf(output, segment.slice(1)))) : segment)).join('/');
}

function fieldOf(output: unknown, name: string): unknown {
  if (typeof output !== 'object' || output === null || !Object.hasOwn(output, name)) return undefined;
  return Object.getOwnPropertyDescriptor(output, name)?.value;
}
