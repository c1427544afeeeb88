import { RingBufferError } from './errors.ts';

/** Set-up of {@link ByteRing}. */
export interface ByteRingOptions {
  /** Most bytes held: a whole number from 1 to 2^32, kept exactly and taken at once. */
  readonly capacityBytes: number;
  /**
   * Longest piece that {@link ByteRing.peek} shows in one piece without allocating, wherever it lies: a whole number from 0
   * (default) to `capacityBytes`. That much more memory is taken, behind the end.
   */
  readonly mirrorBytes?: number;
}

const maxCapacityBytes = 2 ** 32;

/**
 * A bounded first-in-first-out buffer of bytes that producers fill and consumers read in place. It never grows.
 *
 * `writableViews` and `readableViews` show the free and the held bytes without a copy, as two pieces where they wrap
 * around the end; `commit` and `consume` move the bounds. All four are O(1); `write` and `read` copy, O(bytes).
 * Views are of the ring's own memory: use them before the next `commit` or `consume` of the other side's bytes, and copy what must last.
 *
 * @example
 * ```ts
 * import { readSync } from 'node:fs';
 * import { ByteRing } from '@midgard/ring-buffer';
 *
 * const ring = new ByteRing({ capacityBytes: 65_536 });
 * const [free] = ring.writableViews();
 * if (free !== undefined) ring.commit(readSync(0, free));
 * for (const view of ring.readableViews()) process.stdout.write(view);
 * ```
 */
export class ByteRing {
  /** Most bytes held. */
  readonly capacityBytes: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Where the oldest byte lies. */
  #head = 0;
  #size = 0;

  /** @throws {RingBufferError} `ERR_RING_OPTIONS`: `capacityBytes` is not a whole number from 1 to 2^32, or `mirrorBytes` not one from 0 to that */
  constructor({ capacityBytes, mirrorBytes = 0 }: ByteRingOptions) {
    if (!Number.isInteger(capacityBytes) || capacityBytes < 1 || capacityBytes > maxCapacityBytes) {
      throw new RingBufferError('ERR_RING_OPTIONS', 'capacityBytes must be a whole number from 1 to 2^32');
    }
    if (!Number.isInteger(mirrorBytes) || mirrorBytes < 0 || mirrorBytes > capacityBytes) {
      throw new RingBufferError('ERR_RING_OPTIONS', 'mirrorBytes must be a whole number from 0 to capacityBytes');
    }
    this.capacityBytes = capacityBytes;
    this.#bytes = new Uint8Array(capacityBytes + mirrorBytes);
  }

  /** Bytes that can be read. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that can be written. */
  get free(): number {
    return this.capacityBytes - this.#size;
  }

  /** The free bytes in the order in which they are to be filled: no view when full, two where they wrap around the end. */
  writableViews(): Uint8Array<ArrayBuffer>[] {
    return this.#views(this.#wrapped(this.#head + this.#size), this.free);
  }

  /**
   * Makes the first bytes of {@link ByteRing.writableViews} readable.
   *
   * @param byteCount whole number from 0 to `free`
   * @throws {RingBufferError} `ERR_RING_RANGE`: out of that range; nothing has changed
   */
  commit(byteCount: number): void {
    requireUpTo(this.free, byteCount, 'committed');
    this.#size += byteCount;
  }

  /** The held bytes, the oldest first: no view when empty, two where they wrap around the end. */
  readableViews(): Uint8Array<ArrayBuffer>[] {
    return this.#views(this.#head, this.#size);
  }

  /**
   * The oldest bytes in one piece, for records that must not be cut in two. Where they wrap around the end, what wrapped is
   * copied behind the end if `mirrorBytes` has room for it; else all of them are copied into new memory.
   *
   * @param byteCount whole number from 0 to `size`
   * @throws {RingBufferError} `ERR_RING_RANGE`: out of that range
   */
  peek(byteCount: number): Uint8Array<ArrayBuffer> {
    requireUpTo(this.#size, byteCount, 'peeked at');
    const end = this.#head + byteCount;
    const wrapped = end - this.capacityBytes;
    if (end > this.#bytes.length) return this.#copyWrapped(byteCount, wrapped);
    if (wrapped > 0) this.#bytes.copyWithin(this.capacityBytes, 0, wrapped);
    return this.#bytes.subarray(this.#head, end);
  }

  /**
   * Lets the oldest bytes go.
   *
   * @param byteCount whole number from 0 to `size`
   * @throws {RingBufferError} `ERR_RING_RANGE`: out of that range; nothing has changed
   */
  consume(byteCount: number): void {
    requireUpTo(this.#size, byteCount, 'consumed');
    this.#size -= byteCount;
    // An empty ring starts at the front again, so that the next bytes lie in one piece.
    this.#head = this.#size === 0 ? 0 : this.#wrapped(this.#head + byteCount);
  }

  /**
   * Copies as many bytes in as there is room for.
   *
   * @returns how many were taken; fewer than `bytes.length` means that the ring is full
   */
  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.free);
    const start = this.#wrapped(this.#head + this.#size);
    const untilEnd = Math.min(count, this.capacityBytes - start);
    this.#bytes.set(count === bytes.length && untilEnd === count ? bytes : bytes.subarray(0, untilEnd), start);
    if (untilEnd < count) this.#bytes.set(bytes.subarray(untilEnd, count), 0);
    this.#size += count;
    return count;
  }

  /**
   * Copies the oldest bytes out and lets them go.
   *
   * @returns how many were copied; fewer than `into.length` means that the ring is empty
   */
  read(into: Uint8Array): number {
    const count = Math.min(into.length, this.#size);
    const untilEnd = Math.min(count, this.capacityBytes - this.#head);
    into.set(this.#bytes.subarray(this.#head, this.#head + untilEnd), 0);
    if (untilEnd < count) into.set(this.#bytes.subarray(0, count - untilEnd), untilEnd);
    this.consume(count);
    return count;
  }

  /** Lets all bytes go. They are not wiped. */
  clear(): void {
    this.#head = 0;
    this.#size = 0;
  }

  #views(start: number, count: number): Uint8Array<ArrayBuffer>[] {
    if (count === 0) return [];
    const end = start + count;
    if (end <= this.capacityBytes) return [this.#bytes.subarray(start, end)];
    return [this.#bytes.subarray(start, this.capacityBytes), this.#bytes.subarray(0, end - this.capacityBytes)];
  }

  #copyWrapped(byteCount: number, wrapped: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(byteCount);
    copy.set(this.#bytes.subarray(this.#head, this.capacityBytes));
    copy.set(this.#bytes.subarray(0, wrapped), byteCount - wrapped);
    return copy;
  }

  #wrapped(position: number): number {
    return position >= this.capacityBytes ? position - this.capacityBytes : position;
  }
}

function requireUpTo(most: number, byteCount: number, verb: string): void {
  if (Number.isInteger(byteCount) && byteCount >= 0 && byteCount <= most) return;
  throw new RingBufferError('ERR_RING_RANGE', `${byteCount} bytes cannot be ${verb}: from 0 to ${most} can`);
}
