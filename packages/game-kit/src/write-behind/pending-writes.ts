import { changeName, type RowChange } from '@midgard/dao';
import type { DeferredWrite } from './log-entry.ts';

/** A write that is in the log and not yet in the database. */
export interface PendingWrite {
  readonly sequence: number;
  /** Undefined where the game cannot read it any more. */
  readonly write: DeferredWrite | undefined;
  /** As it stands in the log. */
  readonly payload: Uint8Array;
}

/** What the cache and the order of writes hang on: the things that a write changes, each once. */
export function changedThings({ changes }: DeferredWrite): RowChange[] {
  const things = new Map<string, RowChange>();
  for (const { entity, row } of changes) {
    for (const column of entity.cacheBy) {
      const thing = { entity: entity.name, column, cacheKey: String(row[column]) };
      things.set(changeName(thing), thing);
    }
  }
  return [...things.values()];
}

/** The writes between log and database, in the order of the log, found by what they change and by their idempotency keys. */
export class PendingWrites {
  readonly #queue: PendingWrite[] = [];
  readonly #lastByThing = new Map<string, number>();
  readonly #byKey = new Map<string, DeferredWrite>();

  /** How many wait. */
  get size(): number {
    return this.#queue.length;
  }

  /** Epoch milliseconds at which the oldest was acknowledged; undefined where none waits. */
  get oldestAt(): number | undefined {
    return this.#queue[0]?.write?.acceptedAt;
  }

  /** Sequence of the newest; undefined where none waits. */
  get newestSequence(): number | undefined {
    return this.#queue.at(-1)?.sequence;
  }

  /** Adds the newest. O(changes). */
  add(pending: PendingWrite): void {
    this.#queue.push(pending);
    const { write, sequence } = pending;
    if (write === undefined) return;
    for (const { entity, cacheKey } of changedThings(write)) this.#lastByThing.set(thingName(entity, cacheKey), sequence);
    if (write.keyed !== undefined) this.#byKey.set(write.keyed.key, write);
  }

  /** @returns the oldest ones, which stay until they are removed */
  oldest(count: number): readonly PendingWrite[] {
    return this.#queue.slice(0, count);
  }

  /**
   * Forgets the oldest ones. O(size).
   *
   * @returns sequence of the newest that was forgotten; undefined where there was none
   */
  removeOldest(count: number): number | undefined {
    const removed = this.#queue.splice(0, count);
    for (const { write, sequence } of removed) {
      if (write === undefined) continue;
      for (const { entity, cacheKey } of changedThings(write)) {
        const name = thingName(entity, cacheKey);
        if (this.#lastByThing.get(name) === sequence) this.#lastByThing.delete(name);
      }
      if (write.keyed !== undefined) this.#byKey.delete(write.keyed.key);
    }
    return removed.at(-1)?.sequence;
  }

  /** @returns sequence of the newest write that changes this thing, undefined where none waits. O(1). */
  lastOf(entity: string, cacheKey: string): number | undefined {
    return this.#lastByThing.get(thingName(entity, cacheKey));
  }

  /** @returns the write that came with this idempotency key. O(1). */
  byKey(key: string): DeferredWrite | undefined {
    return this.#byKey.get(key);
  }
}

/** Two columns with the same value are one name: whoever asks for one waits for the other too, which does no harm. */
function thingName(entity: string, cacheKey: string): string {
  return `${entity}:${cacheKey}`;
}
