/** Which keys in memory have a tag. O(1) for each tag of an entry; takes nothing for entries without tags. */
export class TagIndex {
  readonly #keys = new Map<string, Set<string>>();

  /** Whether no entry in memory has a tag. */
  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** Notes an entry that was put into memory. */
  add(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keys.get(tag);
      if (keys === undefined) this.#keys.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  /** Forgets an entry that has left memory. */
  remove(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keys.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(tag);
    }
  }

  /** @returns the keys with this tag, as they are now */
  keysOf(tag: string): readonly string[] {
    return [...(this.#keys.get(tag) ?? [])];
  }

  /** Forgets everything. */
  clear(): void {
    this.#keys.clear();
  }
}
