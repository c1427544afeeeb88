import { setMaxListeners } from 'node:events';
import type { Principal } from '@midgard/auth';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { RawData, WebSocket } from 'ws';
import type { Dispatcher } from '../dispatcher.ts';
import type { Push } from '../events/push.ts';
import type { PushSink } from '../events/subscriber.ts';
import type { ServerLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import { RequestScope } from '../request/request-scope.ts';
import type { Session } from '../session.ts';
import type { SessionHolder } from '../tcp/context.ts';
import { Heartbeat } from '../tcp/heartbeat.ts';
import type { Timers } from '../tcp/timers.ts';
import { WriteOrder } from '../tcp/write-order.ts';
import { closeCodeOf } from './close-code.ts';
import { answerOf, errorOf, goodbyeOf, readMessage, type SocketRequest } from './messages.ts';
import type { WebSocketOptions } from './options.ts';

/** What all connections share. */
export interface SocketContext {
  readonly dispatcher: Dispatcher;
  readonly options: WebSocketOptions;
  /** What silence and limits of time are measured by. */
  readonly timers: Timers;
  readonly metrics: ServerMetrics;
  readonly log: ServerLog;
}

/** How long a client has to close too, once it was told to. */
const lingerMs = 1000;

/** One client over WebSocket: runs its requests, and sends it what it has subscribed to. */
export class SocketConnection implements SessionHolder, PushSink {
  readonly session: Session;
  readonly #socket: WebSocket;
  readonly #context: SocketContext;
  readonly #heartbeat: Heartbeat;
  readonly #order = new WriteOrder();
  readonly #abort = new AbortController();
  #inFlight = 0;
  #stalledSince: number | undefined;
  /** Set once nothing more is read: with what it is closed when the last answer is out. */
  #closing: { readonly error: MidgardError; readonly since: number; isClosed: boolean } | undefined;

  /** @param socket just opened by the caller of the session */
  constructor(socket: WebSocket, session: Session, context: SocketContext) {
    this.#socket = socket;
    this.session = session;
    this.#context = context;
    this.#heartbeat = new Heartbeat(context.options.heartbeatMs, context.timers.now());
    setMaxListeners(0, this.#abort.signal);
    session.sink = this;
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    for (const sign of ['ping', 'pong'] as const) socket.on(sign, () => this.#heartbeat.beat(context.timers.now()));
    // 'close' follows; ws has closed with the right code by itself, such as 1009 for what is too large.
    socket.on('error', (error) => context.log.debug({ err: error, address: session.address }, 'WebSocket error'));
    socket.once('close', () => this.#onClose());
  }

  /** See {@link PushSink}. */
  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** See {@link PushSink}. */
  push(push: Push): void {
    if (this.#closing === undefined) this.#send(push.text());
  }

  /** See {@link PushSink}: at once, whatever is in flight. */
  end(error: MidgardError): void {
    this.drain(error);
    this.#close();
  }

  /** See {@link SessionHolder}. */
  endSessionIf(isEnded: (principal: Principal) => boolean, error: MidgardError): boolean {
    if (this.#closing !== undefined || !isEnded(this.session.principal)) return false;
    this.end(error);
    return true;
  }

  /** Says goodbye; what is in flight is answered before it closes, what comes now is not. */
  drain(error: MidgardError): void {
    if (this.#closing !== undefined) return;
    this.#closing = { error, since: this.#context.timers.now(), isClosed: false };
    this.session.subscriber?.close();
    this.#send(goodbyeOf(error));
    if (this.#inFlight === 0) this.#close();
  }

  /** Cuts it. */
  destroy(): void {
    this.#socket.terminate();
  }

  /** Looks after everything that depends on time. */
  sweep(now: number): void {
    const { slowConsumerMs } = this.#context.options;
    if (this.#closing !== undefined) {
      if (this.#closing.isClosed && now - this.#closing.since >= lingerMs) this.#socket.terminate();
      return;
    }
    this.#relieve(now);
    if (this.#stalledSince !== undefined) {
      if (now - this.#stalledSince >= slowConsumerMs) this.end(new MidgardError('slowConsumer', 'answers are read too slowly'));
      return;
    }
    const silence = this.#heartbeat.check(now);
    if (silence === 'ping') this.#socket.ping();
    if (silence === 'dead') this.end(new MidgardError('timeout', 'no sign of life for two heartbeats'));
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    const { timers, options, metrics } = this.#context;
    this.#heartbeat.beat(timers.now());
    if (this.#closing !== undefined) return;
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
    if (isBinary) return this.end(new MidgardError('protocol', 'messages are JSON, as text'));
    const startedAt = performance.now();
    const read = readMessage(bytes);
    metrics.received('websocket', bytes.length, 1, (performance.now() - startedAt) / 1000);
    if ('error' in read) this.#refuse(read.id, read.error, startedAt);
    else if (this.#inFlight >= options.maxInFlight)
      this.#refuse(read.request.id, new MidgardError('tooManyInFlight', `more than ${options.maxInFlight} requests unanswered`), startedAt);
    else void this.#answer(read.request, startedAt);
    this.#stallIfFull();
  }

  #refuse(id: string | number | null, error: MidgardError, startedAt: number): void {
    const request = new RequestScope({ transport: 'websocket', requestId: id ?? undefined, startedAt });
    request.code = error.code;
    this.#send(errorOf(id, error));
    this.#context.dispatcher.finish(request);
  }

  /** Never rejects. */
  async #answer({ id, game, operation, input }: SocketRequest, startedAt: number): Promise<void> {
    const { dispatcher } = this.#context;
    const request = new RequestScope({ transport: 'websocket', requestId: id, startedAt });
    const { session } = this;
    this.#inFlight += 1;
    try {
      const output = await this.#order.run(dispatcher.orderKeys(game, operation, input), () =>
        dispatcher.call({ session, game, operation, input, request, signal: this.#abort.signal }),
      );
      this.#send(answerOf(id, output));
    } catch (error) {
      const shown = toMidgardError(error);
      request.code = shown.code;
      this.#send(errorOf(id, shown));
    }
    dispatcher.finish(request);
    this.#inFlight -= 1;
    if (this.#inFlight === 0 && this.#closing !== undefined) this.#close();
    this.#stallIfFull();
  }

  #send(message: Buffer): void {
    const { metrics } = this.#context;
    if (this.#socket.readyState !== this.#socket.OPEN) return metrics.answerDropped('websocket');
    const startedAt = performance.now();
    this.#socket.send(message, { binary: false });
    metrics.sent('websocket', message.length, 1, (performance.now() - startedAt) / 1000);
  }

  #close(): void {
    if (this.#closing === undefined || this.#closing.isClosed) return;
    this.#closing.isClosed = true;
    const { error } = this.#closing;
    if (error.errorName !== 'shuttingDown') this.#context.metrics.connectionFailed(error.code);
    this.#socket.resume();
    // A close frame has room for 123 bytes.
    this.#socket.close(closeCodeOf(error), error.message.slice(0, 100));
  }

  #onClose(): void {
    this.session.sink = undefined;
    this.session.subscriber?.close();
    this.#abort.abort();
  }

  /** Requests of a client that does not take its answers are not read. */
  #stallIfFull(): void {
    if (this.#stalledSince !== undefined || this.unsentBytes <= this.#context.options.maxUnsentBytes) return;
    this.#stalledSince = this.#context.timers.now();
    this.#socket.pause();
  }

  #relieve(now: number): void {
    if (this.#stalledSince === undefined || this.unsentBytes > this.#context.options.maxUnsentBytes / 2) return;
    this.#stalledSince = undefined;
    // The silence was ours: the client could not be heard.
    this.#heartbeat.beat(now);
    this.#socket.resume();
  }
}
