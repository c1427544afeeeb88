import type { Socket } from 'node:net';
import type { Encoding, FrameFields, Sealing } from '@midgard/codec';
import { encodeFrame, Flag, flagsOf, frameBytes, writeFrame } from '@midgard/codec';
import { DirectWriter } from './direct-writer.ts';
import { bufferBytes, type OutputBuffer, type OutputBuffers } from './output-buffers.ts';

/** From here on compression pays for its time. */
export const compressAboveBytes = 1024;
/** Larger frames have memory of their own. */
const maxSharedBytes = bufferBytes / 4;

/** A frame to send, but for its flags. */
export type OutgoingFields = Omit<FrameFields, 'flags' | 'priority'>;

/** How frames are sealed on a connection. */
export type OutgoingSealing = Required<Pick<Sealing, 'compression' | 'checksum' | 'maxFrameBytes'>>;

/** What is gathered besides the buffer that is being filled: of most connections nothing ever. */
interface Gathered {
  readonly parts: Buffer[];
  readonly filled: OutputBuffer[];
  bytes: number;
}

/**
 * Gathers the frames of one connection until the next flush, which hands them to the socket in one write.
 *
 * Holds an output buffer from the first frame until the socket has taken it, and none in between.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #direct: DirectWriter | null;
  readonly #buffers: OutputBuffers;
  #buffer: OutputBuffer | null = null;
  #used = 0;
  #gathered: Gathered | null = null;
  #frames = 0;

  constructor(socket: Socket, buffers: OutputBuffers) {
    this.#socket = socket;
    this.#direct = DirectWriter.of(socket);
    this.#buffers = buffers;
  }

  /** Bytes that the peer has not got yet: gathered here, or waiting in the socket. */
  get unsentBytes(): number {
    return (this.#gathered?.bytes ?? 0) + this.#used + this.#socket.writableLength;
  }

  /** Frames gathered since the last flush. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Adds a frame behind those that are there.
   * @throws {CodecError} `ERR_CODEC_TOO_LARGE`: it is above the frame limit; nothing was added
   */
  add(fields: OutgoingFields, payload: Buffer, encoding: Encoding, sealing: OutgoingSealing): void {
    const flags = flagsOf(encoding) | (sealing.checksum ? Flag.checksum : 0);
    const bytes = frameBytes(payload.length, flags);
    const isCompressed = sealing.compression !== null && payload.length >= compressAboveBytes;
    if (isCompressed || bytes > maxSharedBytes || bytes > sealing.maxFrameBytes) {
      const frame = encodeFrame(fields, payload, { ...sealing, encoding, compressAboveBytes });
      this.#closeBuffer();
      this.#gather(frame);
    } else {
      writeFrame(this.room(bytes).bytes, this.#used, { ...fields, flags, priority: 0 }, payload);
      this.#used += bytes;
    }
    this.#frames += 1;
  }

  /**
   * The buffer in which the next frame is laid out, from {@link used} on: for who writes it there and then says {@link addWritten}.
   *
   * @param bytes of the frame, at most a quarter of a buffer
   */
  room(bytes: number): OutputBuffer {
    if (this.#used + bytes > bufferBytes) this.#closeBuffer();
    return (this.#buffer ??= this.#buffers.acquire());
  }

  /** Bytes of {@link room} that are taken. */
  get used(): number {
    return this.#used;
  }

  /** A frame was written into {@link room}. */
  addWritten(bytes: number): void {
    this.#used += bytes;
    this.#frames += 1;
  }

  /** Hands everything to the socket. @returns the bytes that it was */
  flush(): number {
    this.#frames = 0;
    if (this.#gathered !== null) return this.#flushMany();
    const buffer = this.#buffer;
    const bytes = this.#used;
    if (buffer === null) return 0;
    this.#buffer = null;
    this.#used = 0;
    if (this.#socket.writableLength > 0) this.#writeCopies([buffer.bytes.subarray(0, bytes)], [buffer]);
    else {
      const taken = this.#direct?.write(buffer.bytes, bytes) ?? 0;
      if (taken < bytes) this.#socket.write(buffer.bytes.subarray(taken, bytes));
      this.#buffers.releaseAfter(buffer, this.#socket);
    }
    return bytes;
  }

  /** Forgets what is gathered, when nobody is there to read it. */
  drop(): void {
    if (this.#buffer !== null) this.#buffers.release(this.#buffer);
    for (const buffer of this.#gathered?.filled ?? []) this.#buffers.release(buffer);
    this.#buffer = null;
    this.#gathered = null;
    this.#used = 0;
    this.#frames = 0;
  }

  #flushMany(): number {
    this.#closeBuffer();
    const { parts, filled, bytes } = this.#gathered ?? { parts: [], filled: [], bytes: 0 };
    this.#gathered = null;
    if (this.#socket.writableLength > 0) this.#writeCopies(parts, filled);
    else {
      // Corked: one call of the system for all of them.
      this.#socket.cork();
      for (const part of parts) this.#socket.write(part);
      this.#socket.uncork();
      for (const buffer of filled) this.#buffers.releaseAfter(buffer, this.#socket);
    }
    return bytes;
  }

  /** The peer is slow: a copy of the right size waits for it, and not a buffer that others could use. */
  #writeCopies(parts: readonly Buffer[], filled: readonly OutputBuffer[]): void {
    this.#socket.write(Buffer.concat(parts));
    for (const buffer of filled) this.#buffers.release(buffer);
  }

  #closeBuffer(): void {
    const buffer = this.#buffer;
    if (buffer === null) return;
    this.#gather(buffer.bytes.subarray(0, this.#used)).filled.push(buffer);
    this.#buffer = null;
    this.#used = 0;
  }

  #gather(part: Buffer): Gathered {
    this.#gathered ??= { parts: [], filled: [], bytes: 0 };
    this.#gathered.parts.push(part);
    this.#gathered.bytes += part.length;
    return this.#gathered;
  }
}
