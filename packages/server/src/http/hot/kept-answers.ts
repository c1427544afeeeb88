interface Entry<A> {
  readonly answer: A;
  readonly bytes: number;
}

/** Answers by the target of their requests, no more than fit; the oldest go first. Every look-up is O(1). */
export class KeptAnswers<A extends { readonly bytes: number }> {
  readonly #entries = new Map<string, Entry<A>>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes of memory, roughly; 0: nothing is kept */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Memory that they take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param target path and query, as they were sent */
  find(target: string): A | undefined {
    return this.#entries.get(target)?.answer;
  }

  /** Keeps an answer in the place of the one before, or one that has grown; not one that would take a tenth of the room. */
  keep(target: string, answer: A): void {
    this.delete(target);
    const bytes = answer.bytes + 2 * target.length;
    if (bytes > this.#maxBytes / 10) return;
    this.#entries.set(target, { answer, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  /** Forgets one. */
  delete(target: string): void {
    const entry = this.#entries.get(target);
    if (entry === undefined) return;
    this.#entries.delete(target);
    this.#bytes -= entry.bytes;
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
