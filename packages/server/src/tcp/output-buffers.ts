import type { Arena } from '../hot/arena.ts';

/** Size of one: room for the answers of one read event, and what the kernel usually takes at once. */
export const bufferBytes: number = 64 * 1024;

/** Memory that frames are laid out in before a socket takes them. */
export interface OutputBuffer {
  readonly bytes: Buffer;
  /** Where it begins in the arena; -1: it is not of the arena. */
  readonly base: number;
}

/** The part of a socket that says when it has let go of what was written to it. */
export interface Drain {
  readonly writableLength: number;
  readonly destroyed: boolean;
}

/**
 * The output buffers of a server, all of one size, used again and again: the one that was free last is the next, so that few of them are warm and
 * the others cost nothing. Where all are in use there are others for one use each.
 */
export class OutputBuffers {
  readonly #idle: OutputBuffer[] = [];
  /** Those that a socket may still read from. */
  #lent: { readonly buffer: OutputBuffer; readonly to: Drain }[] = [];

  /**
   * @param arena whose last bytes they are
   * @param options.start offset of the first, a multiple of 8
   */
  constructor(arena: Arena, { start }: { readonly start: number }) {
    for (let base = start; base + bufferBytes <= arena.bytes.length; base += bufferBytes) {
      this.#idle.push({ bytes: arena.bytes.subarray(base, base + bufferBytes), base });
    }
  }

  /** Buffers that are free now. */
  get idle(): number {
    return this.#idle.length;
  }

  /** One that nobody else writes to until it is given back. O(1), but where all are in use. */
  acquire(): OutputBuffer {
    if (this.#idle.length === 0) this.#reclaim();
    return this.#idle.pop() ?? { bytes: Buffer.allocUnsafeSlow(bufferBytes), base: -1 };
  }

  /** Gives one back that nobody reads from any more. */
  release(buffer: OutputBuffer): void {
    if (buffer.base !== -1) this.#idle.push(buffer);
  }

  /** Gives one back that was written to a socket, as soon as that has nothing of it any more. */
  releaseAfter(buffer: OutputBuffer, to: Drain): void {
    // `writableLength` 0 says that the kernel took all of it within the call.
    if (to.writableLength === 0) this.release(buffer);
    else if (buffer.base !== -1) this.#lent.push({ buffer, to });
  }

  #reclaim(): void {
    this.#lent = this.#lent.filter(({ buffer, to }) => {
      if (to.writableLength > 0 && !to.destroyed) return true;
      this.#idle.push(buffer);
      return false;
    });
  }
}
