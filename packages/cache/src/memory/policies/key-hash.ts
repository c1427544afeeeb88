import type { CacheKey } from './policy.ts';

/** Most characters that are looked at; of a longer key every second, third … one, so that a key of any length costs the same. */
const mostCharacters = 64;

/**
 * 32 bits that stand for a key. It is for statistics about keys and not for finding them, so that keys with one hash cost a
 * share of a hit rate and nothing else. (V8 keeps a hash of each string, but shows it to nobody.)
 */
export function hashOf(key: CacheKey): number {
  if (typeof key === 'number') return mixed(key | 0);
  const step = 1 + Math.trunc(key.length / mostCharacters);
  let hash = key.length;
  for (let i = key.length - 1; i >= 0; i -= step) hash = Math.imul(hash ^ key.charCodeAt(i), 0x9e37_79b1);
  return mixed(hash);
}

/** Every bit of the result depends on every bit given: the finish of MurmurHash3 (Appleby, 2011). */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
