import type { TraceContext } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { isErrorBody } from './built-in.ts';
import { ClientError } from './client-error.ts';
import type { CallOptions } from './exchange.ts';
import { GameClient } from './game-client.ts';
import type { GameShape } from './game-types.ts';
import type { HttpCall } from './http-route.ts';
import { routeCall } from './http-route.ts';

/** How an {@link HttpClient} finds the server and who calls. */
export interface HttpClientOptions {
  /** Such as `https://game.example.com`; a path in it stays in front of `/api/v1`. */
  readonly baseUrl: string;
  /** Sent as `X-API-Key`. */
  readonly apiKey?: string;
  /** Sent as `Authorization: Bearer`; a function is asked for each request. */
  readonly token?: string | (() => string | Promise<string>);
  /** Milliseconds for a request that says nothing else (default 10,000). */
  readonly requestTimeoutMs?: number;
  /** Asked at each request that names no trace: which one it joins, such as that of the caller's own span; undefined: none. Must be quick, and must not throw. */
  readonly trace?: () => TraceContext | undefined;
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * A client over HTTP with the same typed calls as the one over TCP. It keeps no state and sends nothing twice.
 *
 * @example
 * ```ts
 * // not compiled: a game is no dependency of the client
 * const client = new HttpClient({ baseUrl: 'http://127.0.0.1:8081', apiKey: process.env['MIDGARD_KEY'] ?? '' });
 * const player = await client.game(realm).call('player.get', { id: '42' });
 * ```
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;

  /** @param options where the server is and who calls */
  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? fetch;
  }

  /**
   * A game's operations, typed by its definition.
   *
   * @param game what `defineGame` gave; only its id and the operations' names and routes are used
   */
  game<Game extends GameShape>(game: Game): GameClient<Game> {
    const prefix = `${this.#baseUrl}/api/v1/games/${encodeURIComponent(game.manifest.id)}`;
    return new GameClient(game, ({ http }, input, options) => this.#call(prefix, routeCall(http, input), options));
  }

  async #call(prefix: string, { method, path, headers, body }: HttpCall, { timeoutMs, signal, trace }: CallOptions): Promise<unknown> {
    const timeout = AbortSignal.timeout(timeoutMs ?? this.#options.requestTimeoutMs ?? 10_000);
    const init: RequestInit = {
      method,
      headers: { ...headers, ...traceHeader(trace ?? this.#options.trace?.()), ...(await this.#credentials()) },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      redirect: 'error',
    };
    if (body !== undefined) init.body = body;
    try {
      const response = await this.#fetch(prefix + path, init);
      return readAnswer(response, await response.text());
    } catch (error) {
      throw faultOf(error, timeout, signal);
    }
  }

  async #credentials(): Promise<Record<string, string>> {
    const { apiKey, token } = this.#options;
    if (apiKey !== undefined) return { 'x-api-key': apiKey };
    if (token === undefined) return {};
    return { authorization: `Bearer ${typeof token === 'function' ? await token() : token}` };
  }
}

function traceHeader(trace: TraceContext | undefined): Record<string, string> {
  if (trace === undefined) return {};
  return { traceparent: `00-${trace.traceId}-${trace.spanId}-${trace.flags.toString(16).padStart(2, '0')}` };
}

function readAnswer(response: Response, text: string): unknown {
  const value = text === '' ? null : parseJson(response, text);
  if (response.ok) return value;
  if (isErrorBody(value)) throw MidgardError.fromBody(value);
  throw notOurs(response);
}

function parseJson(response: Response, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw notOurs(response, error);
  }
}

/** A proxy's error page, a wrong address: its status tells more than its body. */
function notOurs(response: Response, cause?: unknown): ClientError {
  return new ClientError('ERR_CLIENT_PROTOCOL', `HTTP ${response.status} with a body that is not the service's`, cause);
}

function faultOf(error: unknown, timeout: AbortSignal, signal: AbortSignal | undefined): Error {
  if (error instanceof MidgardError || error instanceof ClientError) return error;
  if (signal?.aborted === true) return new ClientError('ERR_CLIENT_ABORTED', 'the request was aborted', signal.reason);
  if (timeout.aborted) return new ClientError('ERR_CLIENT_TIMEOUT', 'no answer in time', error);
  return new ClientError('ERR_CLIENT_CONNECTION_LOST', 'no answer from the server', error);
}
