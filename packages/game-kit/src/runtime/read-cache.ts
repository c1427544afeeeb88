import { LoadingCache, MemoryCache } from '@midgard/cache';
import type { JsonValue } from '@midgard/errors';
import type { Clock } from '../clock.ts';
import type { Operation } from '../operation.ts';

/** How the answers about one entity are kept. */
export interface CachePolicy {
  /** Most milliseconds that an answer lives. */
  readonly ttlMs?: number;
  /** Most answers of one operation. */
  readonly maxEntries?: number;
}

/** By entity; `false` keeps nothing of it. */
export type CachePolicies = { readonly [entity: string]: CachePolicy | false };

const MINUTE_MS = 60_000;
const DEFAULT_TTL_MS = 3 * MINUTE_MS;
const DEFAULT_ENTRIES = 20_000;
/** A tenth of each life at random, so that what was loaded together does not expire together. */
const TTL_JITTER = 0.1;

/** How long answers live unless told: product.md 4.3. */
const standardTtlMs: ReadonlyMap<string, number> = new Map([
  ['player', 10 * MINUTE_MS],
  ['character', 5 * MINUTE_MS],
  ['item', 3 * MINUTE_MS],
  ['wallet', 3 * MINUTE_MS],
]);

/** The answers of cached reads, by operation and key; what a commit changed falls for every operation on that entity. */
export class ReadCache {
  readonly #byOperation = new Map<Operation, LoadingCache<JsonValue>>();
  readonly #byEntity = new Map<string, LoadingCache<JsonValue>[]>();

  /**
   * @param operations those with a cache rule get a cache
   * @param policies differences from the standard
   */
  constructor(operations: readonly Operation[], policies: CachePolicies, clock: Clock) {
    for (const operation of operations) {
      const entity = operation.cache?.entity;
      const policy = entity === undefined ? false : (policies[entity] ?? {});
      if (entity === undefined || policy === false) continue;
      const { ttlMs = standardTtlMs.get(entity) ?? DEFAULT_TTL_MS, maxEntries = DEFAULT_ENTRIES } = policy;
      const cache = new LoadingCache<JsonValue>({ cache: new MemoryCache({ maxEntries, ttlMs, ttlJitter: TTL_JITTER, clock }) });
      this.#byOperation.set(operation, cache);
      this.#byEntity.set(entity, [...(this.#byEntity.get(entity) ?? []), cache]);
    }
  }

  /** @returns undefined where answers of this operation are not kept */
  of(operation: Operation): LoadingCache<JsonValue> | undefined {
    return this.#byOperation.get(operation);
  }

  /** Drops what was written; call it after the commit and before anybody hears of it. */
  drop(changes: readonly { readonly entity: string; readonly cacheKey: string }[]): void {
    for (const { entity, cacheKey } of changes) {
      for (const cache of this.#byEntity.get(entity) ?? []) cache.delete(cacheKey);
    }
  }
}
