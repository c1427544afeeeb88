import { PoolError } from '../errors.ts';
import type { Account, SizeClass } from './size-class.ts';

/** A class of larger buffers, each with memory of its own. */
export class WholeBuffers implements SizeClass {
  readonly bytes: number;
  readonly unitBytes: number;
  lastAskedAt = 0;
  readonly #account: Account;
  readonly #idle: Buffer[] = [];
  #inUse = 0;

  constructor(bytes: number, account: Account) {
    this.bytes = bytes;
    this.unitBytes = bytes;
    this.#account = account;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get idleUnits(): number {
    return this.#idle.length;
  }

  get heldBytes(): number {
    return (this.#idle.length + this.#inUse) * this.bytes;
  }

  take(): Buffer | undefined {
    const buffer = this.#idle.pop();
    if (buffer === undefined) return undefined;
    this.#account.idleBytes -= this.bytes;
    this.#inUse += 1;
    return buffer;
  }

  grow(): Buffer {
    this.#inUse += 1;
    // Slow means: not cut from Node's shared slab, which one held slice would keep alive.
    return Buffer.allocUnsafeSlow(this.bytes);
  }

  put(buffer: Buffer): boolean {
    if (this.#inUse === 0) throw new PoolError('ERR_POOL_NOT_LENT', `no buffer of ${this.bytes} bytes is lent`);
    this.#inUse -= 1;
    this.#idle.push(buffer);
    this.#account.idleBytes += this.bytes;
    return true;
  }

  dropUnit(): void {
    this.#idle.pop();
    this.#account.idleBytes -= this.bytes;
  }

  idleBuffers(): Iterable<Buffer> {
    return this.#idle;
  }
}
