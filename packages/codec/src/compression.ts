import { constants, deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CodecError } from './codec-error.ts';
import type { Compression } from './wire.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

interface Algorithm {
  readonly compress: (payload: Uint8Array) => Buffer;
  readonly decompress: (payload: Uint8Array, maxBytes: number) => Buffer;
}

/** 8 MiB, the window that RFC 8878 asks every decoder to grant; more would let a few bytes reserve 128 MiB. */
const zstdMaxWindowLog = 23;
/** Bodies are compressed on the event loop, so speed goes before size. */
const fastLevel = 1;

const algorithms: Readonly<Record<Compression, Algorithm>> = {
  zstd: {
    compress: (payload) => zstdCompressSync(payload, { params: { [constants.ZSTD_c_compressionLevel]: fastLevel } }),
    decompress: (payload, maxOutputLength) => {
      const inflated = zstdDecompressSync(payload, {
        maxOutputLength,
        rejectGarbageAfterEnd: true,
        params: { [constants.ZSTD_d_windowLogMax]: zstdMaxWindowLog },
      });
      if (zstdFrameBytes(payload) !== payload.length) throw new RangeError('bytes behind the frame');
      return inflated;
    },
  },
  deflate: {
    compress: (payload) => deflateSync(payload, { level: fastLevel }),
    decompress: (payload, maxOutputLength) => inflateSync(payload, { maxOutputLength, rejectGarbageAfterEnd: true }),
  },
};

/** Compresses a payload in one piece. */
export function compress(payload: Uint8Array, compression: Compression): Buffer {
  return algorithms[compression].compress(payload);
}

/**
 * Undoes {@link compress}, and stops as soon as the output is above `maxBytes`.
 *
 * @throws {CodecError} `ERR_CODEC_TOO_LARGE`: inflates beyond `maxBytes`; `ERR_CODEC_BODY`: not one whole stream of the algorithm
 */
export function decompress(payload: Uint8Array, compression: Compression, maxBytes: number): Buffer {
  try {
    return algorithms[compression].decompress(payload, maxBytes);
  } catch (cause) {
    if (isTooLarge(cause)) throw new CodecError('ERR_CODEC_TOO_LARGE', `a body inflates beyond ${maxBytes} bytes`, { cause });
    throw new CodecError('ERR_CODEC_BODY', `the body is not one whole ${compression} stream`, { cause });
  }
}

const tooLargeCodes = new Set(['ERR_BUFFER_TOO_LARGE', 'ZSTD_error_frameParameter_windowTooLarge']);

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && tooLargeCodes.has(error.code);
}
