const firstCapacity = 1024;
/** In the place of an offset: nothing is here. Offsets of records are even, so it is none. */
const free = -1;

/**
 * Where records stand, by the hashes of their keys: open addressing with linear probing, half full at most, without tombstones (Knuth, The Art
 * of Computer Programming vol. 3, 6.4, algorithm R). One record a hash: of two whose hashes are equal the later one is found.
 */
export class AnswerIndex {
  /** Pairs of a hash and an offset, so that a look-up touches one line of the processor's cache. */
  #pairs = new Int32Array(2 * firstCapacity).fill(free);
  #mask = firstCapacity - 1;
  #size = 0;

  /** Records that can be found. */
  get size(): number {
    return this.#size;
  }

  /** @returns the offset of the record with this hash, -1 where there is none. O(1) */
  find(hash: number): number {
    const pairs = this.#pairs;
    const mask = this.#mask;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const offset = pairs[2 * at + 1] ?? free;
      if (offset === free || pairs[2 * at] === hash) return offset;
    }
  }

  /** Lets a hash lead to an offset, wherever it led before. */
  set(hash: number, offset: number): void {
    if (2 * (this.#size + 1) > this.#mask) this.#grow();
    if (this.#put(hash, offset)) this.#size += 1;
  }

  /** Forgets a hash, if it leads to this offset. */
  delete(hash: number, offset: number): void {
    const pairs = this.#pairs;
    const mask = this.#mask;
    let hole = hash & mask;
    while (pairs[2 * hole] !== hash || pairs[2 * hole + 1] !== offset) {
      if (pairs[2 * hole + 1] === free) return;
      hole = (hole + 1) & mask;
    }
    this.#size -= 1;
    // Those behind it that stand away from their place move up, so that no search ends too early.
    for (let at = (hole + 1) & mask; pairs[2 * at + 1] !== free; at = (at + 1) & mask) {
      const home = (pairs[2 * at] ?? 0) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      pairs[2 * hole] = pairs[2 * at] ?? 0;
      pairs[2 * hole + 1] = pairs[2 * at + 1] ?? free;
      hole = at;
    }
    pairs[2 * hole] = free;
    pairs[2 * hole + 1] = free;
  }

  /** Forgets everything. */
  clear(): void {
    this.#pairs = new Int32Array(2 * firstCapacity).fill(free);
    this.#mask = firstCapacity - 1;
    this.#size = 0;
  }

  /** @returns whether the hash is new */
  #put(hash: number, offset: number): boolean {
    const pairs = this.#pairs;
    const mask = this.#mask;
    let at = hash & mask;
    while (pairs[2 * at + 1] !== free && pairs[2 * at] !== hash) at = (at + 1) & mask;
    const isNew = pairs[2 * at + 1] === free;
    pairs[2 * at] = hash;
    pairs[2 * at + 1] = offset;
    return isNew;
  }

  #grow(): void {
    const before = this.#pairs;
    this.#pairs = new Int32Array(2 * before.length).fill(free);
    this.#mask = before.length - 1;
    for (let at = 0; at < before.length; at += 2) {
      const offset = before[at + 1] ?? free;
      if (offset !== free) this.#put(before[at] ?? 0, offset);
    }
  }
}
