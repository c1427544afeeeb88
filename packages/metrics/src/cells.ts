/** Cells of one chunk: 64 KiB, large enough to be few, small enough to waste little. */
const cellsPerChunk = 8192;

/** A run of numbers inside a chunk that never moves. */
export interface Cells {
  readonly values: Float64Array;
  /** Index of the first of the run. */
  readonly offset: number;
}

/**
 * Numbers of all series of a registry, in chunks that grow by appending: a run that was given out is never copied, so a
 * handle keeps its array and writes without asking where it is.
 *
 * `allocate` is O(length), writing is the caller's own array store.
 */
export class CellAllocator {
  #chunk: Float64Array = new Float64Array(cellsPerChunk);
  #used = 0;

  /**
   * @param length cells of the run, at least 1; they are zero
   */
  allocate(length: number): Cells {
    if (this.#used + length > this.#chunk.length) {
      this.#chunk = new Float64Array(Math.max(cellsPerChunk, length));
      this.#used = 0;
    }
    const offset = this.#used;
    this.#used += length;
    return { values: this.#chunk, offset };
  }
}
