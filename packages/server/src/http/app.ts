import { MidgardError, toMidgardError } from '@midgard/errors';
import { Hono } from 'hono';
import { silentLog } from '../log.ts';
import { noopMetrics } from '../metrics.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import type { HttpDependencies } from './dependencies.ts';
import { docsAsset } from './docs-page.ts';
import type { HttpContext, HttpEnvironment } from './exchange.ts';
import { Exchange } from './exchange.ts';
import type { Endpoint } from './operation-endpoint.ts';
import { OperationEndpoints } from './operation-endpoint.ts';
import type { HotGets } from './hot/hot-gets.ts';
import { gamesPrefix, serviceRoutes } from './operation-routes.ts';
import { problemReply } from './problem.ts';
import { rateHeaders } from './rate-headers.ts';
import type { Reply } from './reply.ts';
import { compressed } from './reply.ts';
import { maxHeaders, requirePlainBody, requirePlainTarget, requireSingleHeaders } from './request-headers.ts';
import type { Tickets } from '../websocket/tickets.ts';
import { eventsPath } from '../websocket/web-sockets.ts';
import { Traffic } from './traffic.ts';
import { SystemEndpoints, withoutBodyIfKnown } from './system-endpoints.ts';

/** Default of `requestTimeoutMs`. */
export const defaultRequestTimeoutMs = 10_000;
const defaultMaxUrlCharacters = 8192;

/** On every answer: no sniffing, no framing, no referrer; an answer of ours never runs as a page, except where it says otherwise. */
const secureHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** A year, and over TLS alone (RFC 6797 §7.2, ASVS 5 §3.4.1). Subdomains are not ours to promise for. */
const strictTransport = { 'Strict-Transport-Security': 'max-age=31536000' } as const;

/** What the application shares with the server that it runs in. */
export interface HttpAppParts {
  readonly tickets?: Tickets | undefined;
  readonly traffic?: Traffic | undefined;
  readonly hot?: HotGets | undefined;
}

type Handler = (exchange: Exchange) => Promise<Reply> | Reply;

/**
 * Builds the Hono application: one route for every operation of the games that the dispatcher knows, the built-in
 * operations, the probes, the OpenAPI document and its page.
 *
 * Games may come and go while it runs. It needs Node's request (`@hono/node-server`): bodies are read from there, so that a
 * limit can act before the bytes are in memory.
 *
 * @param dependencies the parts
 * @param isDraining true once the server is on its way down: `/readyz` then says so
 * @param parts.tickets what opens a WebSocket; undefined: there are none
 * @param parts.traffic what tells of answers; default: one of its own
 * @param parts.hot what takes answers to cached reads, to give them to others; undefined: nothing
 * @throws {ServerError} `ERR_SERVER_ROUTE`: the routes of a game cannot be served
 * @example
 * const app = createHttpApp({ dispatcher, authenticator, version: '1.0.0' });
 * serve({ fetch: app.fetch, port: 8081 });
 */
export function createHttpApp(
  dependencies: HttpDependencies,
  isDraining: () => boolean = () => false,
  { tickets, traffic, hot }: HttpAppParts = {},
): Hono<HttpEnvironment> {
  const app = new Hono<HttpEnvironment>();
  const operations = new OperationEndpoints(dependencies, hot);
  const system = new SystemEndpoints(dependencies, isDraining, tickets !== undefined);
  const front = new Front(dependencies, traffic ?? new Traffic(dependencies.metrics ?? noopMetrics), hot);
  const serve = (path: string, method: string, handler: Handler): void => {
    const allow = method === 'GET' ? ['GET', 'HEAD'] : [method];
    app.all(path, (context) => front.answer(context, (exchange) => (allow.includes(exchange.method) ? { answer: async () => handler(exchange) } : { allow })));
  };
  app.all(`${gamesPrefix}*`, (context) => front.answer(context, (exchange) => operations.find(exchange)));
  serve('/api/v1/batch', 'POST', (exchange) => operations.batch(exchange));
  if (tickets !== undefined) serve(`${eventsPath}/ticket`, 'POST', (exchange) => operations.ticket(exchange, tickets));
  serve('/api/v1/whoami', 'GET', (exchange) => operations.whoami(exchange));
  const ofService = Map.groupBy(serviceRoutes(dependencies.dispatcher.service.operations), ({ pattern }) => `/${pattern.segments.join('/')}`);
  for (const [path, routes] of ofService) {
    app.all(path, (context) => front.answer(context, (exchange) => operations.ofService(exchange, routes)));
  }
  serve('/livez', 'GET', () => system.livez());
  serve('/readyz', 'GET', (exchange) => system.readyz(exchange));
  serve('/ready', 'GET', (exchange) => system.readyz(exchange));
  serve('/health', 'GET', () => system.health());
  serve('/metrics', 'GET', (exchange) => system.metrics(exchange));
  serve('/.well-known/jwks.json', 'GET', (exchange) => system.jwks(exchange));
  serve('/openapi.json', 'GET', (exchange) => system.openapi(exchange));
  serve('/docs', 'GET', () => system.docs());
  app.get('/docs/:file', (context) => front.answer(context, (exchange) => assetAt(exchange)));
  // Nothing that answer() does may throw; if it does, the server's own handler answers, without a stack.
  app.onError((error) => {
    throw error;
  });
  app.notFound((context) => front.answer(context, () => ({ allow: [] })));
  return app;
}

function assetAt(exchange: Exchange): Endpoint {
  const asset = docsAsset(exchange.path.slice('/docs/'.length));
  return asset === undefined ? { allow: [] } : { answer: async () => withoutBodyIfKnown(asset, exchange) };
}

/** What every request goes through, whatever it asks for: checks of its form before, the headers of every answer after. */
class Front {
  readonly #dependencies: HttpDependencies;
  readonly #traffic: Traffic;
  readonly #hot: HotGets | undefined;

  constructor(dependencies: HttpDependencies, traffic: Traffic, hot: HotGets | undefined) {
    this.#dependencies = dependencies;
    this.#traffic = traffic;
    this.#hot = hot;
  }

  async answer(context: HttpContext, find: (exchange: Exchange) => Endpoint): Promise<Response> {
    const exchange = new Exchange(context, this.#dependencies.options?.requestTimeoutMs ?? defaultRequestTimeoutMs);
    try {
      const reply = await this.#reply(exchange, find).catch((error: unknown) => this.#failure(exchange, error));
      const response = await this.#finish(exchange, reply);
      exchange.request.status = response.status;
      const { method, outgoing, request } = exchange;
      this.#traffic.answered(outgoing, {
        method,
        status: response.status,
        startedAt: request.startedAt,
        madeAt: performance.now(),
        readMs: request.msOf('read'),
      });
      return response;
    } finally {
      if (exchange.isOperation) this.#dependencies.dispatcher.finish(exchange.request);
      exchange.deadline.end();
    }
  }

  async #reply(exchange: Exchange, find: (exchange: Exchange) => Endpoint): Promise<Reply> {
    this.#requirePlainForm(exchange);
    const { maxUrlCharacters = defaultMaxUrlCharacters, cors } = this.#dependencies.options ?? {};
    const { requestId, path, query, method } = exchange;
    if (path.length + query.length > maxUrlCharacters) {
      return problemReply(new MidgardError('tooLarge', `request target longer than ${maxUrlCharacters} characters`), { requestId, status: 414 });
    }
    const endpoint = find(exchange);
    if ('answer' in endpoint) return exchange.deadline.guard(endpoint.answer());
    if (endpoint.allow.length === 0) throw new MidgardError('operationNotFound', 'no such path');
    const isPreflight = method === 'OPTIONS' && exchange.header('access-control-request-method') !== undefined;
    if (isPreflight && cors !== undefined) return { status: 204, body: null, headers: preflightHeaders(cors, endpoint.allow) };
    const headers = { Allow: endpoint.allow.join(', ') };
    return problemReply(new MidgardError('operationNotFound', `this path has no ${method}`), { requestId, status: 405, headers });
  }

  /**
   * Refuses what others may read as another request than we do. What stands behind it on its connection is then no request either: where this
   * one ended is in doubt. So this runs before the parser comes to the next one, that is, before anything is waited for.
   *
   * @throws {MidgardError} 1003, 1009, 2001, 2004
   */
  #requirePlainForm(exchange: Exchange): void {
    const { incoming } = exchange;
    try {
      if (this.#traffic.hasRefused(incoming.socket)) throw new MidgardError('protocol', 'what came before on this connection was refused');
      if (incoming.rawHeaders.length > 2 * maxHeaders) throw new MidgardError('tooLarge', `more than ${maxHeaders} headers`, { details: { maxHeaders } });
      requireSingleHeaders(incoming.rawHeaders);
      requirePlainTarget(incoming.url ?? '');
      requirePlainBody(incoming);
      // Said plainly, since a page that asks for a socket and gets a document has nothing to go by. Other upgrades are offers that may be ignored (RFC 9110 §7.8).
      if (/\bwebsocket\b/i.test(exchange.header('upgrade') ?? '')) throw new MidgardError('operationNotFound', 'there is no WebSocket here');
    } catch (error) {
      this.#traffic.refuse(incoming.socket);
      throw error;
    }
  }

  #failure({ request, requestId, method, path, incoming }: Exchange, thrown: unknown): Reply {
    const error = toMidgardError(thrown);
    request.code = error.code;
    const { log = silentLog } = this.#dependencies;
    // The dispatcher logs the faults of operations; what arrives here as internal and has a cause is a fault of this front end.
    if (error.errorName === 'internal' && !MidgardError.is(thrown)) log.error({ err: thrown, requestId, method, path }, 'HTTP request failed');
    const isLast = error.errorName === 'tooLarge' || this.#traffic.hasRefused(incoming.socket);
    const status = isLast && incoming.rawHeaders.length > 2 * maxHeaders ? { status: 431 } : {};
    return problemReply(error, { requestId, ...status, headers: isLast ? { Connection: 'close' } : {} });
  }

  async #finish(exchange: Exchange, reply: Reply): Promise<Response> {
    const answeredAt = performance.now();
    const sent = await compressed(reply, exchange.header('accept-encoding'));
    const { status, body, headers, isShared = false } = sent;
    exchange.request.add('encode', performance.now() - answeredAt);
    // What a cache gives to others too must not hold one caller's origin or request id.
    if (isShared) return new Response(body, { status, headers: { ...this.#secureHeaders(exchange), ...headers } });
    this.#keep(exchange, sent);
    const own = { ...rateHeaders(exchange.session), 'X-Request-Id': exchange.requestId };
    return new Response(body, { status, headers: { ...this.#headersOf(exchange, headers, exchange.header('origin')), ...own } });
  }

  #secureHeaders({ isEncrypted }: Exchange): Readonly<Record<string, string>> {
    return isEncrypted ? { ...secureHeaders, ...strictTransport } : secureHeaders;
  }

  #headersOf(exchange: Exchange, headers: Reply['headers'], origin: string | undefined): Readonly<Record<string, string>> {
    const { cors } = this.#dependencies.options ?? {};
    const crossOrigin = cors === undefined ? {} : corsHeaders(cors, origin);
    const vary = [headers['Vary'], crossOrigin['Vary']].filter((each) => each !== undefined).join(', ');
    return { ...this.#secureHeaders(exchange), ...headers, ...crossOrigin, ...(vary !== '' && { Vary: vary }) };
  }

  #keep(exchange: Exchange, sent: Reply): void {
    const { keptRead, incoming } = exchange;
    if (keptRead === undefined || this.#hot === undefined) return;
    const headersOf = ({ headers }: Reply): Readonly<Record<string, string>> => this.#headersOf(exchange, headers, undefined);
    this.#hot.keep({ ...keptRead, target: incoming.url ?? '', host: incoming.headers.host, sent, headersOf });
  }
}
