import type { MemoryCache } from '../memory-cache.ts';
import type { Trace } from './traces.ts';

/** Of the accesses of a trace, how many in a hundred this cache answers; what it misses is stored, by `store`. */
export function hitRateOf(trace: Trace, cache: MemoryCache<number, number>, store: (key: number) => void = (key) => void cache.set(key, 1)): number {
  let hits = 0;
  for (const key of trace) {
    if (cache.get(key) === undefined) store(key);
    else hits += 1;
  }
  return (hits / trace.length) * 100;
}
