const range = 2 ** 32;

/**
 * Decides which good requests get a line. All services that see one trace decide alike, so that a sampled trace has all of its lines; without
 * a trace it is chance. Request ids would not do: each connection counts its own from 1.
 *
 * @param rate 0: none, 1: all
 */
export function isSampled(rate: number, traceId: string | undefined, random: () => number): boolean {
  if (rate >= 1) return true;
  if (rate <= 0) return false;
  return (traceId === undefined ? random() : hashOf(traceId) / range) < rate;
}

/** FNV-1a, its bits mixed as MurmurHash3 does at its end; 0 to 2^32 - 1. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
