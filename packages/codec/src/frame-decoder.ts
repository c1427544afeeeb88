import { asBuffer } from './bytes.ts';
import { CodecError } from './codec-error.ts';
import { allowedKinds, checkHeader, readFrame, readFrameBytes } from './header-rules.ts';
import { defaultMaxFrameBytes, headerBytes } from './wire.ts';
import type { Frame } from './frame.ts';

/** Settings of a {@link FrameDecoder}. */
export interface FrameDecoderOptions {
  /** Most bytes of a frame, its length field included; 16 to 2³²−1 (default 1 MiB). */
  readonly maxFrameBytes?: number;
  /** Who sends what is decoded; a kind that is not for this side to send is a protocol error (default: any kind goes). */
  readonly from?: 'client' | 'server';
}

const lengthFieldBytes = 4;
/** First room for a cut frame: most are smaller, and an announced megabyte that never comes costs no more. */
const firstRoomBytes = 4096;
const noBytes = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into frames, wherever the stream itself was cut.
 *
 * A frame that lies whole in a chunk is a view of it; only a cut frame is copied, into a buffer that grows with the bytes
 * that have come and is never larger than the frame. Between frames the decoder holds nothing. O(bytes).
 *
 * @example
 * const decoder = new FrameDecoder({ from: 'client' });
 * socket.on('data', (chunk) => decoder.decode(chunk, (frame) => answer(frame)));
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #allowedKinds: number;
  /** Bytes of a cut frame; `#heldBytes` of them have come. */
  #held: Buffer = noBytes;
  #heldBytes = 0;
  #error: CodecError | null = null;

  /**
   * @param options limit and direction
   * @throws {CodecError} `ERR_CODEC_ARGUMENT`: `maxFrameBytes` is not an integer from 16 to 2³²−1
   */
  constructor({ maxFrameBytes = defaultMaxFrameBytes, from }: FrameDecoderOptions = {}) {
    if (!Number.isInteger(maxFrameBytes) || maxFrameBytes < headerBytes || maxFrameBytes > 0xffff_ffff) {
      throw new CodecError('ERR_CODEC_ARGUMENT', `maxFrameBytes ${maxFrameBytes} is not an integer from ${headerBytes} to 4294967295`);
    }
    this.#maxFrameBytes = maxFrameBytes;
    this.#allowedKinds = allowedKinds(from);
  }

  /** Why the decoder failed, or null. A failed decoder decodes nothing more. */
  get error(): CodecError | null {
    return this.#error;
  }

  /** Memory held for a cut frame, in bytes; 0 between frames, never above `maxFrameBytes`. */
  get bufferedBytes(): number {
    return this.#held.length;
  }

  /**
   * Takes the next bytes and calls back for each frame that is whole by now, in order. Frames before a bad one are still
   * delivered. The body of a frame stays valid as long as the chunk's memory is not written again. What `onFrame` throws
   * passes through, and the decoder fails with it, because the bytes behind that frame are lost.
   *
   * @param chunk next bytes of the stream; any number
   * @param onFrame gets each frame; must not call `decode` of this decoder
   * @throws {CodecError} `ERR_CODEC_PROTOCOL` or `ERR_CODEC_TOO_LARGE`, now and on every later call
   */
  decode(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    this.#orFail(() => this.#decode(asBuffer(chunk), onFrame));
  }

  #orFail(read: () => void): void {
    if (this.#error !== null) throw this.#error;
    try {
      read();
    } catch (error) {
      this.#error = error instanceof CodecError ? error : new CodecError('ERR_CODEC_PROTOCOL', 'the handler of a frame failed', { cause: error });
      this.#release();
      throw error;
    }
  }

  /**
   * Takes only as many bytes as the frame still lacks that was cut, so that whoever reads the frames behind it in another way finds their
   * beginning. As {@link decode} else.
   *
   * @returns offset behind the bytes that it took; all of them where the frame is not whole yet
   */
  complete(chunk: Uint8Array, onFrame: (frame: Frame) => void): number {
    if (this.#heldBytes === 0) return 0;
    let taken = 0;
    this.#orFail(() => (taken = this.#completeHeld(asBuffer(chunk), 0, onFrame)));
    return taken;
  }

  #decode(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let offset = this.#heldBytes === 0 ? 0 : this.#completeHeld(chunk, 0, onFrame);
    while (chunk.length - offset >= headerBytes) {
      const wholeBytes = readFrameBytes(chunk, offset, this.#maxFrameBytes);
      const kind = checkHeader(chunk, offset, wholeBytes, this.#allowedKinds);
      if (chunk.length - offset < wholeBytes) break;
      onFrame(readFrame(chunk, offset, wholeBytes, kind));
      offset += wholeBytes;
    }
    if (offset < chunk.length) this.#completeHeld(chunk, offset, onFrame);
  }

  /**
   * Adds bytes to the held frame until it is whole or the chunk is used up: to its length, then its header, then its end,
   * each judged as soon as it is there.
   *
   * @returns offset behind the bytes that it took
   */
  #completeHeld(chunk: Buffer, offset: number, onFrame: (frame: Frame) => void): number {
    let at = this.#hold(chunk, offset, lengthFieldBytes, headerBytes);
    if (this.#heldBytes < lengthFieldBytes) return at;
    const wholeBytes = readFrameBytes(this.#held, 0, this.#maxFrameBytes);
    at = this.#hold(chunk, at, headerBytes, wholeBytes);
    if (this.#heldBytes < headerBytes) return at;
    const kind = checkHeader(this.#held, 0, wholeBytes, this.#allowedKinds);
    at = this.#hold(chunk, at, wholeBytes, wholeBytes);
    if (this.#heldBytes < wholeBytes) return at;
    const frame = readFrame(this.#held, 0, wholeBytes, kind);
    this.#release();
    onFrame(frame);
    return at;
  }

  /** Copies bytes until `upTo` are held; makes room for them, but for no more than `wholeBytes`. */
  #hold(chunk: Buffer, offset: number, upTo: number, wholeBytes: number): number {
    const taken = Math.min(upTo - this.#heldBytes, chunk.length - offset);
    if (taken <= 0) return offset;
    const needed = this.#heldBytes + taken;
    if (needed > this.#held.length) this.#grow(Math.min(wholeBytes, Math.max(needed, this.#held.length * 2, firstRoomBytes)));
    chunk.copy(this.#held, this.#heldBytes, offset, offset + taken);
    this.#heldBytes = needed;
    return offset + taken;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(bytes);
    this.#held.copy(larger, 0, 0, this.#heldBytes);
    this.#held = larger;
  }

  #release(): void {
    this.#held = noBytes;
    this.#heldBytes = 0;
  }
}
