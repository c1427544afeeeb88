import type { Socket } from 'node:net';
import type { Encoding, FrameFields, Sealing } from '@midgard/codec';
import { encodeFrame, Flag, flagsOf, frameBytes, writeFrame } from '@midgard/codec';
import type { ObjectPool } from '@midgard/pool';

/** Size of the pooled buffers: room for the answers of one read event, and what the kernel usually takes at once. */
export const bufferBytes: number = 64 * 1024;
/** From here on compression pays for its time. */
const compressAboveBytes = 1024;

/** A frame to send, but for its flags. */
export type OutgoingFields = Omit<FrameFields, 'flags' | 'priority'>;

/**
 * Gathers the frames of one connection until the next flush, which hands them to the socket in one write where they fit.
 *
 * Holds a buffer of the pool from the first frame until the socket has taken it, and none in between.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #pool: ObjectPool<Buffer>;
  #ready: Buffer[] = [];
  #buffer: Buffer | null = null;
  #used = 0;
  #readyBytes = 0;
  #frames = 0;

  constructor(socket: Socket, pool: ObjectPool<Buffer>) {
    this.#socket = socket;
    this.#pool = pool;
  }

  /** Bytes that the peer has not got yet: gathered here, or waiting in the socket. */
  get unsentBytes(): number {
    return this.#readyBytes + this.#used + this.#socket.writableLength;
  }

  /** Frames gathered since the last flush. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Adds a frame behind those that are there.
   * @throws {CodecError} `ERR_CODEC_TOO_LARGE`: it is above the frame limit; nothing was added
   */
  add(fields: OutgoingFields, payload: Buffer, encoding: Encoding, sealing: Required<Pick<Sealing, 'compression' | 'checksum' | 'maxFrameBytes'>>): void {
    const flags = flagsOf(encoding) | (sealing.checksum ? Flag.checksum : 0);
    const bytes = frameBytes(payload.length, flags);
    const isCompressed = sealing.compression !== null && payload.length >= compressAboveBytes;
    if (isCompressed || bytes > bufferBytes / 4 || bytes > sealing.maxFrameBytes) {
      const frame = encodeFrame(fields, payload, { ...sealing, encoding, compressAboveBytes });
      this.#closeBuffer();
      this.#ready.push(frame);
      this.#readyBytes += frame.length;
    } else {
      if (this.#used + bytes > bufferBytes) this.#closeBuffer();
      this.#buffer ??= this.#pool.acquire();
      this.#used = writeFrame(this.#buffer, this.#used, { ...fields, flags, priority: 0 }, payload);
    }
    this.#frames += 1;
  }

  /** Hands everything to the socket. @returns the bytes that it was */
  flush(): number {
    const bytes = this.#readyBytes + this.#used;
    for (const part of this.#ready) this.#socket.write(part);
    this.#ready = [];
    this.#readyBytes = 0;
    this.#frames = 0;
    const buffer = this.#buffer;
    if (buffer === null) return bytes;
    const part = buffer.subarray(0, this.#used);
    this.#buffer = null;
    this.#used = 0;
    if (this.#socket.writableLength > 0) {
      // The peer is slow: a copy of the right size waits for it, not a buffer of the pool that may be nearly empty.
      this.#socket.write(Buffer.from(part));
      this.#pool.release(buffer);
    } else {
      this.#socket.write(part, () => this.#pool.release(buffer));
    }
    return bytes;
  }

  /** Forgets what is gathered, when nobody is there to read it. */
  drop(): void {
    if (this.#buffer !== null) this.#pool.release(this.#buffer);
    this.#buffer = null;
    this.#ready = [];
    this.#used = 0;
    this.#readyBytes = 0;
    this.#frames = 0;
  }

  #closeBuffer(): void {
    if (this.#buffer === null) return;
    const part = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#ready.push(part);
    this.#readyBytes += part.length;
    this.#used = 0;
  }
}
