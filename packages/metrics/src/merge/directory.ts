/** Before the text stands how many bytes of it there are. */
const headerBytes = Int32Array.BYTES_PER_ELEMENT;
const firstBytes = 65_536;

/** A metric, or a series: its metric by the order of the metrics, its labels as text, its chunk, and where in the chunk its cells begin. */
export type DirectoryEntry = { readonly metric: unknown } | { readonly series: readonly [metric: number, labels: string, chunk: number, offset: number] };

/**
 * Tells other threads which series there are and where their cells lie: lines of JSON in shared memory that are only ever appended,
 * so that whoever has the memory finds what is new without being told.
 */
export class DirectoryWriter {
  readonly #moved: () => void;
  #bytes = new Uint8Array(new SharedArrayBuffer(firstBytes));
  #used = headerBytes;

  /** @param moved hears that there is another buffer, which has the old lines, too */
  constructor(moved: () => void) {
    this.#moved = moved;
  }

  /** What another thread reads. */
  get buffer(): SharedArrayBuffer {
    return this.#bytes.buffer;
  }

  /** O(length); doubles the memory where it is full. */
  append(entry: DirectoryEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    const isFull = this.#used + line.length > this.#bytes.length;
    if (isFull) {
      const larger = new Uint8Array(new SharedArrayBuffer(2 * (this.#bytes.length + line.length)));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(line, this.#used);
    this.#used += line.length;
    // After the line itself: who reads this number finds whole lines.
    Atomics.store(new Int32Array(this.#bytes.buffer, 0, 1), 0, this.#used - headerBytes);
    if (isFull) this.#moved();
  }
}

/** Reads what a {@link DirectoryWriter} of another thread has written. */
export class DirectoryReader {
  #read = 0;

  /**
   * The lines that are new. O(length).
   *
   * @param take is given one; false: it cannot be used yet, and comes again with the next call
   */
  readNew(buffer: SharedArrayBuffer, take: (entry: unknown) => boolean): void {
    const written = Atomics.load(new Int32Array(buffer, 0, 1), 0);
    if (written <= this.#read) return;
    const bytes = Buffer.from(new Uint8Array(buffer, headerBytes + this.#read, written - this.#read));
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      if (!take(JSON.parse(bytes.toString('utf8', start, end)))) return;
      this.#read += end + 1 - start;
      start = end + 1;
    }
  }
}
