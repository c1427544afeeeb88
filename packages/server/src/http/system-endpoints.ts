import { createHash } from 'node:crypto';
import { MidgardError } from '@midgard/errors';
import { parseAccept } from 'hono/utils/accept';
import type { HttpDependencies, Readiness } from './dependencies.ts';
import { docsPage } from './docs-page.ts';
import type { Exchange } from './exchange.ts';
import { openApiDocument } from './openapi/document.ts';
import { problemReply } from './problem.ts';
import type { Reply } from './reply.ts';
import { matchesIfNoneMatch } from './request-headers.ts';

/** How long others may keep the public keys; a new key is published for at least as long before it signs. */
const jwksMaxAgeSeconds = 300;

/** Answers of the service about itself; all are public. */
export class SystemEndpoints {
  readonly #dependencies: HttpDependencies;
  readonly #isDraining: () => boolean;
  readonly #hasTickets: boolean;
  readonly #startedAt: number;
  #looking: Promise<Readiness> | null = null;
  #document: { readonly key: string; readonly reply: Reply } | null = null;

  /**
   * @param dependencies the parts of the front end
   * @param isDraining true once the server is on its way down
   * @param hasTickets whether there are WebSockets
   */
  constructor(dependencies: HttpDependencies, isDraining: () => boolean, hasTickets = false) {
    this.#dependencies = dependencies;
    this.#isDraining = isDraining;
    this.#hasTickets = hasTickets;
    this.#startedAt = this.#now();
  }

  /** The process runs and its event loop turns; says nothing of databases, so that their outage restarts nobody. */
  livez(): Reply {
    return json({ status: 'ok' });
  }

  /** Whether a load balancer should send requests here. */
  async readyz({ requestId }: Exchange): Promise<Reply> {
    if (this.#isDraining()) return problemReply(new MidgardError('shuttingDown', 'on the way down'), { requestId });
    const { isReady, checks } = await this.#readiness();
    if (isReady) return json({ status: 'ready', checks });
    return problemReply(new MidgardError('overloaded', 'not ready', { details: { checks } }), { requestId });
  }

  /** The summary for people and status pages. */
  async health(): Promise<Reply> {
    const { version, dispatcher } = this.#dependencies;
    const { isReady } = await this.#readiness();
    const status = this.#isDraining() ? 'draining' : isReady ? 'ok' : 'not ready';
    const games = dispatcher.router.routes().map((game) => ({ game: game.id, version: game.version }));
    const uptimeSeconds = Math.max(0, Math.floor((this.#now() - this.#startedAt) / 1000));
    return json({ status, version, uptimeSeconds, games }, status === 'ok' ? 200 : 503);
  }

  /** Figures for Prometheus, in the format that it likes best. */
  async metrics(exchange: Exchange): Promise<Reply> {
    const { metricsText } = this.#dependencies;
    if (metricsText === undefined) return problemReply(new MidgardError('operationNotFound', 'no metrics here'), { requestId: exchange.requestId });
    const exposition = expositionFor(exchange.header('accept') ?? '');
    const headers = { 'Content-Type': metricsText.contentTypes[exposition], 'Cache-Control': 'no-store' };
    return { status: 200, body: await metricsText.scrape(exposition), headers };
  }

  /** The public keys, for whoever checks our tokens; the same for everybody, so caches on the way may keep them for a while. */
  jwks(exchange: Exchange): Reply {
    const { jwks } = this.#dependencies;
    if (jwks === undefined) return problemReply(new MidgardError('operationNotFound', 'no public keys here'), { requestId: exchange.requestId });
    const body = JSON.stringify(jwks());
    const headers = { 'Content-Type': 'application/jwk-set+json', 'Cache-Control': `public, max-age=${jwksMaxAgeSeconds}`, ETag: entityTag(body) };
    return withoutBodyIfKnown({ status: 200, body, headers, isShared: true }, exchange);
  }

  /** The OpenAPI document; written once for each set of games. */
  openapi(exchange: Exchange): Reply {
    const { dispatcher, version } = this.#dependencies;
    const games = dispatcher.router.routes();
    const key = games.map(({ id, version: each }) => `${id}@${each}`).join(' ');
    if (this.#document?.key !== key) {
      const body = JSON.stringify(
        openApiDocument(games, { title: 'Midgard', version }, { service: dispatcher.service.operations, hasTickets: this.#hasTickets }),
      );
      this.#document = {
        key,
        reply: { status: 200, body, headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', ETag: entityTag(body) } },
      };
    }
    return withoutBodyIfKnown(this.#document.reply, exchange);
  }

  /** The document as a page. */
  docs(): Reply {
    return docsPage();
  }

  #readiness(): Promise<Readiness> {
    const { readiness = alwaysReady } = this.#dependencies;
    // Anyone may ask, so however many ask at once, the databases are asked once.
    this.#looking ??= readiness()
      .catch((): Readiness => ({ isReady: false, checks: {} }))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  #now(): number {
    return this.#dependencies.clock?.now() ?? Date.now();
  }
}

/** Answers 304 where the caller has the reply already. */
export function withoutBodyIfKnown(reply: Reply, exchange: Exchange): Reply {
  const { 'Content-Type': _type, ...headers } = reply.headers;
  const tag = headers['ETag'];
  return tag !== undefined && matchesIfNoneMatch(exchange.header('if-none-match'), tag) ? { ...reply, status: 304, body: null, headers } : reply;
}

function entityTag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

function alwaysReady(): Promise<Readiness> {
  return Promise.resolve({ isReady: true, checks: {} });
}

function json(value: unknown, status = 200): Reply {
  return { status, body: JSON.stringify(value), headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } };
}

/** OpenMetrics where it is wanted more than plain text; whoever wants neither gets plain text, as of old. */
function expositionFor(accept: string): 'prometheus' | 'openmetrics' {
  const wish = (type: string): number => Math.max(0, ...parseAccept(accept).flatMap((each) => (each.type.toLowerCase() === type ? [each.q] : [])));
  return wish('application/openmetrics-text') > wish('text/plain') ? 'openmetrics' : 'prometheus';
}
