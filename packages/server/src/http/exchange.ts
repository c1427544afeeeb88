import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { plainAddress } from '../addresses/address-set.ts';
import type { Forwarding } from '../addresses/forwarded.ts';
import { clientAddress } from '../addresses/forwarded.ts';
import { RequestScope } from '../request/request-scope.ts';
import type { Session } from '../session.ts';
import type { Deadline } from './deadline.ts';
import { startDeadline } from './deadline.ts';
import type { KeptRead } from './hot/hot-gets.ts';
import { parseTraceparent, requestIdOf } from './request-headers.ts';

/** Hono's environment on Node. */
export interface HttpEnvironment {
  Bindings: HttpBindings;
}

/** Hono's context on Node. */
export type HttpContext = Context<HttpEnvironment>;

/** One request on its way, with what every handler asks of it. */
export class Exchange {
  readonly incoming: IncomingMessage;
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  readonly requestId: string;
  /** What logs, metrics and traces tell of it. */
  readonly request: RequestScope;
  readonly outgoing: ServerResponse;
  readonly deadline: Deadline;
  /** Who is found to ask, once that is known. */
  session: Session | undefined;
  /** The cached read that was answered, if it was one that is worth keeping. */
  keptRead: KeptRead | undefined;
  readonly #context: HttpContext;

  /**
   * @param context Hono's
   * @param timeoutMs longest time for the answer
   */
  constructor(context: HttpContext, timeoutMs: number) {
    this.#context = context;
    this.incoming = context.env.incoming;
    this.method = context.req.method;
    const { path, query } = splitUrl(context.req.url);
    this.path = path;
    this.query = query;
    this.requestId = requestIdOf(this.header('x-request-id'));
    this.request = new RequestScope({ transport: 'http', requestId: this.requestId, trace: parseTraceparent(this.header('traceparent')) });
    this.outgoing = context.env.outgoing;
    this.deadline = startDeadline(this.outgoing, timeoutMs);
  }

  /** Says what is asked for, so that it is measured whatever becomes of it. @param route the pattern of its path */
  aim(game: string, operation: string, route: string): void {
    Object.assign(this.request, { game, operation, route, method: this.method });
  }

  /** Whether an operation is asked for that there is, and not a page or a probe. */
  get isOperation(): boolean {
    return this.request.game !== 'unknown';
  }

  /** A header by its name in lower case. */
  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  /** All headers, for the authenticator. */
  get headers(): Headers {
    return this.#context.req.raw.headers;
  }

  /** The caller's address: of the peer, or as a proxy that is believed tells it. */
  addressBehind(forwarding: Forwarding | undefined): string {
    const peer = this.incoming.socket.remoteAddress ?? '';
    return forwarding === undefined ? plainAddress(peer) : clientAddress(peer, this.header(forwarding.header), forwarding);
  }

  /** Whether the request came over TLS to this process. */
  get isEncrypted(): boolean {
    return 'encrypted' in this.incoming.socket;
  }
}

/** `http://host/path?query#fragment` in its parts, without decoding. */
function splitUrl(url: string): { path: string; query: string } {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const hash = url.indexOf('#', start);
  const rest = hash === -1 ? url.slice(start) : url.slice(start, hash);
  const mark = rest.indexOf('?');
  return mark === -1 ? { path: rest, query: '' } : { path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}
