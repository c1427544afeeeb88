import { PoolError } from './errors.ts';
import { Loans } from './loans.ts';

/** Set-up of {@link BufferPool}. */
export interface BufferPoolOptions {
  /** Smallest class, a power of two; default 4 KiB, a page. */
  readonly minBytes?: number;
  /** Largest class, a power of two; default 1 MiB. What is larger is made and dropped without the pool. */
  readonly maxBytes?: number;
  /** Most bytes kept idle, over all classes; default 64 MiB. */
  readonly maxIdleBytes?: number;
  /** Tells a second release, and overwrites what is released so that use after release shows. Default false. */
  readonly debug?: boolean;
}

/** What a {@link BufferPool} holds. An `inUseBytes` that only grows is a leak. */
export interface BufferPoolUsage {
  readonly idleBytes: number;
  readonly inUseBytes: number;
  /** One for each class, smallest first. */
  readonly classes: readonly { readonly bytes: number; readonly idle: number }[];
}

interface SizeClass {
  readonly bytes: number;
  readonly idle: Buffer[];
  lastAskedAt: number;
}

const defaults = { minBytes: 4096, maxBytes: 1_048_576, maxIdleBytes: 64 * 1_048_576 } as const;
/** Written over a released buffer in debug mode: as text, length or pointer it is evidently wrong. */
const poison = 0xdb;

/**
 * Keeps idle buffers for reuse, in size classes of powers of two.
 *
 * `acquire` and `release` never wait: an empty class allocates, a full budget drops. O(1); O(number of classes) while the
 * budget is full. The contents of a buffer are what its last user left: write before you read, and never send more than you wrote.
 *
 * @example
 * ```ts
 * import { BufferPool } from '@midgard/pool';
 *
 * const buffers = new BufferPool({ maxIdleBytes: 8 * 1024 * 1024 });
 * const buffer = buffers.acquire(5000); // 8192 bytes
 * const used = buffer.write('hello');
 * buffer.subarray(0, used).toString(); // 'hello'
 * buffers.release(buffer);
 * ```
 */
export class BufferPool {
  readonly #classes: readonly SizeClass[];
  readonly #minBytes: number;
  readonly #maxIdleBytes: number;
  readonly #loans: Loans | undefined;
  #idleBytes = 0;
  #inUseBytes = 0;
  #asked = 0;

  /** @throws {PoolError} `ERR_POOL_SIZE`: a class is not a power of two, the smallest is above the largest, or the budget is negative */
  constructor({ minBytes = defaults.minBytes, maxBytes = defaults.maxBytes, maxIdleBytes = defaults.maxIdleBytes, debug = false }: BufferPoolOptions = {}) {
    if (!isPowerOfTwo(minBytes) || !isPowerOfTwo(maxBytes) || minBytes > maxBytes) {
      throw new PoolError('ERR_POOL_SIZE', 'minBytes and maxBytes must be powers of two up to 2^30, the first not above the second');
    }
    if (!(maxIdleBytes >= 0)) throw new PoolError('ERR_POOL_SIZE', 'maxIdleBytes must be 0 or more');
    this.#minBytes = minBytes;
    this.#maxIdleBytes = maxIdleBytes;
    this.#classes = Array.from({ length: Math.log2(maxBytes / minBytes) + 1 }, (_, i) => ({ bytes: minBytes * 2 ** i, idle: [], lastAskedAt: 0 }));
    this.#loans = debug ? new Loans() : undefined;
  }

  /**
   * A buffer of at least that many bytes: the whole of its size class, or exactly as many where no class is large enough.
   *
   * @param bytes 0 or more
   * @throws {PoolError} `ERR_POOL_SIZE`: not a whole number of 0 or more
   */
  acquire(bytes: number): Buffer {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new PoolError('ERR_POOL_SIZE', 'a buffer has a whole number of bytes, 0 or more');
    const sizeClass = this.#classFor(bytes);
    // Slow means: not cut from Node's shared slab, which one held slice would keep alive.
    const buffer = sizeClass === undefined ? Buffer.allocUnsafeSlow(bytes) : (this.#reuse(sizeClass) ?? Buffer.allocUnsafeSlow(sizeClass.bytes));
    this.#inUseBytes += buffer.length;
    this.#loans?.lend(buffer);
    return buffer;
  }

  /**
   * Gives back a buffer as `acquire` gave it, not a slice of it; the caller and whoever holds a slice must not touch it afterwards.
   *
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: in debug mode, it was given back before or is not of this pool
   */
  release(buffer: Buffer): void {
    if (this.#loans !== undefined) {
      this.#loans.takeBack(buffer);
      buffer.fill(poison);
    }
    this.#inUseBytes -= buffer.length;
    const sizeClass = this.#classFor(buffer.length);
    if (sizeClass === undefined || sizeClass.bytes !== buffer.length || !this.#makeRoom(sizeClass)) return;
    sizeClass.idle.push(buffer);
    this.#idleBytes += buffer.length;
  }

  /** Lets all idle buffers go. */
  clear(): void {
    for (const { idle } of this.#classes) idle.length = 0;
    this.#idleBytes = 0;
  }

  /** What is idle and what is out. */
  usage(): BufferPoolUsage {
    return {
      idleBytes: this.#idleBytes,
      inUseBytes: this.#inUseBytes,
      classes: this.#classes.map(({ bytes, idle }) => ({ bytes, idle: idle.length })),
    };
  }

  #classFor(bytes: number): SizeClass | undefined {
    if (bytes <= this.#minBytes) return this.#classes[0];
    // Whole powers of two that the smallest class must be doubled: clz32 counts the leading zero bits.
    return bytes > 2 ** 30 ? undefined : this.#classes[Math.clz32(this.#minBytes - 1) - Math.clz32(bytes - 1)];
  }

  #reuse(sizeClass: SizeClass): Buffer | undefined {
    this.#asked += 1;
    sizeClass.lastAskedAt = this.#asked;
    const buffer = sizeClass.idle.pop();
    if (buffer !== undefined) this.#idleBytes -= buffer.length;
    return buffer;
  }

  /** A budget full of a size that nobody asks for any more would end all reuse, so the class asked for longest ago gives way. */
  #makeRoom(wanted: SizeClass): boolean {
    if (wanted.bytes > this.#maxIdleBytes) return false;
    while (this.#idleBytes + wanted.bytes > this.#maxIdleBytes) {
      const stale = this.#stalestBefore(wanted);
      const dropped = stale?.idle.pop();
      if (dropped === undefined) return false;
      this.#idleBytes -= dropped.length;
    }
    return true;
  }

  #stalestBefore(wanted: SizeClass): SizeClass | undefined {
    let stalest: SizeClass | undefined;
    for (const sizeClass of this.#classes) {
      const isCandidate = sizeClass.idle.length > 0 && sizeClass.lastAskedAt < wanted.lastAskedAt;
      if (isCandidate && (stalest === undefined || sizeClass.lastAskedAt < stalest.lastAskedAt)) stalest = sizeClass;
    }
    return stalest;
  }
}

function isPowerOfTwo(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 1 && bytes <= 2 ** 30 && Math.log2(bytes) % 1 === 0;
}
