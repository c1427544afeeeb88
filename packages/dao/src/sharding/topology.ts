import { type HashRing, type MovedRange, findRange, movedRanges } from './hash-ring.ts';
import type { Fence } from './records.ts';
import { type MapDefinition, addedShard, ringOf } from './shard-map.ts';

/** A map in the making: every shard of the map before gives ranges to the added one. */
export interface PendingMap {
  readonly definition: MapDefinition;
  readonly added: string;
  /** What moves, and from whom. */
  readonly ranges: readonly MovedRange[];
}

/** What a {@link Topology} is made of. */
export interface TopologyParts {
  readonly current: MapDefinition;
  readonly previous: MapDefinition | undefined;
  readonly next: MapDefinition | undefined;
  /** By shard id. */
  readonly fences: ReadonlyMap<string, Fence>;
}

/** Which shard has which keys, as far as this process knows; a shard's own {@link Fence} is the truth that it is held against. */
export class Topology {
  readonly current: MapDefinition;
  /** The map before the current one, where there was one. */
  readonly previous: MapDefinition | undefined;
  /** Undefined unless some of its ranges are still to move. */
  readonly pending: PendingMap | undefined;
  readonly #ring: HashRing;
  readonly #fences: ReadonlyMap<string, Fence>;

  constructor({ current, previous, next, fences }: TopologyParts) {
    this.current = current;
    this.previous = previous;
    this.#ring = ringOf(current);
    this.#fences = fences;
    this.pending = next && { definition: next, added: addedShard(current, next), ranges: movedRanges(this.#ring, ringOf(next)) };
  }

  /** @returns the shard that owns a key now; O(log points) */
  shardOf(hash: bigint): string {
    const range = this.#movedRange(hash);
    if (range === undefined) return this.#ring.locate(hash);
    return this.#isCutOver(range.from) ? range.to : range.from;
  }

  /** Shards that own keys now. */
  get members(): readonly string[] {
    const ids = this.current.shards.map(({ id }) => id);
    return this.pending !== undefined && this.#isAnyCutOver() ? [...ids, this.pending.added] : ids;
  }

  /** Whether some members hold rows that they do not own: those that came too early, and those that were left behind. */
  get isMixed(): boolean {
    return this.#isAnyCutOver() || this.members.some((id) => this.#fences.get(id)?.phase === 'cleaning');
  }

  /** @returns whether a key is to go to another shard, so that changes of its rows are noted */
  isMoving(shardId: string, hash: bigint): boolean {
    return this.#fences.get(shardId)?.phase === 'moving' && this.#movedRange(hash)?.from === shardId;
  }

  /** @returns whether a shard says of itself what this topology was made of */
  fits(shardId: string, fence: Fence | undefined): boolean {
    const known = this.#fences.get(shardId);
    return known !== undefined && fence?.mapVersion === known.mapVersion && fence.nextVersion === known.nextVersion && fence.phase === known.phase;
  }

  #movedRange(hash: bigint): MovedRange | undefined {
    return this.pending && findRange(this.pending.ranges, hash);
  }

  #isCutOver(shardId: string): boolean {
    return this.pending !== undefined && this.#fences.get(shardId)?.mapVersion === this.pending.definition.version;
  }

  #isAnyCutOver(): boolean {
    return this.current.shards.some(({ id }) => this.#isCutOver(id));
  }
}
