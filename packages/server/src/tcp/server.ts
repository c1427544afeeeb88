import { RateLimiter } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { ObjectPool } from '@midgard/pool';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authenticator } from '../authenticator.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { ServerError } from '../errors.ts';
import type { ServerLog } from '../log.ts';
import { silentLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import { noopMetrics } from '../metrics.ts';
import { Connection } from './connection.ts';
import type { ConnectionContext, Flushable } from './context.ts';
import type { TcpOptions } from './options.ts';
import { completeOptions } from './options.ts';
import { bufferBytes } from './outbox.ts';
import type { Timers } from './timers.ts';
import { systemTimers } from './timers.ts';

/** What a {@link TcpServer} is made of. */
export interface TcpServerParts {
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  readonly options?: Partial<TcpOptions>;
  /** Key and certificate chain in PEM: the server then speaks TLS 1.3 only. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly metrics?: ServerMetrics;
  readonly log?: ServerLog;
}

/** Where a server listens. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Connections above the limit that are told so; those above that are cut without a word. */
const refusedAtOnce = 256;
/** The time limits of a connection are kept to a quarter of the shortest of them, and to this. */
const maxSweepMs = 500;
const drainSweepMs = 25;
/** Idle output buffers that are kept for reuse: 16 MiB. */
const maxIdleBuffers = 256;

/**
 * The TCP front end: protocol.md over TCP or TLS 1.3.
 *
 * @example
 * const server = new TcpServer({ dispatcher, authenticator, options: { port: 8080 } });
 * const { port } = await server.start();
 * await server.stop({ graceMs: 10_000 });
 */
export class TcpServer {
  readonly #options: TcpOptions;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #metrics: ServerMetrics;
  readonly #log: ServerLog;
  readonly #server: Server;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<Connection>();
  /** Under TLS: what was accepted, also sockets that have not finished their handshake. */
  readonly #rawSockets = new Set<Socket>();
  #dirty: Flushable[] = [];
  #stopSweep: (() => void) | null = null;
  #stopping: { readonly deadline: number; readonly done: PromiseWithResolvers<void> } | null = null;

  /**
   * @param parts dispatcher and authenticator are needed
   * @throws {ServerError} `ERR_SERVER_OPTION`
   */
  constructor(parts: TcpServerParts) {
    this.#options = completeOptions(parts.options ?? {});
    this.#clock = parts.clock ?? systemClock;
    this.#timers = parts.timers ?? systemTimers;
    this.#metrics = parts.metrics ?? noopMetrics;
    this.#log = parts.log ?? silentLog;
    this.#context = this.#contextFor(parts);
    this.#server = this.#listenerFor(parts);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Starts to listen.
   * @returns where, with the port that was taken if it was left open
   * @throws {ServerError} `ERR_SERVER_STATE`: it runs or ran before
   * @throws {Error} `EADDRINUSE` and the like, from the system
   */
  async start(): Promise<TcpAddress> {
    if (this.#stopSweep !== null || this.#stopping !== null) throw new ServerError('ERR_SERVER_STATE', 'a TCP server starts once');
    const { heartbeatMs, helloTimeoutMs, slowConsumerMs, host, port } = this.#options;
    const sweepMs = Math.max(1, Math.min(maxSweepMs, Math.floor(Math.min(heartbeatMs, helloTimeoutMs, slowConsumerMs) / 4)));
    this.#stopSweep = this.#timers.every(sweepMs, () => this.#sweep());
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        // Such as EMFILE on accept: the server lives on.
        this.#server.on('error', (error) => this.#log.error({ err: error }, 'listening socket'));
        resolve();
      });
    }).catch((error: unknown) => {
      this.#stopSweep?.();
      throw error;
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? { host: address.address, port: address.port } : { host, port };
  }

  /**
   * Stops gracefully: no new connection, a goodbye to each open one, answers to the requests that have arrived, 1008 to
   * later ones; connections close as they run out.
   *
   * @param options.graceMs then what is left is cut
   * @returns when the last connection is closed; a second call gives the same end
   */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    if (this.#stopping !== null) return this.#stopping.done.promise;
    const done = Promise.withResolvers<void>();
    this.#stopping = { deadline: this.#clock.now() + graceMs, done };
    this.#server.close();
    // What the kernel holds already was received before the goodbye, so it is read first.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of this.#connections) connection.drain(new MidgardError('shuttingDown', 'the server is shutting down'));
    this.#stopSweep?.();
    this.#stopSweep = this.#timers.every(drainSweepMs, () => this.#sweep());
    this.#endIfEmpty();
    return done.promise;
  }

  #contextFor({ dispatcher, authenticator }: TcpServerParts): ConnectionContext {
    const { handshakeLimit } = this.#options;
    return {
      dispatcher,
      authenticator,
      options: this.#options,
      handshakeLimiter: handshakeLimit === null ? null : new RateLimiter({ ...handshakeLimit, clock: this.#clock }),
      clock: this.#clock,
      metrics: this.#metrics,
      log: this.#log,
      buffers: new ObjectPool({ create: (): Buffer => Buffer.allocUnsafeSlow(bufferBytes), reset: () => undefined, maxIdle: maxIdleBuffers }),
      flushLater: (owner) => this.#flushLater(owner),
    };
  }

  #listenerFor({ tls }: TcpServerParts): Server {
    // Half-open: a client that has sent its last request still gets the answers.
    const options = { allowHalfOpen: true, noDelay: true };
    const accept = (socket: Socket): void => this.#accept(socket);
    const server =
      tls === undefined
        ? createServer(options, accept)
        : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.3', handshakeTimeout: this.#options.helloTimeoutMs }, accept);
    server.maxConnections = this.#options.maxConnections + refusedAtOnce;
    if (tls !== undefined) this.#followHandshakes(server);
    return server;
  }

  #followHandshakes(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#rawSockets.add(socket);
      socket.once('close', () => this.#rawSockets.delete(socket));
    });
    server.on('tlsClientError', (error) => this.#log.debug({ err: error }, 'TLS handshake failed'));
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#context);
    this.#connections.add(connection);
    socket.once('close', () => this.#onClosed(connection));
    this.#metrics.connectionOpened('tcp');
    if (this.#stopping !== null) connection.refuse(new MidgardError('shuttingDown', 'the server is shutting down'));
    else if (this.#connections.size > this.#options.maxConnections) connection.refuse(new MidgardError('overloaded', 'too many connections'));
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#metrics.connectionClosed('tcp');
    this.#endIfEmpty();
  }

  /** All answers that one turn of the event loop brings go out together: one write a connection. */
  #flushLater(owner: Flushable): void {
    if (this.#dirty.push(owner) > 1) return;
    setImmediate(() => {
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const one of dirty) one.flush();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const connection of this.#connections) connection.sweep(now);
    if (this.#stopping === null || now < this.#stopping.deadline) return;
    for (const socket of this.#rawSockets) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  #endIfEmpty(): void {
    if (this.#stopping === null || this.#connections.size > 0) return;
    this.#stopSweep?.();
    for (const socket of this.#rawSockets) socket.destroy();
    this.#stopping.done.resolve();
  }
}
