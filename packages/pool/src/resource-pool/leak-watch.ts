import type { Entry, Site } from './entry.ts';
import { type ResourcePoolListener, tell } from './listener.ts';
import type { LeakOptions } from './options.ts';

/** Remembers where loans began, and tells of those that do not end. */
export class LeakWatch<T> {
  readonly #options: Required<LeakOptions>;
  readonly #listener: ResourcePoolListener<T>;
  #loans = 0;

  constructor(options: Required<LeakOptions>, listener: ResourcePoolListener<T>) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Where the loan is asked for, if it is one to sample. */
  sample(): Site | undefined {
    this.#loans += 1;
    if (this.#loans % this.#options.sampleEvery !== 0) return undefined;
    const site: Site = {};
    Error.captureStackTrace(site);
    return site;
  }

  /** Tells of each old loan, once. */
  report(entries: Iterable<Entry<T>>, now: number): void {
    const old: Entry<T>[] = [];
    for (const entry of entries) {
      if (entry.state === 'borrowed' && !entry.isLeakTold && now - entry.borrowedAt >= this.#options.afterMs) old.push(entry);
    }
    for (const entry of old) {
      entry.isLeakTold = true;
      tell(() => this.#listener.leaked?.({ resource: entry.resource, heldMs: now - entry.borrowedAt, stack: entry.site?.stack }));
    }
  }
}
