import type { Principal } from '@midgard/auth';
import type { Frame, OpenedBody, OpenOptions } from '@midgard/codec';
import { CodecError, encodeValue, Kind, openBody } from '@midgard/codec';
import { MidgardError, toMidgardError } from '@midgard/errors';
import type { Socket } from 'node:net';
import { revoked } from '../admission.ts';
import type { Push } from '../events/push.ts';
import type { PushSink } from '../events/subscriber.ts';
import type { Session } from '../session.ts';
import { certifiedServers } from '../tls/client-certificate.ts';
import type { ConnectionContext, SessionHolder } from './context.ts';
import type { Handshake } from './handshake.ts';
import { shakeHands } from './handshake.ts';
import { type FrameTaker, Intake } from './intake.ts';
import { Lifetime, type Mortal, type Phase } from './lifetime.ts';
import { type Requester, Requests } from './requests.ts';
import { Sender, unsealed } from './sender.ts';
import { readInto } from './shared-read.ts';

/** Where a frame says of which kind it is. */
const kindAt = 5;

/** One client: reads its frames, runs its requests, writes its answers. Never throws, whatever arrives. */
export class Connection implements SessionHolder, Requester, FrameTaker, PushSink, Mortal {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #context: ConnectionContext;
  readonly #sender: Sender;
  readonly #intake: Intake;
  /** Of those who only listen there are none. */
  #requests: Requests | null = null;
  readonly #life: Lifetime;
  /** How bodies are unsealed, as the handshake agreed. */
  #opening: OpenOptions = unsealed;
  #session: Session | null = null;
  #held: Frame[] = [];
  #lastError: MidgardError | null = null;

  /** @param socket just accepted, with `allowHalfOpen` */
  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#address = socket.remoteAddress ?? '';
    this.#context = context;
    this.#sender = new Sender(socket, context, this);
    this.#intake = new Intake(context, { sender: this.#sender, taker: this });
    this.#life = new Lifetime(context, this);
    socket.setNoDelay(true);
    const isSharing = readInto(socket, context.readBuffer, (bytes, chunk) => this.#onBytes(chunk, bytes));
    if (!isSharing) socket.on('data', (chunk: Buffer) => this.#onBytes(chunk, chunk.length));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#relieve());
    // 'close' follows an error; without a listener the error would end the process.
    socket.on('error', (error) => context.log.debug({ err: error, address: this.#address }, 'socket error'));
    socket.on('close', () => this.#onClose());
  }

  /** Whether it was greeted and nobody has said goodbye. */
  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** Refuses the connection before anything was read. */
  refuse(error: MidgardError): void {
    this.#fail(error);
  }

  /** Says goodbye and lets the connection run out: requests in flight are answered, new ones get 1008. */
  drain(error: MidgardError): void {
    if (this.#phase === 'hello' || this.#phase === 'shaking') return this.#fail(error);
    if (this.#phase !== 'open') return;
    this.#life.enter('draining');
    this.#sender.sendGoodbye(error);
  }

  /** For whom the session is open no more: see {@link SessionHolder}. */
  endSessionIf(isEnded: (principal: Principal) => boolean, error: MidgardError): boolean {
    if (this.#session === null || this.#phase === 'ended' || this.#phase === 'closed' || !isEnded(this.#session.principal)) return false;
    this.#failNow(error);
    return true;
  }

  /** See {@link PushSink}. */
  get unsentBytes(): number {
    return this.#sender.unsentBytes;
  }

  /** See {@link PushSink}. */
  push(push: Push): void {
    if (this.#phase === 'open') this.#sender.sendPush(push);
  }

  /** See {@link PushSink}. */
  end(error: MidgardError): void {
    if (this.#phase === 'open' || this.#phase === 'draining') this.#failNow(error);
  }

  /** Closes at once, whatever is unsaid. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Hands all gathered frames to the socket; called once a turn of the event loop. */
  flush(): void {
    this.#sender.flush();
    this.#stallIfFull();
  }

  /** See {@link Requester}. */
  onAnswered(): void {
    if (this.#phase === 'closing') this.#end();
  }

  /** See {@link Mortal}. */
  look(): void {
    this.#relieve();
    const signs = { inFlight: this.#inFlight, isSending: this.#socket.writableLength > 0, hasFailed: this.#lastError !== null };
    switch (this.#life.check(signs)) {
      case 'helloMissing':
        return this.#fail(new MidgardError('notAuthenticated', 'no hello in time'));
      case 'helloUnchecked':
        return this.#refuseHello(new MidgardError('timeout', 'the hello could not be checked in time'));
      case 'slow':
        return this.#failNow(new MidgardError('slowConsumer', 'answers are read too slowly'));
      case 'ping':
        return this.#sender.sendPing();
      case 'dead':
        this.#sender.sendGoodbye(new MidgardError('timeout', 'no sign of life for two heartbeats'));
        return this.#end();
      case 'end':
        return this.#end();
      case 'cut':
        return void this.#socket.destroy();
      default:
    }
  }

  /** @returns false where this turn of the event loop has had enough of this connection */
  #onBytes(chunk: Buffer, bytes: number): boolean {
    const heardAt = this.#life.beat();
    if (!this.isReading) return true;
    const fault = this.#intake.take(chunk, bytes, this.#callerFor(chunk, bytes), heardAt);
    if (fault !== undefined) this.#fail(fault);
    this.#stallIfFull();
    return bytes < chunk.length || this.#letOthersIn();
  }

  /** Of those who only send signs of life there is no caller. */
  #callerFor(chunk: Buffer, bytes: number): Requests | null {
    if (this.#phase !== 'open') return null;
    return this.#requests ?? (bytes > kindAt && chunk[kindAt] === Kind.request ? this.#openRequests() : null);
  }

  /** See {@link FrameTaker}. */
  takeFrame(frame: Frame): void {
    if (this.#phase === 'open' || this.#phase === 'draining') this.#handle(frame);
    else if (this.#phase === 'shaking') this.#held.push(kept(frame));
    else if (this.#phase !== 'hello') return;
    else if (frame.kind === Kind.hello) void this.#shake(kept(frame));
    else this.#fail(new MidgardError('notAuthenticated', 'the first frame must be a hello'));
  }

  /**
   * There is more to read at once than one read takes: the others come first. Else one that floods the server would be read again and again
   * before anybody else.
   */
  #letOthersIn(): false {
    setImmediate(() => {
      if (this.#phase !== 'closed' && this.#phase !== 'shaking' && !this.#life.isStalled) this.#socket.resume();
    });
    return false;
  }

  get #inFlight(): number {
    return this.#requests?.inFlight ?? 0;
  }

  /** See {@link FrameTaker}. */
  get isReading(): boolean {
    return this.#phase !== 'closing' && this.#phase !== 'ended' && this.#phase !== 'closed';
  }

  async #shake(frame: Frame): Promise<void> {
    this.#life.enter('shaking');
    // One chunk at most waits behind the hello, however much the client sends.
    this.#socket.pause();
    try {
      const peer = { address: this.#address, certifiedServers: certifiedServers(this.#socket) };
      this.#open(await shakeHands(frame, peer, this.#context));
    } catch (error) {
      if (this.#phase === 'shaking') this.#refuseHello(toMidgardError(error));
    }
  }

  #refuseHello(error: MidgardError): void {
    this.#context.metrics.handshake(error.code);
    this.#context.log.info({ address: this.#address, code: error.code, err: error }, 'hello refused');
    this.#fail(error);
  }

  #open({ session, agreement, welcome }: Handshake): void {
    if (this.#phase !== 'shaking') return;
    // From here on a revocation finds the connection; one that came while the hello was checked did not.
    if (this.#context.dispatcher.isRevoked(session.principal)) return this.#refuseHello(revoked());
    this.#context.sessions.add(session.principal.subject, this);
    // Unsealed: the agreement holds from the first frame behind the welcome.
    this.#sender.send({ kind: Kind.welcome, requestId: 0, game: 0, operation: 0 }, encodeValue(welcome, 'json'), 'json');
    this.#session = session;
    session.sink = this;
    this.#sender.agreement = agreement;
    this.#opening = { ...agreement, maxFrameBytes: this.#context.options.maxFrameBytes };
    this.#life.enter('open');
    this.#context.metrics.handshake(0);
    this.#context.metrics.clientJoined(session.principal.kind);
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.takeFrame(frame);
    if (!this.#life.isStalled) this.#socket.resume();
  }

  #handle(frame: Frame): void {
    const startedAt = performance.now();
    let opened: OpenedBody;
    try {
      opened = openBody(frame, this.#opening);
    } catch (error) {
      const shown = toMidgardError(error);
      if (isBodyFault(error) && frame.kind === Kind.request) this.#openRequests()?.refuse(frame, shown, { startedAt });
      else this.#fail(shown.code === 1009 ? shown : new MidgardError('protocol', shown.message, { cause: error }));
      return;
    }
    switch (frame.kind) {
      case Kind.request:
        return this.#request(frame, opened, startedAt);
      case Kind.ping:
        return this.#sender.send({ ...frame, kind: Kind.pong }, opened.payload, opened.encoding);
      case Kind.pong:
        return;
      case Kind.goodbye:
        return this.#close(null);
      case Kind.hello:
        return this.#fail(new MidgardError('protocol', 'a connection has one hello'));
      default:
        return this.#fail(new MidgardError('protocol', 'a client does not send this kind of frame'));
    }
  }

  #request(frame: Frame, opened: OpenedBody, startedAt: number): void {
    if (this.#phase === 'draining') return this.#sender.sendError(new MidgardError('shuttingDown', 'the server is shutting down'), frame);
    this.#openRequests()?.run(frame, opened, startedAt);
  }

  #openRequests(): Requests | null {
    if (this.#session !== null)
      this.#requests ??= new Requests(this.#context, { sender: this.#sender, intake: this.#intake, session: this.#session, requester: this });
    return this.#requests;
  }

  /** The peer broke the protocol, or is not wanted: what it asked before is answered, then one error frame, then the end. */
  #fail(error: MidgardError): void {
    if (this.isReading) this.#close(error);
  }

  /** As {@link #fail}, but for a peer that would not get the answers anyway. */
  #failNow(error: MidgardError): void {
    this.#life.enter('closing');
    this.#lastError = error;
    this.#end();
  }

  #close(error: MidgardError | null): void {
    this.#life.enter('closing');
    this.#lastError = error;
    this.#held = [];
    if (this.#inFlight === 0) this.#end();
  }

  #end(): void {
    if (this.#phase === 'ended' || this.#phase === 'closed') return;
    if (this.#lastError !== null) {
      this.#context.metrics.connectionFailed(this.#lastError.code);
      this.#sender.sendError(this.#lastError, { requestId: 0, game: 0, operation: 0 });
    }
    this.#sender.flush();
    this.#sender.close();
    this.#life.enter('ended');
    this.#socket.end();
    this.#socket.resume();
  }

  #onEnd(): void {
    if (this.#phase === 'hello' || this.#phase === 'shaking') this.#socket.destroy();
    else if (this.isReading) this.#close(null);
  }

  #onClose(): void {
    this.#life.enter('closed');
    if (this.#session !== null) {
      this.#session.subscriber?.close();
      this.#session.sink = undefined;
      this.#context.sessions.delete(this.#session.principal.subject, this);
      this.#context.metrics.clientLeft(this.#session.principal.kind);
    }
    this.#sender.close();
    this.#held = [];
    this.#requests?.abort();
  }

  #stallIfFull(): void {
    if (this.#life.isStalled || !this.isReading) return;
    if (this.#sender.unsentBytes <= this.#context.options.maxUnsentBytes) return;
    this.#life.stall();
    this.#socket.pause();
  }

  #relieve(): void {
    if (!this.#life.isStalled || !this.isReading) return;
    if (this.#sender.unsentBytes > this.#context.options.maxUnsentBytes / 2) return;
    this.#life.relieve();
    if (this.#phase !== 'shaking') this.#socket.resume();
  }

  get #phase(): Phase {
    return this.#life.phase;
  }
}

/** A frame that is looked at later, when others have been read: with a body of its own. */
function kept(frame: Frame): Frame {
  return { ...frame, body: Buffer.from(frame.body) };
}

function isBodyFault(error: unknown): boolean {
  return error instanceof CodecError && error.code === 'ERR_CODEC_BODY';
}
