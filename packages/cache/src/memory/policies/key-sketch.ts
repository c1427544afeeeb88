/** Cells for each entry, at least; up to twice as many, since the table is a power of 2. With half of it hit rates fall by 0.2 points. */
const cellsPerEntry = 8;
/** The cells of a key are in one line of the processor's cache, since to fetch one is what takes the time. */
const line = 64;
const usesBits = 0x0f;
const oneResident = 0x10;
const residentBits = 0xf0;

/**
 * What is known of keys by their hashes, in two cells of a byte each and without the keys: how often one that has left was used, 0
 * to 15, and whether a resident may have this hash. A cell's lower half is for the uses, its upper half counts residents.
 *
 * A count-min sketch of two rows (Cormode, Muthukrishnan, 2005) and a counting Bloom filter (Fan et al., 2000), both blocked (Putze,
 * Sanders, Singler, 2007). Keys that share cells make each other look more used, or there, than they are; never less.
 */
export class KeySketch {
  #cells = new Uint8Array(line);
  #mask = line - 1;

  /**
   * There may be this many entries from now on. Where the table grows, uses are forgotten: a cache that still fills has none to
   * remember, and to stand for two hashes each would leave the old cells too full for good.
   *
   * @param residents the hashes of those that were added, who are counted anew
   */
  reserve(entries: number, residents: () => Iterable<number>): void {
    let length = this.#cells.length;
    while (length < entries * cellsPerEntry) length *= 2;
    if (length === this.#cells.length) return;
    this.#cells = new Uint8Array(length);
    this.#mask = length - 1;
    for (const hash of residents()) this.addResident(hash);
  }

  /** How often a key with this hash was used until it left, 0 to 15. */
  usesOf(hash: number): number {
    const first = hash & this.#mask;
    return Math.min((this.#cells[first] ?? 0) & usesBits, (this.#cells[second(first, hash)] ?? 0) & usesBits);
  }

  /** @param uses 0 to 15 */
  remember(hash: number, uses: number): void {
    const first = hash & this.#mask;
    this.#raise(first, uses);
    this.#raise(second(first, hash), uses);
  }

  /** False: none of the residents has this hash. */
  mayBeResident(hash: number): boolean {
    const first = hash & this.#mask;
    return (this.#cells[first] ?? 0) >= oneResident && (this.#cells[second(first, hash)] ?? 0) >= oneResident;
  }

  /** A key with this hash is a resident from now on. */
  addResident(hash: number): void {
    const first = hash & this.#mask;
    this.#count(first, oneResident);
    this.#count(second(first, hash), oneResident);
  }

  /** One that was added is no resident any more. */
  removeResident(hash: number): void {
    const first = hash & this.#mask;
    this.#count(first, -oneResident);
    this.#count(second(first, hash), -oneResident);
  }

  /** Halves the uses, so that what was popular once is forgotten in time. O(n), four cells at a step. */
  age(): void {
    const words = new Int32Array(this.#cells.buffer);
    for (let i = 0; i < words.length; i += 1) {
      const word = words[i] ?? 0;
      words[i] = (word & 0xf0f0_f0f0) | ((word >>> 1) & 0x0707_0707);
    }
  }

  clear(): void {
    this.#cells.fill(0);
  }

  #raise(cell: number, uses: number): void {
    const before = this.#cells[cell] ?? 0;
    if ((before & usesBits) < uses) this.#cells[cell] = (before & residentBits) | uses;
  }

  /** A full count stays full, since nobody knows any more what it stands for. */
  #count(cell: number, change: number): void {
    const before = this.#cells[cell] ?? 0;
    if (before < residentBits) this.#cells[cell] = before + change;
  }
}

/** Another cell of the same line; never the first one. */
function second(first: number, hash: number): number {
  return first ^ (1 + ((hash >>> 24) % (line - 1)));
}
