import { tagName } from '../coherence/name.ts';
import type { Space } from '../coherence/space.ts';
import { MemoryCache } from '../memory/memory-cache.ts';
import type { Tier } from '../tier/tier.ts';
import type { Entry } from './entry.ts';

/** Most tags whose last clearing is remembered in this process. */
const maxTags = 10_000;

/** When the tags of a space were last cleared, by the tier's clock; what others say keeps in step what is remembered here. */
export class Clearings {
  readonly #space: Space;
  readonly #known = new MemoryCache<number>({ maxEntries: maxTags, policy: 'lru' });
  /** The clearing of everything, which nearly every look asks for alone. */
  #ofAll: number | undefined;
  /** Counts what was forgotten: an answer that was asked for before is not remembered after. */
  #forgotten = 0;

  constructor(space: Space) {
    this.#space = space;
  }

  /** Whether an entry was loaded before one of its tags was cleared; undefined: the tier has to be asked, see {@link learn}. */
  hasCleared<V>({ tags, loadedAt }: Entry<V>): boolean | undefined {
    let isUnknown = false;
    for (let i = -1; i < tags.length; i += 1) {
      const at = this.#at(tags[i] ?? '');
      if (at === undefined) isUnknown = true;
      else if (at >= loadedAt) return true;
    }
    return isUnknown ? undefined : false;
  }

  /** Asks the tier for those of these tags that are not known, and for the clearing of everything. @returns as {@link hasCleared}, by what it said */
  async learn(tier: Tier, tags: Iterable<string>): Promise<<V>(entry: Entry<V>) => boolean> {
    const unknown = [...new Set(['', ...tags])].filter((tag) => this.#at(tag) === undefined);
    const forgotten = this.#forgotten;
    const versions = await tier.versions(unknown.map((tag) => tagName(this.#space.name, tag)));
    const said = new Map<string, number>();
    for (const [i, tag] of unknown.entries()) {
      const version = versions[i] ?? 0;
      // With the difference of its servers' clocks on top.
      const at = version === 0 ? -Infinity : version + tier.maxClockSkewMs * 1000;
      said.set(tag, at);
      if (forgotten === this.#forgotten) this.#remember(tag, at);
    }
    // What was forgotten meanwhile was cleared anew.
    return ({ tags: own, loadedAt }) => ['', ...own].some((tag) => (said.get(tag) ?? this.#at(tag) ?? Infinity) >= loadedAt);
  }

  /** Forgets when these tags were cleared, since they were again. */
  forget(tags: readonly string[]): void {
    this.#forgotten += 1;
    if (tags.includes('')) this.#ofAll = undefined;
    for (const tag of tags) this.#known.delete(tag);
  }

  /** Forgets when any tag was cleared. */
  forgetAll(): void {
    this.#forgotten += 1;
    this.#ofAll = undefined;
    this.#known.clear();
  }

  #at(tag: string): number | undefined {
    // Being cleared just now: the tier may not know yet.
    if (!this.#space.isTagSettled(tag)) return Infinity;
    return tag === '' ? this.#ofAll : this.#known.get(tag);
  }

  #remember(tag: string, at: number): void {
    if (tag === '') this.#ofAll = at;
    else this.#known.set(tag, at);
  }
}
