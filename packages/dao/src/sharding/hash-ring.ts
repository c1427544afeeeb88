import { createHash } from 'node:crypto';

/** A shard's part in a ring: its points are `weight` times as many as those of a shard of weight 1. */
export interface RingShard {
  readonly id: string;
  readonly weight: number;
}

/** Hashes from `first` to `last`, both included, that belong to one shard in one ring and to another in the next. */
export interface MovedRange {
  readonly first: bigint;
  readonly last: bigint;
  readonly from: string;
  readonly to: string;
}

/** The greatest hash. */
export const maxHash: bigint = 2n ** 64n - 1n;

/**
 * The place of a shard key on the ring: the first 8 bytes of the SHA-256 of its text, as an unsigned 64-bit number.
 * It must never change: rows lie where it says.
 */
export function hashKey(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigUInt64BE(0);
}

interface Point {
  readonly hash: bigint;
  readonly owner: string;
}

/**
 * Consistent hashing with virtual nodes (Karger and others, 1997): each shard has many points on a circle of 64-bit hashes, and a
 * key belongs to the shard of the first point at or behind its hash. A shard that joins takes its arcs from the others, and nothing
 * moves between those.
 */
export class HashRing {
  /** Ascending. */
  readonly #hashes: BigUint64Array;
  readonly #owners: readonly string[];

  /**
   * @param shards at least one, with different ids
   * @param virtualNodes points of a shard of weight 1; the more, the more even: 256 keep the shards within some 20 % of each other
   */
  constructor(shards: readonly RingShard[], virtualNodes: number) {
    const points = shards.flatMap((shard) => pointsOf(shard, virtualNodes)).sort(byHash);
    this.#hashes = BigUint64Array.from(points, ({ hash }) => hash);
    this.#owners = points.map(({ owner }) => owner);
  }

  /** @returns the shard that a hash belongs to; O(log points) */
  locate(hash: bigint): string {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] ?? 0n) < hash) low = middle + 1;
      else high = middle;
    }
    // Behind the last point the circle begins anew.
    return this.#owners[low] ?? this.#owners[0] ?? '';
  }

  /** The hashes at which an arc ends, ascending. */
  get boundaries(): readonly bigint[] {
    return [...this.#hashes];
  }
}

function pointsOf({ id, weight }: RingShard, virtualNodes: number): readonly Point[] {
  return Array.from({ length: weight * virtualNodes }, (_, index) => ({ hash: hashKey(`${id}#${index}`), owner: id }));
}

/** Two shards with a point at the same hash: the first by name has it, wherever it stands in the map. */
function byHash(a: Point, b: Point): number {
  if (a.hash !== b.hash) return a.hash < b.hash ? -1 : 1;
  return a.owner < b.owner ? -1 : 1;
}

/** @returns what belongs to another shard in `to` than in `from`, ascending, neighbours joined; O(points · log points) */
export function movedRanges(from: HashRing, to: HashRing): readonly MovedRange[] {
  const ends = [...new Set([...from.boundaries, ...to.boundaries, maxHash])].sort((a, b) => (a < b ? -1 : 1));
  const moved: MovedRange[] = [];
  let first = 0n;
  for (const last of ends) {
    const range = { first, last, from: from.locate(last), to: to.locate(last) };
    first = last + 1n;
    if (range.from === range.to) continue;
    const before = moved.at(-1);
    if (before !== undefined && before.last + 1n === range.first && before.from === range.from && before.to === range.to)
      moved[moved.length - 1] = { ...before, last };
    else moved.push(range);
  }
  return moved;
}

/** @returns the range that a hash lies in, of ranges as {@link movedRanges} gives them; O(log n) */
export function findRange(ranges: readonly MovedRange[], hash: bigint): MovedRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.last ?? 0n) < hash) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.first <= hash ? range : undefined;
}
