import type { Socket } from 'node:net';
import type { Compression, Encoding, Frame, FrameDecoder, FrameFields, Goodbye, OpenOptions, Welcome } from '@midgard/codec';
import { decodeValue, encodeFrame, encodeValue, Flag, flagsOf, frameBytes, Kind, openBody, parseGoodbye } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { readError } from './built-in.ts';
import { ClientError } from './client-error.ts';
import type { Exchange } from './exchange.ts';
import type { Greeted } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { Output } from './output.ts';
import type { Clock, Timers } from './timers.ts';

/** Bodies from this size on are compressed where that was agreed; below it the gain is less than the work. */
const compressAboveBytes = 1024;

/** An event that the server sent without being asked. */
export interface PushEvent {
  /** The game's number. */
  readonly game: number;
  /** The event's code. */
  readonly code: number;
  readonly value: unknown;
}

/** What a connection tells its owner. */
export interface ConnectionListener {
  /** An answer has freed a place. */
  onRoom(connection: Connection): void;
  onPush(event: PushEvent): void;
  /** The server says goodbye: what it has is still answered, nothing new may be sent. */
  onGoodbye(connection: Connection, goodbye: Goodbye): void;
  /** The server is leaving and has refused a request that may be sent elsewhere. */
  onRefused(exchange: Exchange, error: MidgardError): void;
  /** The end; `unanswered` are the requests that were on their way, in the order in which they were sent. */
  onClosed(connection: Connection, error: ClientError, unanswered: readonly Exchange[]): void;
}

/** What a connection works with, besides the socket. */
export interface ConnectionParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly listener: ConnectionListener;
}

/**
 * One connection behind its handshake: pairs answers with requests, keeps the heartbeat, knows how many requests the
 * server takes at once. It never waits and never reconnects; that is its owner's.
 */
export class Connection {
  readonly welcome: Welcome;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #listener: ConnectionListener;
  readonly #output: Output;
  readonly #heartbeat: Heartbeat;
  readonly #encoding: Encoding;
  readonly #compression: Compression | null;
  readonly #opening: OpenOptions;
  readonly #inFlight = new Map<number, Exchange>();
  readonly #onFrame = (frame: Frame): void => this.#receive(frame);
  readonly #onGivenUp = (): void => this.#noteGivenUp();
  #lastId = 0;
  #givenUp = 0;
  #fault: ClientError | undefined;
  #isDraining = false;
  #isClosed = false;

  /**
   * @param greeted a socket whose welcome has just been read
   * @param parts time, and whom to tell
   */
  constructor({ socket, welcome, decoder }: Greeted, { clock, timers, listener }: ConnectionParts) {
    this.welcome = welcome;
    this.#socket = socket;
    this.#decoder = decoder;
    this.#listener = listener;
    this.#output = new Output(socket);
    this.#encoding = welcome.encoding;
    this.#compression = welcome.compression;
    this.#opening = { ...welcome, encodings: [welcome.encoding] };
    this.#heartbeat = new Heartbeat({
      intervalMs: welcome.heartbeatMs,
      clock,
      timers,
      onQuiet: () => this.#control(Kind.ping, Buffer.alloc(0)),
      onDead: () => this.fail(new ClientError('ERR_CLIENT_CONNECTION_LOST', 'two heartbeats without a byte from the server')),
    });
    socket.on('data', (chunk: Buffer) => this.#feed(chunk));
    socket.on('error', (error) => this.fail(new ClientError('ERR_CLIENT_CONNECTION_LOST', 'the connection broke', error)));
    socket.on('close', () => this.fail(new ClientError('ERR_CLIENT_CONNECTION_LOST', 'the server closed the connection')));
  }

  /** Requests without an answer, those that were given up included: the server still counts them. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Whether it is open and neither side has said goodbye. */
  get isStaying(): boolean {
    return !this.#isDraining && !this.#isClosed;
  }

  /** Whether another request may be sent. */
  get hasRoom(): boolean {
    return this.isStaying && this.#inFlight.size < this.welcome.maxInFlight;
  }

  /** Sends a request; only when there is room. One that cannot be sent at all is rejected. */
  send(exchange: Exchange): void {
    const requestId = this.#freeId();
    try {
      this.#write(exchange, requestId);
    } catch (error) {
      exchange.reject(new ClientError('ERR_CLIENT_TOO_LARGE', 'the request does not fit into a frame', error));
      return;
    }
    this.#inFlight.set(requestId, exchange);
    exchange.onGivenUp = this.#onGivenUp;
  }

  /** Takes nothing new; says goodbye and closes once everything is answered. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#closeIfDrained();
  }

  /** Breaks it off. Requests without an answer are handed back with the error; only the first call counts. */
  fail(error: ClientError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#heartbeat.stop();
    this.#socket.destroy();
    const unanswered = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#listener.onClosed(this, this.#fault ?? error, unanswered);
  }

  /** Takes frames that came along with the welcome. */
  take(early: readonly Frame[]): void {
    for (const frame of early) this.#receive(frame);
    if (this.#fault !== undefined) this.fail(this.#fault);
  }

  #feed(chunk: Buffer): void {
    this.#heartbeat.heard();
    try {
      this.#decoder.decode(chunk, this.#onFrame);
    } catch (error) {
      this.fail(new ClientError('ERR_CLIENT_PROTOCOL', 'the server broke the protocol', error));
      return;
    }
    // `receive` cannot throw out of the decoder's loop, so it leaves its finding here.
    if (this.#fault !== undefined) this.fail(this.#fault);
  }

  #write({ request }: Exchange, requestId: number): void {
    const { game, operation, priority, payload, trace } = request;
    const { checksum, maxFrameBytes } = this.welcome;
    const compresses = this.#compression !== null && payload.byteLength >= compressAboveBytes;
    if (compresses || trace !== undefined) {
      const options = { encoding: this.#encoding, compression: this.#compression, checksum, maxFrameBytes, compressAboveBytes };
      const header = { kind: Kind.request, priority, requestId, game, operation };
      this.#output.addBytes(encodeFrame(header, payload, trace === undefined ? options : { ...options, trace }));
      return;
    }
    const flags = flagsOf(this.#encoding) | (checksum ? Flag.checksum : 0);
    const bytes = frameBytes(payload.byteLength, flags);
    if (bytes > maxFrameBytes) throw new RangeError(`${bytes} bytes, the limit is ${maxFrameBytes}`);
    this.#output.add({ kind: Kind.request, flags, priority, requestId, game, operation }, payload);
  }

  #freeId(): number {
    do this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }

  #receive(frame: Frame): void {
    if (this.#isClosed || this.#fault !== undefined) return;
    try {
      this.#dispatch(frame);
    } catch (error) {
      this.#fault = new ClientError('ERR_CLIENT_PROTOCOL', 'the server sent a frame that cannot be read', error);
    }
  }

  #dispatch(frame: Frame): void {
    const { payload, encoding } = openBody(frame, this.#opening);
    switch (frame.kind) {
      case Kind.response:
        return this.#answer(frame.requestId, (exchange) => exchange.resolve(decodeValue(payload, encoding)));
      case Kind.error: {
        const error = readError(payload, encoding);
        if (frame.requestId === 0) this.#fault = new ClientError('ERR_CLIENT_PROTOCOL', 'the server refused a frame', error);
        else this.#answer(frame.requestId, (exchange) => this.#refuse(exchange, error));
        return;
      }
      case Kind.push:
        return this.#listener.onPush({ game: frame.game, code: frame.operation, value: decodeValue(payload, encoding) });
      case Kind.ping:
        return this.#control(Kind.pong, payload);
      case Kind.goodbye:
        this.#isDraining = true;
        this.#listener.onGoodbye(this, parseGoodbye(payload));
        return this.#closeIfDrained();
      case Kind.welcome:
        throw new TypeError('a second welcome');
      default: // a pong: that it came is all there is to it
    }
  }

  #answer(requestId: number, settle: (exchange: Exchange) => void): void {
    const exchange = this.#inFlight.get(requestId);
    if (exchange === undefined) throw new RangeError(`an answer to request ${requestId}, which nobody waits for`);
    this.#inFlight.delete(requestId);
    if (exchange.isSettled) this.#givenUp -= 1;
    try {
      settle(exchange);
    } catch (error) {
      exchange.reject(new ClientError('ERR_CLIENT_PROTOCOL', 'the answer cannot be decoded', error));
    }
    if (this.#isDraining) this.#closeIfDrained();
    else this.#listener.onRoom(this);
  }

  #refuse(exchange: Exchange, error: MidgardError): void {
    if (MidgardError.is(error, 'shuttingDown') && exchange.mayRepeat) this.#listener.onRefused(exchange, error);
    else exchange.reject(error);
  }

  /** A server that owes an answer to every place it gives answers nothing more: better a new connection than none. */
  #noteGivenUp(): void {
    this.#givenUp += 1;
    if (this.#givenUp < this.welcome.maxInFlight) return;
    this.fail(new ClientError('ERR_CLIENT_CONNECTION_LOST', 'every request on the connection ran out of time'));
  }

  #control(kind: FrameFields['kind'], payload: Buffer): void {
    const flags = flagsOf(this.#encoding) | (this.welcome.checksum ? Flag.checksum : 0);
    this.#output.add({ kind, flags, priority: 0, requestId: 0, game: 0, operation: 0 }, payload);
  }

  #closeIfDrained(): void {
    if (this.#inFlight.size > 0 || this.#isClosed) return;
    const goodbye = encodeValue({ code: 1008, reason: 'the client leaves' } satisfies Goodbye, 'json');
    this.#output.addBytes(encodeFrame({ kind: Kind.goodbye }, goodbye, { checksum: this.welcome.checksum }));
    this.#output.flush();
    this.#socket.end();
  }
}
