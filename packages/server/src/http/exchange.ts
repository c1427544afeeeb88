import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { plainAddress } from '../addresses/address-set.ts';
import type { Forwarding } from '../addresses/forwarded.ts';
import { clientAddress } from '../addresses/forwarded.ts';
import type { Session } from '../session.ts';
import type { Deadline } from './deadline.ts';
import { startDeadline } from './deadline.ts';
import type { RequestTrace } from './request-headers.ts';
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
  readonly deadline: Deadline;
  /** Who is found to ask, once that is known. */
  session: Session | undefined;
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
    this.deadline = startDeadline(context.env.outgoing, timeoutMs);
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

  /** The caller's trace, where the request has one. */
  get trace(): RequestTrace | undefined {
    return parseTraceparent(this.header('traceparent'));
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
