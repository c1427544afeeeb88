import { PoolError } from '../errors.ts';
import type { Account, SizeClass } from './size-class.ts';

/**
 * Memory that is asked of the system at a time. Large enough that what an ArrayBuffer costs beside its bytes is nothing for a
 * buffer of 64; small enough that one buffer that stays out does not hold much.
 */
export const slabBytes: number = 16 * 1024;

interface Slab {
  readonly memory: ArrayBufferLike;
  /** Slices that are not lent; those beyond have not been cut yet. */
  readonly free: Buffer[];
  cut: number;
  inUse: number;
}

/**
 * A class of small buffers, cut from slabs, so that none costs an ArrayBuffer of its own.
 *
 * A slab can be let go only when none of its buffers is lent. Slabs of which there is something to lend are a stack, so that a
 * slab is used up before the next is begun.
 *
 * @see Bonwick, "The Slab Allocator" (USENIX 1994)
 */
export class Slabs implements SizeClass {
  readonly bytes: number;
  readonly unitBytes: number = slabBytes;
  lastAskedAt = 0;
  readonly #account: Account;
  readonly #perSlab: number;
  readonly #slabs = new Map<ArrayBufferLike, Slab>();
  /** Slabs of which there is something to lend. */
  readonly #open: Slab[] = [];
  #inUse = 0;
  #idleUnits = 0;

  constructor(bytes: number, account: Account) {
    this.bytes = bytes;
    this.#account = account;
    this.#perSlab = slabBytes / bytes;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get idle(): number {
    return this.#slabs.size * this.#perSlab - this.#inUse;
  }

  get idleUnits(): number {
    return this.#idleUnits;
  }

  get heldBytes(): number {
    return this.#slabs.size * slabBytes;
  }

  take(): Buffer | undefined {
    const slab = this.#open.at(-1);
    if (slab === undefined) return undefined;
    if (slab.inUse === 0) this.#countIdle(-1);
    return this.#lend(slab);
  }

  grow(): Buffer {
    const slab: Slab = { memory: Buffer.allocUnsafeSlow(slabBytes).buffer, free: [], cut: 0, inUse: 0 };
    this.#slabs.set(slab.memory, slab);
    this.#open.push(slab);
    return this.#lend(slab);
  }

  put(buffer: Buffer): boolean {
    const slab = this.#slabs.get(buffer.buffer);
    if (slab === undefined || slab.inUse === 0) throw new PoolError('ERR_POOL_NOT_LENT', `not a buffer of ${this.bytes} bytes that this pool has lent`);
    if (slab.inUse === this.#perSlab) this.#open.push(slab);
    slab.free.push(buffer);
    slab.inUse -= 1;
    this.#inUse -= 1;
    if (slab.inUse > 0) return false;
    this.#countIdle(1);
    return true;
  }

  dropUnit(): void {
    const at = this.#open.findIndex(({ inUse }) => inUse === 0);
    for (const { memory } of this.#open.splice(at, 1)) this.#slabs.delete(memory);
    this.#countIdle(-1);
  }

  *idleBuffers(): Iterable<Buffer> {
    for (const { free } of this.#open) yield* free;
  }

  #countIdle(units: 1 | -1): void {
    this.#idleUnits += units;
    this.#account.idleBytes += units * slabBytes;
  }

  #lend(slab: Slab): Buffer {
    slab.inUse += 1;
    this.#inUse += 1;
    if (slab.inUse === this.#perSlab) this.#open.pop();
    return slab.free.pop() ?? this.#cut(slab);
  }

  #cut(slab: Slab): Buffer {
    const offset = slab.cut * this.bytes;
    slab.cut += 1;
    return Buffer.from(slab.memory, offset, this.bytes);
  }
}
