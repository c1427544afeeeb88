import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { CacheError } from '../errors.ts';

/** How values are packed. */
export interface CompressionOptions {
  /** Values of fewer bytes stay as they are. Default 4096: packing and unpacking cost some 50 µs at any size, which small values do not earn. */
  readonly minBytes?: number;
  /** No value may be more than this, packed or not. Default 64 MiB. */
  readonly maxBytes?: number;
}

const plain = 0;
const zstd = 1;
/** It is done on the event loop, so speed goes before size. */
const fastLevel = 1;
/** 8 MiB, the window that RFC 8878 asks every decoder to grant; more would let a few bytes reserve 128 MiB. */
const zstdMaxWindowLog = 23;
const compressed = { params: { [constants.ZSTD_c_compressionLevel]: fastLevel } };
/** Less than an eighth saved is not worth the time of unpacking, each time it is read. */
const worthwhile = 7 / 8;

/**
 * Packs values for a tier with zstd (RFC 8878) where that saves at least an eighth of them; a byte before them says whether it did.
 *
 * @example
 * ```ts
 * import { Compression } from '@midgard/cache';
 *
 * const compression = new Compression({ minBytes: 1024 });
 * const packed = compression.pack(Buffer.from('gold '.repeat(1000)));
 * console.log(packed.length < 100, compression.unpack(packed).length); // true 5000
 * ```
 */
export class Compression {
  readonly #minBytes: number;
  readonly #maxBytes: number;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a bound is not a number of 0 or more */
  constructor({ minBytes = 4096, maxBytes = 64 * 1024 * 1024 }: CompressionOptions = {}) {
    for (const [name, bound] of Object.entries({ minBytes, maxBytes })) {
      if (!(bound >= 0)) throw new CacheError('ERR_CACHE_OPTIONS', `${name} must be a number of 0 or more, not ${bound}`);
    }
    this.#minBytes = minBytes;
    this.#maxBytes = maxBytes;
  }

  /** @throws {CacheError} `ERR_CACHE_ENCODING`: more than `maxBytes` */
  pack(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#maxBytes) throw new CacheError('ERR_CACHE_ENCODING', `a value of ${bytes.length} bytes is above maxBytes, ${this.#maxBytes}`);
    if (bytes.length < this.#minBytes) return withKind(plain, bytes);
    const packed = zstdCompressSync(bytes, compressed);
    return packed.length < bytes.length * worthwhile ? withKind(zstd, packed) : withKind(plain, bytes);
  }

  /**
   * Undoes {@link pack}; where nothing was packed it gives a view of the same bytes.
   *
   * @throws {CacheError} `ERR_CACHE_ENCODING`: nothing that `pack` made, or more than `maxBytes`
   */
  unpack(packed: Uint8Array): Uint8Array {
    const bytes = packed.subarray(1);
    if (packed[0] === plain && bytes.length <= this.#maxBytes) return bytes;
    if (packed[0] !== zstd) throw new CacheError('ERR_CACHE_ENCODING', 'a value of the tier is neither plain nor zstd within maxBytes');
    try {
      const params = { [constants.ZSTD_d_windowLogMax]: zstdMaxWindowLog };
      return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, this.#maxBytes), rejectGarbageAfterEnd: true, params });
    } catch (cause) {
      throw new CacheError('ERR_CACHE_ENCODING', `a value of the tier cannot be unpacked within ${this.#maxBytes} bytes`, { cause });
    }
  }
}

function withKind(kind: number, bytes: Uint8Array): Uint8Array {
  const marked = new Uint8Array(bytes.length + 1);
  marked[0] = kind;
  marked.set(bytes, 1);
  return marked;
}
