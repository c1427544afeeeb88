/**
 * One stretch of memory in which the hot way keeps answers and lays out what it sends: copying within a stretch is one call into V8 and makes
 * no view, which is half the time of a copy from one buffer to another (`answer-store.bench.ts`).
 *
 * The system gives the pages as they are first written, so that room nobody has used yet costs nothing.
 */
export class Arena {
  readonly bytes: Buffer;
  /** The same in 32-bit words. */
  readonly words: Int32Array;
  /** The same in 64-bit numbers. */
  readonly numbers: Float64Array;
  /** The same for what is not aligned. */
  readonly view: DataView;

  /** @param size bytes, a multiple of 8 */
  constructor(size: number) {
    const memory = new ArrayBuffer(size);
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.numbers = new Float64Array(memory);
    this.view = new DataView(memory);
  }
}
