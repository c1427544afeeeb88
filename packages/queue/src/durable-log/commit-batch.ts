import { recordHeaderBytes, writeRecord } from './record.ts';

const firstBytes = 64 * 1024;
/** A buffer that one burst has made larger than this is let go. */
const keptBytes = 4 * 1024 * 1024;

interface Waiter {
  resolve(sequence: number): void;
  reject(error: unknown): void;
}

/** The records of one write and one sync, already in the shape that the disk gets, and who waits for them. */
export class CommitBatch {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  #used = 0;
  #firstSequence = 0;
  readonly #waiters: Waiter[] = [];

  /** Bytes that the disk gets. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  /** How many records there are. */
  get size(): number {
    return this.#waiters.length;
  }

  /** Sequence of the first record. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /**
   * Copies a record in; its payload may be changed as soon as this returns.
   *
   * @param sequence one more than that of the record before it
   * @returns settles with the batch
   */
  add(sequence: number, payload: Uint8Array): Promise<number> {
    if (this.size === 0) this.#firstSequence = sequence;
    this.#makeRoom(recordHeaderBytes + payload.length);
    this.#used = writeRecord(this.#buffer, this.#used, sequence, payload);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Tells everybody that their record is on disk, and empties the batch. */
  succeed(): void {
    for (const [at, waiter] of this.#waiters.entries()) waiter.resolve(this.#firstSequence + at);
    this.#clear();
  }

  /** Tells everybody that their record is not in the log, and empties the batch. */
  fail(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#clear();
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#used + bytes));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }

  #clear(): void {
    this.#waiters.length = 0;
    this.#used = 0;
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
  }
}
