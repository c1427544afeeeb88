import type { Entry } from './entry.ts';

/** The resources that a pool has, and among them the idle ones as a stack. */
export class Stock<T> {
  readonly #entries = new Map<T, Entry<T>>();
  /** The coldest first, the one to lend next last. */
  #idle: Entry<T>[] = [];

  get size(): number {
    return this.#entries.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  has(resource: T): boolean {
    return this.#entries.has(resource);
  }

  entries(): Iterable<Entry<T>> {
    return this.#entries.values();
  }

  /** What is known of a resource that is out; undefined: it is not. */
  loanOf(resource: T): Entry<T> | undefined {
    const entry = this.#entries.get(resource);
    return entry?.state === 'borrowed' ? entry : undefined;
  }

  add(entry: Entry<T>): void {
    this.#entries.set(entry.resource, entry);
  }

  /** Forgets a resource that is not on the stack. */
  remove(entry: Entry<T>): void {
    entry.state = 'gone';
    this.#entries.delete(entry.resource);
  }

  /** The idle resource that was used last. */
  top(): Entry<T> | undefined {
    return this.#idle.at(-1);
  }

  pop(): void {
    this.#idle.pop();
  }

  /** Takes the idle resource that was used longest ago. */
  takeColdest(): Entry<T> | undefined {
    return this.#idle.shift();
  }

  /** Takes all that are idle. */
  takeIdle(): Entry<T>[] {
    return this.#idle.splice(0);
  }

  /** Takes idle resources, the coldest first, of which the test says so. */
  takeWhere(test: (entry: Entry<T>) => boolean): Entry<T>[] {
    const taken: Entry<T>[] = [];
    this.#idle = this.#idle.filter((entry) => {
      if (!test(entry)) return true;
      taken.push(entry);
      return false;
    });
    return taken;
  }

  /** Puts a resource on the stack: on top, or at the bottom if it has only been away for a check, so that checks warm nothing up. */
  putAside(entry: Entry<T>): void {
    entry.state = 'idle';
    const top = this.#idle.at(-1);
    if (top !== undefined && top.idleSince > entry.idleSince) this.#idle.unshift(entry);
    else this.#idle.push(entry);
  }

  /** How many are where. O(n). */
  count(): { readonly idle: number; readonly borrowed: number; readonly checking: number } {
    let borrowed = 0;
    for (const { state } of this.#entries.values()) if (state === 'borrowed') borrowed += 1;
    return { idle: this.idle, borrowed, checking: this.size - this.idle - borrowed };
  }
}
