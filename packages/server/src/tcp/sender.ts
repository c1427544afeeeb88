import type { Agreement, Encoding, Frame } from '@midgard/codec';
import { encodeValue, Kind } from '@midgard/codec';
import type { MidgardError } from '@midgard/errors';
import type { Socket } from 'node:net';
import type { Push } from '../events/push.ts';
import type { ConnectionContext, Flushable } from './context.ts';
import type { OutgoingFields } from './outbox.ts';
import { Outbox } from './outbox.ts';

/** Before the welcome nothing is agreed: JSON, as it is. */
export const unsealed: Agreement = { encoding: 'json', encodings: ['json'], compression: null, checksum: false };

const noBytes = Buffer.alloc(0);

/** The speaking half of a connection: builds the frames that the server sends, as the handshake agreed, and gathers them. */
export class Sender {
  /** How frames are encoded and sealed from now on. */
  agreement: Agreement = unsealed;
  /** What is gathered; for who writes frames there by themselves, and flushes. */
  readonly outbox: Outbox;
  readonly #context: ConnectionContext;
  readonly #owner: Flushable;
  #isScheduled = false;
  #isClosed = false;

  constructor(socket: Socket, context: ConnectionContext, owner: Flushable) {
    this.outbox = new Outbox(socket, context.buffers);
    this.#context = context;
    this.#owner = owner;
  }

  /** Bytes that the peer has not got yet. */
  get unsentBytes(): number {
    return this.outbox.unsentBytes;
  }

  /**
   * Sends a frame with the next flush; says nothing once closed.
   * @throws {CodecError} `ERR_CODEC_TOO_LARGE`: it is above the frame limit
   */
  send(fields: OutgoingFields, payload: Buffer, encoding: Encoding): void {
    if (this.#isClosed) {
      if (fields.kind === Kind.response || fields.kind === Kind.error) this.#context.metrics.answerDropped('tcp');
      return;
    }
    const { compression, checksum } = this.agreement;
    this.outbox.add(fields, payload, encoding, { compression, checksum, maxFrameBytes: this.#context.options.maxFrameBytes });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#context.flushLater(this.#owner);
  }

  /** Sends an error in the connection's encoding. */
  sendError(error: MidgardError, { requestId, game, operation }: Pick<Frame, 'requestId' | 'game' | 'operation'>): void {
    const { encoding } = this.agreement;
    const fields = { kind: Kind.error, requestId, game, operation };
    try {
      this.send(fields, this.#context.errorBodies.of(error, encoding), encoding);
    } catch (fault) {
      this.#context.log.error({ err: fault }, 'the details of an error could not be sent');
      this.send(fields, encodeValue({ code: error.code, message: error.message.slice(0, 200) }, encoding), encoding);
    }
  }

  /** Sends a goodbye, which is JSON on every connection. */
  sendGoodbye({ code, message }: MidgardError): void {
    this.send({ kind: Kind.goodbye, requestId: 0, game: 0, operation: 0 }, encodeValue({ code, reason: message }, 'json'), 'json');
  }

  /** Sends an event, in the connection's encoding. */
  sendPush(push: Push): void {
    const { encoding } = this.agreement;
    try {
      this.send({ kind: Kind.push, requestId: 0, game: push.number, operation: push.code }, push.encoded(encoding), encoding);
    } catch (fault) {
      this.#context.log.error({ err: fault }, 'an event could not be sent');
    }
  }

  /** Asks the peer for a sign of life. */
  sendPing(): void {
    this.send({ kind: Kind.ping, requestId: 0, game: 0, operation: 0 }, noBytes, this.agreement.encoding);
  }

  /** Leaves what is sent from now on to the next {@link flush}, which the caller sees to in this turn: nobody need be woken for it. */
  hold(): void {
    this.#isScheduled = true;
  }

  /**
   * Hands what was gathered to the socket.
   *
   * @param startedAt now, by the timers
   * @returns when it was done
   */
  flush(startedAt: number = this.#context.timers.now()): number {
    this.#isScheduled = false;
    if (this.#isClosed) return startedAt;
    const { frames } = this.outbox;
    const bytes = this.outbox.flush();
    if (bytes === 0) return startedAt;
    const endedAt = this.#context.timers.now();
    this.#context.metrics.sent('tcp', bytes, frames, (endedAt - startedAt) / 1000);
    return endedAt;
  }

  /** Sends nothing any more; what was not flushed is forgotten. */
  close(): void {
    this.#isClosed = true;
    this.outbox.drop();
  }
}
