import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Principal } from '@midgard/auth';
import { MidgardError, toMidgardError } from '@midgard/errors';
import { type WebSocket, WebSocketServer } from 'ws';
import { plainAddress } from '../addresses/address-set.ts';
import { clientAddress } from '../addresses/forwarded.ts';
import { systemClock } from '../clock.ts';
import { revoked } from '../admission.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { identify } from '../http/identify.ts';
import { invalidInput } from '../http/invalid-input.ts';
import { problemOf } from '../http/problem.ts';
import { requestIdOf, requirePlainTarget, requireSingleHeaders } from '../http/request-headers.ts';
import { silentLog } from '../log.ts';
import { noopMetrics } from '../metrics.ts';
import type { Session } from '../session.ts';
import { SessionIndex } from '../tcp/session-index.ts';
import { systemTimers } from '../tcp/timers.ts';
import { SocketConnection, type SocketContext } from './connection.ts';
import { completeWebSocketOptions, type WebSocketOptions, type WebSocketParts } from './options.ts';
import { requireOrigin } from './origin.ts';
import { Tickets } from './tickets.ts';

/** Where clients connect to. */
export const eventsPath = '/api/v1/events';

const maxSweepMs = 500;
const ignore = (): void => undefined;

/** The WebSocket front end: takes over connections of the HTTP server that ask for it at {@link eventsPath}. */
export class WebSockets {
  /** What a client without headers shows instead of a key or token. */
  readonly tickets: Tickets;
  readonly #dependencies: HttpDependencies;
  readonly #options: WebSocketOptions;
  readonly #context: SocketContext;
  readonly #server: WebSocketServer;
  readonly #open = new Set<SocketConnection>();
  readonly #sessions = new SessionIndex<SocketConnection>();
  readonly #stopSweep: () => void;
  #isDraining = false;

  /** @throws {ServerError} `ERR_SERVER_OPTION` */
  constructor(dependencies: HttpDependencies, { options, ticketKey, nonces, timers = systemTimers }: WebSocketParts) {
    const { clock = systemClock, metrics = noopMetrics, log = silentLog, dispatcher } = dependencies;
    this.#dependencies = dependencies;
    this.#options = completeWebSocketOptions(options);
    this.#context = { dispatcher, options: this.#options, timers, metrics, log };
    this.tickets = new Tickets({ key: ticketKey, goodForMs: this.#options.ticketMs, nonces, clock });
    // No compression: it costs each connection memory, and each push time.
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: this.#options.maxMessageBytes, perMessageDeflate: false });
    const { heartbeatMs, slowConsumerMs } = this.#options;
    const sweepMs = Math.max(1, Math.min(maxSweepMs, Math.floor(Math.min(heartbeatMs, slowConsumerMs) / 4)));
    this.#stopSweep = timers.every(sweepMs, () => this.#sweep());
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size;
  }

  /** Whether a request is for this front end, and not an ordinary one that offers some upgrade. */
  wants({ method, url = '', headers }: IncomingMessage): boolean {
    const [path] = url.split('?', 1);
    return method === 'GET' && path === eventsPath && headers.upgrade?.toLowerCase() === 'websocket';
  }

  /** Answers a request that {@link wants} said yes to: with a connection, or as HTTP answers an error. Never throws. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until there is a connection, whose own it is.
    socket.on('error', ignore);
    try {
      const session = await this.#admit(request);
      if (socket.destroyed) return;
      this.#server.handleUpgrade(request, socket, head, (opened) => {
        socket.off('error', ignore);
        this.#enter(opened, session);
      });
    } catch (error) {
      refuse(socket, toMidgardError(error), request.headers['x-request-id']);
    }
  }

  /** Ends the connections of a caller at once (3003), for keys and tokens that are good no more. O(connections of that caller). */
  endSessions(subject: string, isEnded: (principal: Principal) => boolean): number {
    return this.#sessions.of(subject).filter((connection) => connection.endSessionIf(isEnded, revoked())).length;
  }

  /** As {@link endSessions}, of all callers. O(connections). */
  endSessionsWhere(isEnded: (principal: Principal) => boolean): number {
    return [...this.#open].filter((connection) => connection.endSessionIf(isEnded, revoked())).length;
  }

  /** Says goodbye to all: what is in flight is answered, then they are closed. Ones that ask now get 1008. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (const connection of this.#open) connection.drain(new MidgardError('shuttingDown', 'the server is shutting down'));
  }

  /** Cuts what is left. */
  destroy(): void {
    this.#stopSweep();
    for (const connection of this.#open) connection.destroy();
  }

  async #admit(request: IncomingMessage): Promise<Session> {
    const { dispatcher, options } = this.#dependencies;
    requireSingleHeaders(request.rawHeaders);
    requirePlainTarget(request.url ?? '');
    requireOrigin(request, options?.cors?.origins ?? []);
    if (this.#isDraining) throw new MidgardError('shuttingDown', 'the server is shutting down');
    if (this.#open.size >= this.#options.maxConnections) throw new MidgardError('overloaded', 'too many connections');
    const address = this.#addressOf(request);
    const principal = await identify(this.#dependencies, address, () => this.#look(request, address));
    if (this.#isDraining) throw new MidgardError('shuttingDown', 'the server is shutting down');
    const session = dispatcher.openSession(principal, 'websocket', address);
    dispatcher.admit(session);
    return session;
  }

  async #look({ url = '', headers }: IncomingMessage, address: string): Promise<Principal> {
    const query = new URLSearchParams(url.slice(eventsPath.length));
    const [stray] = [...query.keys()].filter((name) => name !== 'ticket');
    if (stray !== undefined) throw invalidInput(stray, 'unknown query field');
    const tickets = query.getAll('ticket');
    const { authorization, 'x-api-key': apiKey } = headers;
    const given = [...tickets, authorization, apiKey].filter((each) => each !== undefined);
    if (given.length > 1) throw invalidInput('query.ticket', 'say who calls in one way: by ticket, Authorization or X-API-Key');
    const [ticket] = tickets;
    if (ticket !== undefined) return this.tickets.redeem(ticket);
    const told = new Headers();
    if (authorization !== undefined) told.set('authorization', authorization);
    if (typeof apiKey === 'string') told.set('x-api-key', apiKey);
    return this.#dependencies.authenticator.fromHttp(told, address);
  }

  #addressOf({ socket: { remoteAddress = '' }, headers }: IncomingMessage): string {
    const forwarding = this.#dependencies.options?.forwarding;
    if (forwarding === undefined) return plainAddress(remoteAddress);
    const header = headers[forwarding.header];
    return clientAddress(remoteAddress, Array.isArray(header) ? header.join(', ') : header, forwarding);
  }

  #enter(socket: WebSocket, session: Session): void {
    const { metrics } = this.#context;
    const connection = new SocketConnection(socket, session, this.#context);
    const { subject, kind } = session.principal;
    this.#open.add(connection);
    this.#sessions.add(subject, connection);
    metrics.connectionOpened('websocket');
    metrics.clientJoined(kind);
    socket.once('close', () => {
      this.#open.delete(connection);
      this.#sessions.delete(subject, connection);
      metrics.connectionClosed('websocket');
      metrics.clientLeft(kind);
    });
  }

  #sweep(): void {
    const now = this.#context.timers.now();
    for (const connection of this.#open) connection.sweep(now);
  }
}

/** Answers as the HTTP front end does; the connection is of no further use. */
function refuse(socket: Duplex, error: MidgardError, requestId: string | string[] | undefined): void {
  if (!socket.writable) return void socket.destroy();
  const problem = problemOf(error, { requestId: requestIdOf(typeof requestId === 'string' ? requestId : undefined) });
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
