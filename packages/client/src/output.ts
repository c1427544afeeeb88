import type { Socket } from 'node:net';
import type { FrameFields } from '@midgard/codec';
import { frameBytes, writeFrame } from '@midgard/codec';

/** Room for about a thousand small requests; a larger frame gets a buffer of its own. */
const chunkBytes = 65_536;

/**
 * Gathers the frames of one turn of the event loop and hands them to the socket in one write.
 *
 * The buffer is used again as soon as the socket says that the kernel has taken it (`writableLength === 0`), so a
 * connection that keeps up allocates nothing for its output.
 */
export class Output {
  readonly #socket: Socket;
  #chunk: Buffer | null = null;
  #end = 0;
  #isScheduled = false;
  readonly #flush = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  /** @param socket where the bytes go */
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Adds one frame; `payload` is compressed and traced already where the flags say so. */
  add(fields: FrameFields, payload: Uint8Array): void {
    const bytes = frameBytes(payload.byteLength, fields.flags);
    if (bytes > chunkBytes) {
      const own = Buffer.allocUnsafeSlow(bytes);
      writeFrame(own, 0, fields, payload);
      this.addBytes(own);
      return;
    }
    this.#end = writeFrame(this.#roomFor(bytes), this.#end, fields, payload);
    this.#schedule();
  }

  /** Adds a frame that is finished. */
  addBytes(frame: Buffer): void {
    if (frame.byteLength > chunkBytes) {
      this.flush();
      if (!this.#socket.destroyed) this.#socket.write(frame);
      return;
    }
    this.#end += frame.copy(this.#roomFor(frame.byteLength), this.#end);
    this.#schedule();
  }

  /** Writes what has gathered, now. */
  flush(): void {
    if (this.#chunk === null || this.#end === 0) return;
    const full = this.#chunk;
    if (!this.#socket.destroyed) this.#socket.write(full.subarray(0, this.#end));
    this.#end = 0;
    if (this.#socket.writableLength !== 0) this.#chunk = null;
  }

  #roomFor(bytes: number): Buffer {
    if (this.#chunk !== null && this.#end + bytes > chunkBytes) this.flush();
    this.#chunk ??= Buffer.allocUnsafeSlow(chunkBytes);
    return this.#chunk;
  }

  /** `nextTick` runs when the promise callbacks of this turn are through, and those are what makes the next requests. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flush);
  }
}
