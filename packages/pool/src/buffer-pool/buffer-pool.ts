import { PoolError } from '../errors.ts';
import { Loans } from '../loans.ts';
import { Poison } from './poison.ts';
import type { Account, SizeClass } from './size-class.ts';
import { Slabs } from './slabs.ts';
import { WholeBuffers } from './whole-buffers.ts';

/** Set-up of {@link BufferPool}. */
export interface BufferPoolOptions {
  /** Smallest class, a power of two up to 2^30; default 64. */
  readonly minBytes?: number;
  /** Largest class, a power of two up to 2^30; default 1 MiB. What is larger is made and dropped without the pool, but counted. */
  readonly maxBytes?: number;
  /** Most bytes kept idle, over all classes; default 64 MiB. What comes back beyond is dropped. */
  readonly maxIdleBytes?: number;
  /**
   * Most bytes held at all, lent and idle; default `Infinity`. Beyond, `acquire` throws. The pool cannot see that a buffer which was
   * never given back has been collected, so with a bound every loss counts for good.
   */
  readonly maxHeldBytes?: number;
  /** Tells a second release, and reads and writes after release. Default false; for tests and while hunting. */
  readonly debug?: boolean;
}

/** What a {@link BufferPool} holds in one size class. */
export interface BufferClassUsage {
  /** Length of the buffers. */
  readonly bytes: number;
  /** Buffers that can be lent without asking the system for memory. */
  readonly idle: number;
  /** Buffers lent. */
  readonly inUse: number;
  /** Memory of the class, lent and idle. */
  readonly heldBytes: number;
}

/** What a {@link BufferPool} holds. An `inUseBytes` that only grows is a leak. */
export interface BufferPoolUsage {
  /** Memory that the pool answers for, never above `maxHeldBytes`. Above `inUseBytes` + `idleBytes` by what is free in slabs of which something is lent. */
  readonly heldBytes: number;
  /** Memory of which nothing is lent, never above `maxIdleBytes`. */
  readonly idleBytes: number;
  /** Length of all buffers lent. */
  readonly inUseBytes: number;
  /** One for each class, smallest first. */
  readonly classes: readonly BufferClassUsage[];
}

/** Buffers from here on have memory of their own: what an ArrayBuffer costs beside its bytes no longer matters. */
const wholeFromBytes = 4096;
const defaults = { minBytes: 64, maxBytes: 1_048_576, maxIdleBytes: 64 * 1_048_576 } as const;

/**
 * Keeps idle buffers for reuse, in size classes of powers of two.
 *
 * `acquire` and `release` never wait. O(1); O(number of classes) while a budget is full. Buffers below 4 KiB are cut from slabs of
 * 16 KiB, larger ones have memory of their own. The contents of a buffer are what its last user left: write before you read, and
 * never send more than you wrote.
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
  readonly #maxHeldBytes: number;
  readonly #loans: Loans | undefined;
  readonly #poison: Poison | undefined;
  readonly #account: Account = { heldBytes: 0, idleBytes: 0 };
  #inUseBytes = 0;
  #asked = 0;

  /** @throws {PoolError} `ERR_POOL_SIZE`: a class is not a power of two, the smallest is above the largest, or a budget is negative */
  constructor(options: BufferPoolOptions = {}) {
    const { minBytes, maxBytes, maxIdleBytes, maxHeldBytes = Infinity, debug = false } = { ...defaults, ...options };
    if (!isPowerOfTwo(minBytes) || !isPowerOfTwo(maxBytes) || minBytes > maxBytes) {
      throw new PoolError('ERR_POOL_SIZE', 'minBytes and maxBytes must be powers of two up to 2^30, the first not above the second');
    }
    if (!(maxIdleBytes >= 0)) throw new PoolError('ERR_POOL_SIZE', 'maxIdleBytes must be 0 or more');
    if (!(maxHeldBytes >= 0)) throw new PoolError('ERR_POOL_SIZE', 'maxHeldBytes must be 0 or more');
    this.#minBytes = minBytes;
    this.#maxIdleBytes = maxIdleBytes;
    this.#maxHeldBytes = maxHeldBytes;
    this.#classes = Array.from({ length: Math.log2(maxBytes / minBytes) + 1 }, (_, i) => classOf(minBytes * 2 ** i, this.#account));
    this.#loans = debug ? new Loans() : undefined;
    this.#poison = debug ? new Poison() : undefined;
  }

  /**
   * A buffer of at least that many bytes: the whole of its size class, or exactly as many where no class is large enough.
   *
   * @param bytes 0 or more
   * @throws {PoolError} `ERR_POOL_SIZE`: not a whole number of 0 or more; `ERR_POOL_EXHAUSTED`: it would take more than
   * `maxHeldBytes`, even after everything idle had been let go; `ERR_POOL_USED_AFTER_RELEASE`: in debug mode, somebody wrote into
   * the buffer that was to be lent; the next call gets it
   */
  acquire(bytes: number): Buffer {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new PoolError('ERR_POOL_SIZE', 'a buffer has a whole number of bytes, 0 or more');
    const sizeClass = this.#classFor(bytes);
    const buffer = sizeClass === undefined ? this.#makeLarge(bytes) : this.#takeFrom(sizeClass);
    this.#inUseBytes += buffer.length;
    this.#loans?.lend(buffer);
    return buffer;
  }

  /**
   * Gives back a buffer as `acquire` gave it, not a slice of it; the caller and whoever holds a slice must not touch it afterwards.
   *
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: it was given back before or is not of this pool; always told in debug mode, else
   * where it is evident
   */
  release(buffer: Buffer): void {
    this.#loans?.takeBack(buffer);
    const sizeClass = this.#classFor(buffer.length);
    if (sizeClass === undefined) {
      this.#dropLarge(buffer);
    } else {
      if (sizeClass.bytes !== buffer.length) throw new PoolError('ERR_POOL_NOT_LENT', `no buffer has a length of ${buffer.length} bytes here`);
      if (sizeClass.put(buffer) && this.#account.idleBytes > this.#maxIdleBytes) this.#shrinkIdle(sizeClass);
    }
    this.#inUseBytes -= buffer.length;
    this.#poison?.apply(buffer);
  }

  /** Lets all idle memory go. */
  clear(): void {
    for (const sizeClass of this.#classes) while (sizeClass.idleUnits > 0) this.#dropUnit(sizeClass);
  }

  /**
   * In debug mode, looks at all that is idle. O(idle bytes).
   *
   * @throws {PoolError} `ERR_POOL_USED_AFTER_RELEASE`: somebody wrote into a buffer after its release; `cause` has the stack of the release
   */
  verify(): void {
    for (const sizeClass of this.#classes) for (const buffer of sizeClass.idleBuffers()) this.#poison?.verify(buffer);
  }

  /** What is idle and what is out. */
  usage(): BufferPoolUsage {
    const classes = this.#classes.map(({ bytes, idle, inUse, heldBytes }) => ({ bytes, idle, inUse, heldBytes }));
    return { ...this.#account, inUseBytes: this.#inUseBytes, classes };
  }

  #classFor(bytes: number): SizeClass | undefined {
    if (bytes <= this.#minBytes) return this.#classes[0];
    // Whole powers of two that the smallest class must be doubled: clz32 counts the leading zero bits.
    return bytes > 2 ** 30 ? undefined : this.#classes[Math.clz32(this.#minBytes - 1) - Math.clz32(bytes - 1)];
  }

  #takeFrom(sizeClass: SizeClass): Buffer {
    this.#asked += 1;
    sizeClass.lastAskedAt = this.#asked;
    const idle = sizeClass.take();
    if (idle === undefined) {
      this.#reserve(sizeClass.unitBytes);
      return sizeClass.grow();
    }
    if (this.#poison !== undefined) this.#verifyBeforeLoan(this.#poison, sizeClass, idle);
    return idle;
  }

  #verifyBeforeLoan(poison: Poison, sizeClass: SizeClass, buffer: Buffer): void {
    try {
      poison.verify(buffer);
    } catch (error) {
      sizeClass.put(buffer);
      throw error;
    }
  }

  #makeLarge(bytes: number): Buffer {
    this.#reserve(bytes);
    return Buffer.allocUnsafeSlow(bytes);
  }

  #dropLarge(buffer: Buffer): void {
    if (buffer.length > this.#inUseBytes) throw new PoolError('ERR_POOL_NOT_LENT', `no buffer of ${buffer.length} bytes is lent`);
    this.#account.heldBytes -= buffer.length;
  }

  /** Finds room for more memory. @throws {PoolError} `ERR_POOL_EXHAUSTED` */
  #reserve(bytes: number): void {
    const account = this.#account;
    if (account.heldBytes - account.idleBytes + bytes > this.#maxHeldBytes) {
      throw new PoolError('ERR_POOL_EXHAUSTED', `${bytes} bytes more would exceed the ${this.#maxHeldBytes} of maxHeldBytes`);
    }
    while (account.heldBytes + bytes > this.#maxHeldBytes) this.#dropStalest();
    account.heldBytes += bytes;
  }

  /**
   * Lets memory go until the idle rest is within its budget. A budget full of a size that nobody asks for any more would end all
   * reuse, so the class asked for longest ago gives way, be it that of what has just come back.
   */
  #shrinkIdle(sizeClass: SizeClass): void {
    const isTooLarge = sizeClass.unitBytes > this.#maxIdleBytes;
    while (this.#account.idleBytes > this.#maxIdleBytes) {
      if (isTooLarge) this.#dropUnit(sizeClass);
      else this.#dropStalest();
    }
  }

  /** Lets a unit go of the class that was asked for longest ago. There is one with an idle unit. */
  #dropStalest(): void {
    let stalest: SizeClass | undefined;
    for (const sizeClass of this.#classes) {
      if (sizeClass.lastAskedAt < (stalest?.lastAskedAt ?? Infinity) && sizeClass.idleUnits > 0) stalest = sizeClass;
    }
    if (stalest !== undefined) this.#dropUnit(stalest);
  }

  #dropUnit(sizeClass: SizeClass): void {
    sizeClass.dropUnit();
    this.#account.heldBytes -= sizeClass.unitBytes;
  }
}

function classOf(bytes: number, account: Account): SizeClass {
  return bytes < wholeFromBytes ? new Slabs(bytes, account) : new WholeBuffers(bytes, account);
}

function isPowerOfTwo(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 1 && bytes <= 2 ** 30 && Math.log2(bytes) % 1 === 0;
}
