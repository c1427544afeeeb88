/** Cells of one chunk: 64 KiB, large enough to be few, small enough to waste little. */
const cellsPerChunk = 8192;

/** A run of numbers inside a chunk that never moves. */
export interface Cells {
  readonly values: Float64Array;
  /** Index of the first of the run. */
  readonly offset: number;
  /** How many there are. */
  readonly length: number;
}

/** A run, and in which chunk of its memory it lies. */
export interface PlacedCells extends Cells {
  readonly chunk: number;
}

/** Numbers that belong to no registry: scratch, and what a process has told. */
export function looseCells(length: number): Cells {
  return { values: new Float64Array(length), offset: 0, length };
}

/** The same run as bytes. */
export function bytesOf({ values, offset, length }: Cells): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset + offset * values.BYTES_PER_ELEMENT, length * values.BYTES_PER_ELEMENT);
}

/** Copies bit by bit, whatever the bits mean. */
export function copyCells(from: Cells, to: Cells): void {
  to.values.set(from.values.subarray(from.offset, from.offset + from.length), to.offset);
}

/** Adds each number of a run to its fellow. */
export function addCells(into: Cells, part: Cells): void {
  for (let at = 0; at < into.length; at += 1) into.values[into.offset + at] = (into.values[into.offset + at] ?? 0) + (part.values[part.offset + at] ?? 0);
}

/**
 * Numbers of all series of a registry, in chunks of shared memory that grow by appending: a run that was given out is
 * never copied, so a handle keeps its array and writes without asking where it is.
 *
 * Of fixed length each: V8 writes to them as fast as to memory of one thread, to a growable `SharedArrayBuffer` it takes
 * four times as long.
 */
export class CellMemory {
  readonly #chunks: Float64Array<SharedArrayBuffer>[] = [];
  readonly #grew: () => void;
  #used = 0;

  /** @param grew hears of each further chunk */
  constructor(grew: () => void) {
    this.#grew = grew;
  }

  /** The chunks so far, for another thread. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.#chunks.map(({ buffer }) => buffer);
  }

  /**
   * O(length).
   *
   * @param length cells of the run, at least 1; they are zero
   */
  allocate(length: number): PlacedCells {
    const last = this.#chunks.at(-1);
    const values = last !== undefined && this.#used + length <= last.length ? last : this.#grow(Math.max(cellsPerChunk, length));
    const offset = this.#used;
    this.#used += length;
    return { values, offset, length, chunk: this.#chunks.length - 1 };
  }

  #grow(cells: number): Float64Array {
    const chunk = new Float64Array(new SharedArrayBuffer(cells * Float64Array.BYTES_PER_ELEMENT));
    this.#chunks.push(chunk);
    this.#used = 0;
    this.#grew();
    return chunk;
  }
}
