import { TieredCache } from '@midgard/cache';
import type { CachedQuery, QueryCache } from '@midgard/dao';

/**
 * Keeps answers of a database's queries that say how old an answer they take (`maxAgeMs`), in this process alone: a write of another
 * process is seen when that time is over, as the caller allows.
 *
 * @param maxEntries most answers, at least 1
 */
export function queryCache(maxEntries: number): QueryCache {
  const answers = new TieredCache<unknown>({ space: 'queries', memory: { maxEntries } });
  function answer<T>(query: CachedQuery, ask: () => Promise<T>): Promise<T>;
  function answer({ entity, key, maxAgeMs }: CachedQuery, ask: () => Promise<unknown>): Promise<unknown> {
    // One who takes an answer of an hour ago must not make it last for one who takes none above a second.
    return answers.getOrLoad(`${maxAgeMs}:${key}`, ask, { ttlMs: maxAgeMs, memoryTtlMs: maxAgeMs, tags: [entity] });
  }
  return {
    answer,
    written: (changes) => void answers.deleteTags(...new Set(changes.map(({ entity }) => entity))),
  };
}
