import type { Spread } from '../mixes.ts';

/** YCSB's. */
const zipfExponent = 0.99;

/**
 * Chooses among so many, again and again. O(log count) a choice for `zipf`, O(1) for `uniform`.
 *
 * @param random from 0 to below 1
 * @returns gives an index from 0 to below `count`
 */
export function picker(count: number, spread: Spread, random: () => number): () => number {
  if (spread === 'uniform') return () => Math.floor(random() * count);
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) upTo[rank] = sum += 1 / (rank + 1) ** zipfExponent;
  return () => firstAbove(upTo, random() * sum);
}

/** @returns index of the first that is above, or of the last */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
