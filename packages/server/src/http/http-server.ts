import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { ConnectionLimit } from '../addresses/connection-limit.ts';
import { ServerError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { noopMetrics } from '../metrics.ts';
import { hasBadCertificate } from '../tls/client-certificate.ts';
import type { TlsIdentity, TlsSetup } from '../tls/secure-listener.ts';
import { listenerOptions, renewIdentity } from '../tls/secure-listener.ts';
import type { WebSocketParts } from '../websocket/options.ts';
import { WebSockets } from '../websocket/web-sockets.ts';
import { createHttpApp, defaultRequestTimeoutMs } from './app.ts';
import type { HttpDependencies } from './dependencies.ts';
import { defaultMaxBodyBytes } from './operation-endpoint.ts';
import { HotGets } from './hot/hot-gets.ts';
import { problemOf } from './problem.ts';
import { requestIdOf } from './request-headers.ts';
import { Traffic } from './traffic.ts';

/** Where the HTTP server listens, and the times of its connections. */
export interface HttpListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 (the default): any free port. */
  readonly port?: number;
  /** A listening socket that whoever started the process made, by its number here: taken in place of host and port. */
  readonly fd?: number | undefined;
  /** Longest time for the headers of a request, in milliseconds (default 10 000). */
  readonly headersTimeoutMs?: number;
  /** Longest time for a whole request, body included, in milliseconds (default 30 000). */
  readonly receiveTimeoutMs?: number;
  /** How long an idle connection is kept, in milliseconds (default 65 000: longer than the 60 s of common load balancers, so that we never close first). */
  readonly keepAliveMs?: number;
  /** Open connections; those above are closed without a word. Default 16 384, as over TCP. */
  readonly maxConnections?: number;
  /** Limits open connections by address of the peer, so proxies must be left out of it; one more is closed without a word. Default: no limit. */
  readonly connectionLimit?: ConnectionLimit;
  /** With it the server speaks TLS 1.3 only. */
  readonly tls?: TlsSetup;
}

/** What an {@link HttpServer} is made of. */
export type HttpServerOptions = HttpDependencies & {
  readonly listen?: HttpListenOptions;
  /** With it there are WebSockets at `/api/v1/events`. */
  readonly webSocket?: WebSocketParts;
};

/** Time limits of connections are kept to this, or to a quarter of the shortest of them. */
const checkEveryMs = 1000;
const defaultMaxConnections = 16_384;
/** Connections that the kernel may hold until they are accepted: Node's own default. */
const backlog = 511;
const defaultKeepAliveMs = 65_000;
/** Node's own default, said here so that no flag of the process changes it. */
const maxHeaderBytes = 16_384;

/**
 * The HTTP front end with its socket: starts, answers, and goes down without losing a request.
 *
 * @example
 * const server = new HttpServer({ dispatcher, authenticator, version: '1.0.0', listen: { port: 8081 } });
 * const { port } = await server.start();
 * await server.stop({ graceMs: 10_000 });
 */
export class HttpServer {
  readonly #dependencies: HttpDependencies;
  readonly #listen: HttpListenOptions;
  /** What was accepted, under TLS before its handshake, and the peer of each. */
  readonly #sockets = new Map<Socket, string>();
  readonly #traffic: Traffic;
  readonly #webSockets: WebSockets | undefined;
  /** Peers whose connection is a WebSocket, or is about to be. */
  readonly #upgraded = new Set<string>();
  #server: Server | null = null;
  #isDraining = false;
  #isLeaving = false;
  #isStopping = false;

  /** @param options the parts of the front end, and where to listen */
  constructor({ listen = {}, webSocket, ...dependencies }: HttpServerOptions) {
    this.#dependencies = dependencies;
    this.#traffic = new Traffic(dependencies.metrics ?? noopMetrics);
    this.#listen = listen;
    this.#webSockets = webSocket && new WebSockets(dependencies, webSocket);
  }

  /**
   * Opens the port.
   *
   * @returns where it listens
   * @throws {ServerError} `ERR_SERVER_STATE`: started before; `ERR_SERVER_ROUTE`: a game's routes cannot be served; what `listen` fails with
   */
  async start(): Promise<{ host: string; port: number }> {
    if (this.#server !== null) throw new ServerError('ERR_SERVER_STATE', 'the HTTP server was started before');
    const server = this.#create();
    this.#server = server;
    const { host = '127.0.0.1', port = 0, fd } = this.#listen;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(fd === undefined ? { host, port } : { fd }, backlog, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return { host, port: typeof address === 'object' && address !== null ? address.port : port };
  }

  /**
   * Gives new connections another key and certificate; open ones stay as they are.
   *
   * @throws {ServerError} `ERR_SERVER_STATE`: the server does not run, or speaks no TLS
   * @throws {Error} of OpenSSL: they do not fit or cannot be read; those before stay in force
   */
  renewTls(identity: TlsIdentity): void {
    const { tls } = this.#listen;
    if (tls === undefined || !(this.#server instanceof TlsServer)) throw new ServerError('ERR_SERVER_STATE', 'the HTTP server speaks no TLS');
    renewIdentity(this.#server, { ...tls, ...identity });
  }

  /** Ends the WebSockets of a caller, as `TcpServer.endSessions`. @returns how many */
  endSessions(subject: string, isEnded: (principal: Principal) => boolean): number {
    return this.#webSockets?.endSessions(subject, isEnded) ?? 0;
  }

  /** Ends WebSockets of whoever it is, as `TcpServer.endSessionsWhere`. @returns how many */
  endSessionsWhere(isEnded: (principal: Principal) => boolean): number {
    return this.#webSockets?.endSessionsWhere(isEnded) ?? 0;
  }

  /** Says "not ready" at `/readyz` from now on, so that load balancers look elsewhere; requests are still served. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Connections that are open now, under TLS those before their handshake included. */
  get connections(): number {
    return this.#sockets.size;
  }

  /**
   * Takes no new connection, and says with each answer that it is the last of its connection; idle ones stay. For a process that another one
   * follows on the same socket, before {@link stop}: a request that is on its way meets no closed connection.
   */
  closeListener(): void {
    if (this.#server === null || this.#isLeaving) return;
    this.#isLeaving = true;
    for (const response of this.#traffic.open) response.shouldKeepAlive = false;
    // Not its own close(), which ends idle connections.
    NetServer.prototype.close.call(this.#server);
  }

  /**
   * Goes down: takes no new connection, closes idle ones, answers what has arrived, then closes the rest.
   *
   * @param options.graceMs longest wait for requests in flight, in milliseconds
   */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isDraining = true;
    const server = this.#server;
    if (server === null || this.#isStopping || !(server.listening || this.#isLeaving)) return this.#webSockets?.destroy();
    this.#isStopping = true;
    const isEmpty = !server.listening && this.#sockets.size === 0;
    const closed = isEmpty ? Promise.resolve() : new Promise<void>((resolve) => server.once('close', () => resolve()));
    server.close();
    for (const response of this.#traffic.open) response.shouldKeepAlive = false;
    this.#webSockets?.drain();
    this.#closeIdle();
    const timer = setTimeout(() => {
      // Node's closeAllConnections() leaves out what is in its TLS handshake.
      for (const socket of this.#sockets.keys()) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
    this.#webSockets?.destroy();
  }

  /** Node's own notion of idle leaves out a connection that has not sent anything yet, such as browsers open in advance. */
  #closeIdle(): void {
    // By peer: under TLS a request knows the encrypted socket, and not the one that was accepted.
    const busy = new Set([...this.#traffic.open].map((response) => peerOf(response.req.socket)));
    for (const [socket, peer] of this.#sockets) if (!busy.has(peer) && !this.#upgraded.has(peer)) socket.destroy();
  }

  #create(): Server {
    const { options } = this.#dependencies;
    const traffic = this.#traffic;
    const hot = new HotGets(this.#dependencies, traffic);
    const app = createHttpApp(this.#dependencies, () => this.#isDraining, { tickets: this.#webSockets?.tickets, traffic, hot });
    const listener = getRequestListener(app.fetch, { errorHandler: (error) => this.#refuse(error) });
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      this.#watch(outgoing);
      if (!hot.serve(incoming, outgoing)) void listener(incoming, outgoing);
    };
    const server = this.#listener();
    server.maxConnections = this.#listen.maxConnections ?? defaultMaxConnections;
    // A socket on which nothing moves for longer than any request may take: its client does not read the answers.
    server.timeout = (this.#listen.keepAliveMs ?? defaultKeepAliveMs) + (options?.requestTimeoutMs ?? defaultRequestTimeoutMs);
    server.on('request', answer);
    server.on('checkContinue', (incoming, outgoing) => {
      // A client that asks first is not told to go on with a body that will be refused.
      if (!(Number(incoming.headers['content-length']) > (options?.maxBodyBytes ?? defaultMaxBodyBytes))) outgoing.writeContinue();
      answer(incoming, outgoing);
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', refuseBytes);
    server.on('connection', (socket) => this.#enter(socket));
    return server;
  }

  #listener(): Server {
    const { headersTimeoutMs = 10_000, receiveTimeoutMs = 30_000, keepAliveMs = defaultKeepAliveMs, tls } = this.#listen;
    const options = {
      headersTimeout: headersTimeoutMs,
      requestTimeout: receiveTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.max(1, Math.min(checkEveryMs, Math.floor(Math.min(headersTimeoutMs, receiveTimeoutMs) / 4))),
      maxHeaderSize: maxHeaderBytes,
      insecureHTTPParser: false,
      requireHostHeader: true,
      // What is not for us is an ordinary request with an offer that is not taken up.
      shouldUpgradeCallback: (request: IncomingMessage) => this.#webSockets?.wants(request) === true,
    };
    if (tls === undefined) return createServer(options);
    const server = createTlsServer({ ...options, ...listenerOptions(tls, headersTimeoutMs) });
    server.on('secureConnection', (socket) => {
      if (hasBadCertificate(socket)) socket.destroy();
    });
    return server;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const peer = peerOf(request.socket);
    this.#upgraded.add(peer);
    socket.once('close', () => this.#upgraded.delete(peer));
    void this.#webSockets?.upgrade(request, socket, head);
  }

  #enter(socket: Socket): void {
    const { metrics = noopMetrics } = this.#dependencies;
    const leave = this.#listen.connectionLimit?.enter(socket.remoteAddress ?? '');
    if (leave === null) return void socket.destroy();
    metrics.connectionOpened('http');
    this.#sockets.set(socket, peerOf(socket));
    socket.once('close', () => {
      this.#sockets.delete(socket);
      metrics.connectionClosed('http');
      leave?.();
    });
  }

  /** While going down, an answer is the last on its connection. */
  #watch(outgoing: ServerResponse): void {
    if (this.#isLeaving || (this.#isDraining && this.#server?.listening !== true)) outgoing.shouldKeepAlive = false;
    this.#traffic.began(outgoing);
  }

  /** Answers what the adapter could not even make a request of (a bad Host, a bad target), and what it failed at. */
  #refuse(thrown: unknown): Response {
    const isRequestFault = thrown instanceof Error && thrown.name === 'RequestError';
    if (!isRequestFault) (this.#dependencies.log ?? silentLog).error({ err: thrown }, 'HTTP adapter failed');
    const error = isRequestFault ? new MidgardError('protocol', 'the request target or the Host header is not valid') : new MidgardError('internal', '');
    const problem = problemOf(error, { requestId: requestIdOf(undefined) });
    return new Response(JSON.stringify(problem), { status: problem.status, headers: { 'Content-Type': 'application/problem+json' } });
  }
}

function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Statuses of what Node's parser refuses before there is a request. */
const parserFaults: ReadonlyMap<string, { readonly status: number; readonly line: string; readonly error: MidgardError }> = new Map([
  ['HPE_HEADER_OVERFLOW', { status: 431, line: 'Request Header Fields Too Large', error: new MidgardError('tooLarge', 'request headers too large') }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, line: 'Payload Too Large', error: new MidgardError('tooLarge', 'chunk extensions too large') }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, line: 'Request Timeout', error: new MidgardError('timeout', 'the request did not arrive in time') }],
]);
const notHttp = { status: 400, line: 'Bad Request', error: new MidgardError('protocol', 'not an HTTP request') };

function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  // A failed TLS handshake comes here too: there is no channel to answer on.
  if (error.code === undefined || !/^(?:HPE|ERR_HTTP)_/.test(error.code) || !socket.writable) return void socket.destroy();
  const { status, line, error: shown } = parserFaults.get(error.code ?? '') ?? notHttp;
  const body = JSON.stringify(problemOf(shown, { requestId: requestIdOf(undefined), status }));
  const head = `HTTP/1.1 ${status} ${line}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`);
}
