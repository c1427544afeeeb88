import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Compression, HelloAuth, TraceContext } from '@midgard/codec';
import { encodeValue } from '@midgard/codec';
import type { BackoffOptions } from './backoff.ts';
import type { BatchEntry, BatchResult, Whoami } from './built-in.ts';
import { batchOperation, readBatch, readWhoami, whoamiOperation } from './built-in.ts';
import { ClientError } from './client-error.ts';
import type { ClientEvents } from './connection-pool.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { CallOptions } from './exchange.ts';
import { Exchange } from './exchange.ts';
import { GameClient } from './game-client.ts';
import type { GameShape } from './game-types.ts';
import { Listeners } from './listeners.ts';
import type { Clock, Timers } from './timers.ts';
import { monotonicClock, processTimers } from './timers.ts';

/** How {@link connect} finds the server and behaves. */
export interface ConnectOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 8080. */
  readonly port?: number;
  /** Speaks TLS 1.3 with these settings; without it plain TCP. */
  readonly tls?: TlsOptions;
  /** Who calls; a function is asked for each new connection (tokens that run out, signed hellos). */
  readonly auth: HelloAuth | (() => HelloAuth | Promise<HelloAuth>);
  /** Default `msgpack`. */
  readonly encoding?: 'msgpack' | 'json';
  /** What the client can undo, best first (default none: inside one network it costs more than it saves). */
  readonly compression?: readonly Compression[];
  /** Whether every frame carries a checksum (default false: TCP and TLS have theirs). */
  readonly checksum?: boolean;
  /**
   * Connections to spread requests over, at least 1 (default 1). Writes to one entity keep their order within one
   * connection only, so leave it at 1 where unawaited writes rely on that.
   */
  readonly connections?: number;
  /** Milliseconds for a request that says nothing else (default 10,000). */
  readonly requestTimeoutMs?: number;
  /** Milliseconds from dialling to the welcome (default 10,000). */
  readonly connectTimeoutMs?: number;
  /** Largest frame taken from the server, in bytes (default 16 MiB). */
  readonly maxFrameBytes?: number;
  /** Asked at each request that names no trace: which one it joins, such as that of the caller's own span; undefined: none. Must be quick, and must not throw. */
  readonly trace?: () => TraceContext | undefined;
  /** Waits between attempts to connect again. */
  readonly backoff?: BackoffOptions;
  /** Name and version, for the server's log. */
  readonly name?: string;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** A request by numbers, for callers that have no definition of the game. */
export interface RawRequest extends CallOptions {
  /** The game's number; 0 is the middleware itself. */
  readonly game: number;
  /** The operation's code. */
  readonly operation: number;
  readonly input?: unknown;
  /** 0 normal (default), 1 high, 2 low. */
  readonly priority?: 0 | 1 | 2;
  /** Whether it may be sent again after a lost connection (default: whether the input has an `idempotencyKey`). */
  readonly isRepeatable?: boolean;
}

/**
 * Opens connections to a server and resolves once the first one is greeted.
 *
 * @param options where the server is and who calls
 * @throws {MidgardError} 3001–3005: the server refused the hello
 * @throws {ClientError} `ERR_CLIENT_CONNECT`: nobody answered; `ERR_CLIENT_PROTOCOL`: not a Midgard
 *
 * @example
 * ```ts
 * import { connect } from '@midgard/client';
 *
 * const client = await connect({ auth: { kind: 'apiKey', key: process.env['MIDGARD_KEY'] ?? '' } });
 * const player = await client.request({ game: 2, operation: 1, input: { id: '42' } });
 * await client.close();
 * ```
 */
export async function connect(options: ConnectOptions): Promise<TcpClient> {
  const client = new TcpClient(options);
  await client.start();
  return client;
}

/**
 * A client over TCP: pipelines requests over a pool of connections that mends itself.
 *
 * At most `maxInFlight` requests are unanswered on a connection; further ones wait in order while their time runs. A
 * request under which its connection breaks is sent once more if it is a read or has an idempotency key; any other
 * fails with `ERR_CLIENT_CONNECTION_LOST`, since nobody can tell whether it was executed.
 */
export class TcpClient {
  readonly #pool: ConnectionPool;
  readonly #encoding: 'msgpack' | 'json';
  readonly #requestTimeoutMs: number;
  readonly #timers: Timers;
  readonly #trace: ConnectOptions['trace'];
  readonly #listeners = new Listeners<ClientEvents>();
  #unanswered = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  readonly #onSettled = (): void => {
    this.#unanswered -= 1;
    if (this.#unanswered === 0) this.#onIdle?.();
  };

  /** @param options see {@link connect}, which is the way to make one */
  constructor(options: ConnectOptions) {
    const { auth, encoding = 'msgpack', timers = processTimers, requestTimeoutMs = 10_000 } = options;
    this.#encoding = encoding;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#timers = timers;
    this.#trace = options.trace;
    this.#pool = new ConnectionPool({
      handshake: {
        host: options.host ?? '127.0.0.1',
        port: options.port ?? 8080,
        tls: options.tls,
        auth: typeof auth === 'function' ? auth : () => auth,
        name: options.name ?? 'midgard-client-ts/0.1',
        encoding,
        compression: options.compression ?? [],
        checksum: options.checksum ?? false,
        maxFrameBytes: options.maxFrameBytes ?? 16 * 1024 * 1024,
        timeoutMs: options.connectTimeoutMs ?? 10_000,
        timers,
      },
      size: Math.max(1, options.connections ?? 1),
      backoff: options.backoff ?? {},
      clock: options.clock ?? monotonicClock,
      timers,
      emit: (event, value) => this.#listeners.emit(event, value),
    });
  }

  /** Opens the connections; {@link connect} does it. */
  async start(): Promise<void> {
    await this.#pool.start();
  }

  /**
   * Listens to an event.
   *
   * @returns a function that ends it
   */
  on<Event extends keyof ClientEvents>(event: Event, listener: (value: ClientEvents[Event]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  /**
   * A game's operations, typed by its definition.
   *
   * @param game what `defineGame` gave; only its manifest and the operations' names, codes and kinds are used
   */
  game<Game extends GameShape>(game: Game): GameClient<Game> {
    return new GameClient(game, (operation, input, options) => {
      const isRepeatable = operation.kind === 'read' || hasIdempotencyKey(input);
      return this.request({ ...options, game: game.manifest.number, operation: operation.code, input, isRepeatable });
    });
  }

  /**
   * Sends one request by numbers.
   *
   * @returns the decoded answer, not checked against any schema
   * @throws {MidgardError} the server's answer is an error
   * @throws {ClientError} there was no answer
   */
  async request(request: RawRequest): Promise<unknown> {
    if (this.#closing !== undefined) throw new ClientError('ERR_CLIENT_CLOSED', 'the client is closed');
    const { game, operation, input = {}, priority = 0, trace = this.#trace?.(), isRepeatable = hasIdempotencyKey(input) } = request;
    const payload = encodeValue(input, this.#encoding);
    const exchange = new Exchange({ game, operation, priority, payload, trace, isRepeatable }, this.#onSettled);
    this.#unanswered += 1;
    exchange.start(this.#timers, request.timeoutMs ?? this.#requestTimeoutMs, request.signal);
    if (!exchange.isSettled) this.#pool.submit(exchange);
    return await exchange.promise;
  }

  /**
   * Runs up to 256 requests in one frame.
   *
   * @param entries of any games; they are executed as if they came one by one, the answers stand in their order
   * @throws {MidgardError} the batch as a whole was refused; an entry's own error stands in its result
   */
  async batch(entries: readonly BatchEntry[], options: CallOptions = {}): Promise<BatchResult[]> {
    return readBatch(await this.request({ ...options, game: 0, operation: batchOperation, input: entries, isRepeatable: false }), entries.length);
  }

  /** Asks the server whom it takes the caller for. */
  async whoami(options: CallOptions = {}): Promise<Whoami> {
    return readWhoami(await this.request({ ...options, game: 0, operation: whoamiOperation, isRepeatable: true }));
  }

  /**
   * Takes no further request, waits until those that were made are answered, says goodbye and closes.
   *
   * @param options.graceMs how long to wait for answers (default: the request time-out); what is unanswered then fails with `ERR_CLIENT_CLOSED`
   */
  close({ graceMs = this.#requestTimeoutMs }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** Lets `await using client = await connect(…)` close it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(graceMs: number): Promise<void> {
    if (this.#unanswered > 0) await this.#whenIdle(graceMs);
    await this.#pool.close();
  }

  #whenIdle(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.after(graceMs, resolve);
      this.#onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function hasIdempotencyKey(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'idempotencyKey' in input && typeof input.idempotencyKey === 'string';
}
