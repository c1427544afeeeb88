import { parseName, tagName } from './name.ts';

/** How long an invalidation that was made is remembered, milliseconds: a replica that takes over has lost less than that. */
const recentMs = 10_000;
/** Most names that are remembered; 100 bytes each. */
const defaultMaxNames = 100_000;

/**
 * What this instance has invalidated: names that the shared tier was not told yet, and those of the last ten seconds, which a server
 * that takes over from another may not know.
 *
 * Bounded: where too many wait, a space stands for all its names.
 */
export class Journal {
  readonly #maxNames: number;
  /** To the number of the wish, so that an older one that succeeds does not settle a newer one. */
  readonly #pending = new Map<string, number>();
  /** To the time, oldest first. */
  readonly #recent = new Map<string, number>();
  #wishes = 0;

  /** @param maxNames at least 1 (default 100 000) */
  constructor(maxNames: number = defaultMaxNames) {
    this.#maxNames = maxNames;
  }

  /** Names that wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether the shared tier may still have an older value under this name. */
  isPending(name: string): boolean {
    return this.#pending.has(name);
  }

  /** Notes names that are about to be invalidated. @returns the number of the wish, for {@link settle} */
  add(names: readonly string[]): number {
    this.#wishes += 1;
    for (const name of names) this.#pending.set(name, this.#wishes);
    if (this.#pending.size > this.#maxNames) this.#widen();
    return this.#wishes;
  }

  /** The shared tier and all instances have been told. */
  settle(names: readonly string[], wish: number, now: number): void {
    for (const name of names) {
      if (this.#pending.get(name) === wish) this.#pending.delete(name);
      this.#recent.delete(name);
      this.#recent.set(name, now);
    }
    this.#forget(now);
  }

  /** What waits. */
  pending(): readonly string[] {
    return [...this.#pending.keys()];
  }

  /** What is to be said again to a server that may have lost what it was told last, besides what waits. */
  recent(now: number): readonly string[] {
    this.#forget(now);
    return [...this.#recent.keys()];
  }

  #forget(now: number): void {
    for (const [name, at] of this.#recent) {
      if (at > now - recentMs && this.#recent.size <= this.#maxNames) return;
      this.#recent.delete(name);
    }
  }

  #widen(): void {
    const spaces = new Set([...this.#pending.keys()].map((name) => parseName(name)?.space ?? ''));
    this.#pending.clear();
    for (const space of spaces) this.#pending.set(tagName(space, ''), this.#wishes);
  }
}
