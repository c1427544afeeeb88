import { type Principal, RateLimiter } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { type Timer, TimingWheel } from '@midgard/queue';
import { randomInt } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import type { AddressLimit } from '../addresses/address-limit.ts';
import type { ConnectionLimit } from '../addresses/connection-limit.ts';
import { revoked } from '../admission.ts';
import type { Authenticator } from '../authenticator.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { ServerError } from '../errors.ts';
import { AnswerStore } from '../hot/answer-store.ts';
import { Arena } from '../hot/arena.ts';
import { HotReads } from '../hot/hot-reads.ts';
import type { ServerLog } from '../log.ts';
import { silentLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import { noopMetrics } from '../metrics.ts';
import { hasBadCertificate } from '../tls/client-certificate.ts';
import type { TlsIdentity, TlsSetup } from '../tls/secure-listener.ts';
import { listenerOptions, renewIdentity } from '../tls/secure-listener.ts';
import { Connection } from './connection.ts';
import type { ConnectionContext, SessionHolder } from './context.ts';
import { ErrorBodies } from './error-bodies.ts';
import { FlushQueue } from './flush-queue.ts';
import type { Mortal } from './lifetime.ts';
import type { TcpOptions } from './options.ts';
import { completeOptions } from './options.ts';
import { bufferBytes, OutputBuffers } from './output-buffers.ts';
import { SessionIndex } from './session-index.ts';
import type { Timers } from './timers.ts';
import { systemTimers } from './timers.ts';

/** What a {@link TcpServer} is made of. */
export interface TcpServerParts {
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  readonly options?: Partial<TcpOptions>;
  /** With it the server speaks TLS 1.3 only. */
  readonly tls?: TlsSetup;
  /** Limits open connections by address; one more answers 1005. Default: no limit. */
  readonly connectionLimit?: ConnectionLimit;
  /** Limits hellos by address; default: by `handshakeLimit` of the options, in this process. */
  readonly handshakeLimiter?: AddressLimit;
  /** What keys, tokens and answers expire by; default: the clock of the machine. */
  readonly clock?: Clock;
  /** What silence and limits of time are measured by; default: those of the process. */
  readonly timers?: Timers;
  readonly metrics?: ServerMetrics;
  readonly log?: ServerLog;
}

/** Where a server listens. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Connections above the limits that are told so at a time; those above that are cut without a word. */
const refusedAtOnce = 256;
/** What depends on time is late by this at most. */
const tickMs = 25;
/** Connections whose answers wait for the end of a turn. */
const mostUnflushed = 64;
/** Output buffers that are used again: for these, and as many for slow readers. 8 MiB, of which those cost nothing that were never needed. */
const outputBuffers = 2 * mostUnflushed;
/** What is read at once: less would cost more calls of the system, more would let the others wait longer. */
const readBytes = 64 * 1024;
/** Connections that the kernel may hold until they are accepted. */
const backlog = 1024;

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
  readonly #timers: Timers;
  readonly #metrics: ServerMetrics;
  readonly #log: ServerLog;
  readonly #server: Server;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<Connection>();
  readonly #tls: TlsSetup | undefined;
  readonly #connectionLimit: ConnectionLimit | undefined;
  #refused = 0;
  /** Under TLS: what was accepted, also sockets that have not finished their handshake. */
  readonly #rawSockets = new Set<Socket>();
  readonly #unflushed = new FlushQueue(mostUnflushed);
  readonly #wheel: TimingWheel<Mortal>;
  #hasStarted = false;
  #stopping: { readonly cut: Timer; readonly done: PromiseWithResolvers<void> } | null = null;

  /**
   * @param parts dispatcher and authenticator are needed
   * @throws {ServerError} `ERR_SERVER_OPTION`
   */
  constructor(parts: TcpServerParts) {
    this.#options = completeOptions(parts.options ?? {});
    this.#timers = parts.timers ?? systemTimers;
    this.#metrics = parts.metrics ?? noopMetrics;
    this.#log = parts.log ?? silentLog;
    this.#wheel = new TimingWheel<Mortal>({
      fire: (one) => one.look(),
      tickMs,
      isIdle: true,
      clock: this.#timers,
      timers: this.#timers,
    });
    this.#tls = parts.tls;
    this.#connectionLimit = parts.connectionLimit;
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
    if (this.#hasStarted || this.#stopping !== null) throw new ServerError('ERR_SERVER_STATE', 'a TCP server starts once');
    this.#hasStarted = true;
    const { host, port, fd } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(fd === undefined ? { host, port } : { fd }, backlog, () => {
        this.#server.off('error', reject);
        // Such as EMFILE on accept: the server lives on.
        this.#server.on('error', (error) => this.#log.error({ err: error }, 'listening socket'));
        resolve();
      });
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? { host: address.address, port: address.port } : { host, port };
  }

  /**
   * Ends the sessions of a caller at once, with an error frame (3003) and without the answers to what is in flight: for keys and tokens that
   * are good no more. O(connections of that caller).
   *
   * @param subject `Principal.subject`
   * @param isEnded which of that caller's, since one may have several log-ins
   * @returns how many were ended
   */
  endSessions(subject: string, isEnded: (principal: Principal) => boolean): number {
    return this.#context.sessions.of(subject).filter((connection) => connection.endSessionIf(isEnded, revoked())).length;
  }

  /**
   * As {@link endSessions}, of all callers: for what takes the right from many at once. O(connections).
   *
   * @param isEnded whose
   * @returns how many were ended
   */
  endSessionsWhere(isEnded: (principal: Principal) => boolean): number {
    return [...this.#connections].filter((connection) => connection.endSessionIf(isEnded, revoked())).length;
  }

  /**
   * Gives new connections another key and certificate; open ones stay as they are.
   *
   * @throws {ServerError} `ERR_SERVER_STATE`: the server speaks no TLS
   * @throws {Error} of OpenSSL: they do not fit or cannot be read; those before stay in force
   */
  renewTls(identity: TlsIdentity): void {
    if (this.#tls === undefined || !(this.#server instanceof TlsServer)) throw new ServerError('ERR_SERVER_STATE', 'the TCP server speaks no TLS');
    renewIdentity(this.#server, { ...this.#tls, ...identity });
  }

  /**
   * Takes no new connection; those that are open go on as if nothing were. For a process that another one follows on the same socket, before
   * {@link stop}: who has just come in can still say hello.
   */
  closeListener(): void {
    this.#server.close();
  }

  /**
   * Says goodbye to so many of the open connections, which answer what they have and go elsewhere: for a process that has more than its share.
   *
   * @returns how many: fewer where there are no more
   */
  release(count: number): number {
    let released = 0;
    for (const connection of this.#connections) {
      if (released === count) break;
      if (!connection.isOpen) continue;
      connection.drain(new MidgardError('shuttingDown', 'please connect again: another process has room'));
      released += 1;
    }
    return released;
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
    this.#stopping = { cut: this.#timers.after(graceMs, () => this.#cut(), true), done };
    this.#server.close();
    // What the kernel holds already was received before the goodbye, so it is read first.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of this.#connections) connection.drain(new MidgardError('shuttingDown', 'the server is shutting down'));
    this.#endIfEmpty();
    return done.promise;
  }

  #contextFor({ dispatcher, authenticator, handshakeLimiter, clock = systemClock }: TcpServerParts): ConnectionContext {
    const { handshakeLimit, keptAnswerBytes: capacity } = this.#options;
    const arena = new Arena(capacity + outputBuffers * bufferBytes);
    const store = new AnswerStore(arena, { capacity, seed: randomInt(2 ** 32) });
    const hotParts = { arena, store, rules: dispatcher.hotRules, clock, timers: this.#timers, metrics: this.#metrics };
    const own = handshakeLimit === null ? null : new RateLimiter({ ...handshakeLimit, clock });
    return {
      dispatcher,
      authenticator,
      options: this.#options,
      handshakeLimiter: handshakeLimiter ?? own,
      timers: this.#timers,
      wheel: this.#wheel,
      metrics: this.#metrics,
      log: this.#log,
      sessions: new SessionIndex<SessionHolder>(),
      buffers: new OutputBuffers(arena, { start: capacity }),
      errorBodies: new ErrorBodies(),
      readBuffer: Buffer.allocUnsafeSlow(readBytes),
      hotReads: new HotReads(hotParts),
      flushLater: (owner) => this.#unflushed.add(owner),
    };
  }

  #listenerFor({ tls }: TcpServerParts): Server {
    // Half-open: a client that has sent its last request still gets the answers.
    const options = { allowHalfOpen: true, noDelay: true };
    const server = tls === undefined ? createServer(options, (socket) => this.#accept(socket, this.#enter(socket))) : this.#secureListenerFor(tls, options);
    server.maxConnections = this.#options.maxConnections + refusedAtOnce;
    return server;
  }

  #secureListenerFor(tls: TlsSetup, options: { readonly allowHalfOpen: boolean; readonly noDelay: boolean }): Server {
    const server = createTlsServer({ ...options, ...listenerOptions(tls, this.#options.helloTimeoutMs) }, (socket) => {
      if (hasBadCertificate(socket)) socket.destroy();
      else this.#accept(socket, true);
    });
    server.on('connection', (socket: Socket) => {
      this.#rawSockets.add(socket);
      socket.once('close', () => this.#rawSockets.delete(socket));
      // Before the handshake, which costs the server more than the client.
      if (!this.#enter(socket)) socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => {
      this.#log.debug({ err: error }, 'TLS handshake failed');
      // Of a handshake that takes too long Node only tells.
      socket.destroy();
    });
    return server;
  }

  /** @returns false where the address has too many connections */
  #enter(socket: Socket): boolean {
    if (this.#connectionLimit === undefined) return true;
    const leave = this.#connectionLimit.enter(socket.remoteAddress ?? '');
    if (leave !== null) socket.once('close', leave);
    return leave !== null;
  }

  #accept(socket: Socket, mayStay: boolean): void {
    if (!mayStay && this.#refused >= refusedAtOnce) return void socket.destroy();
    const connection = new Connection(socket, this.#context);
    this.#connections.add(connection);
    socket.once('close', () => this.#onClosed(connection));
    this.#metrics.connectionOpened('tcp');
    if (this.#stopping !== null) connection.refuse(new MidgardError('shuttingDown', 'the server is shutting down'));
    else if (!mayStay) this.#refuse(connection, socket, 'too many connections from this address');
    else if (this.#connections.size - this.#refused > this.#options.maxConnections) this.#refuse(connection, socket, 'too many connections');
  }

  #refuse(connection: Connection, socket: Socket, message: string): void {
    this.#refused += 1;
    socket.once('close', () => (this.#refused -= 1));
    connection.refuse(new MidgardError('overloaded', message));
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#metrics.connectionClosed('tcp');
    this.#endIfEmpty();
  }

  #cut(): void {
    for (const socket of this.#rawSockets) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  #endIfEmpty(): void {
    if (this.#stopping === null || this.#connections.size > 0) return;
    this.#stopping.cut.cancel();
    for (const socket of this.#rawSockets) socket.destroy();
    this.#stopping.done.resolve();
  }
}
