import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import { policies, type PolicyName } from './policies/index.ts';
import type { CacheKey, PolicyFactory } from './policies/policy.ts';

/** Why an entry left without being asked to. */
export type EvictionReason = 'capacity' | 'expired';

/** What bounds a {@link MemoryCache}: entries, bytes, or both at once. */
export interface EntryBounds {
  /** Most entries, at least 1. */
  readonly maxEntries?: number;
  /** Most bytes, as `sizeOf` counts them, at least 1. */
  readonly maxBytes?: number;
}

/** Set-up of {@link MemoryCache}. At least one of the two bounds is needed. */
export interface MemoryCacheOptions<V, K extends CacheKey = string> extends EntryBounds {
  /** What an entry weighs, 0 or more; needed with `maxBytes`. */
  readonly sizeOf?: (value: V, key: K) => number;
  /** Which entry goes when room is needed; default `adaptive`. Also a policy of your own: check it with `@midgard/cache/testing`. */
  readonly policy?: PolicyName | PolicyFactory;
  /** How long an entry lives unless `set` says otherwise, milliseconds above 0; absent: until it is evicted. */
  readonly ttlMs?: number;
  /** 0 to 1: by how much of its time an entry's life may be shortened at random, so that what was loaded together does not expire together. Default 0. */
  readonly ttlJitter?: number;
  /** Default: the system's, read at most once a millisecond or 64 calls. Give `Date` where a millisecond counts. */
  readonly clock?: Clock;
  /** 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number;
  /** Told of each entry that leaves for want of room or of time. It must not call the cache. */
  readonly onEvict?: (key: K, value: V, reason: EvictionReason) => void;
}

/** What may differ for one entry. */
export interface SetOptions {
  /** Milliseconds above 0; `Infinity`: until it is evicted. */
  readonly ttlMs?: number;
}

/** Counts since the cache was made, and what it holds. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Entries that left for want of room. */
  readonly evictions: number;
  /** Entries that were found to be past their time. */
  readonly expirations: number;
  readonly entries: number;
  readonly bytes: number;
}

/** @throws {CacheError} `ERR_CACHE_OPTIONS`: names the option and what was expected */
export function requireSoundOptions<V, K extends CacheKey>(options: MemoryCacheOptions<V, K>): void {
  const { maxEntries, maxBytes, policy, ttlMs, ttlJitter = 0 } = options;
  requireSoundBounds(options, options.sizeOf !== undefined);
  requireAll([
    [maxEntries === undefined && maxBytes === undefined, 'a cache needs maxEntries or maxBytes'],
    [typeof policy === 'string' && !Object.hasOwn(policies, policy), `there is no policy "${String(policy)}"`],
    [ttlMs !== undefined && !(ttlMs > 0), 'ttlMs must be above 0'],
    [!(ttlJitter >= 0 && ttlJitter <= 1), 'ttlJitter must be 0 to 1'],
  ]);
}

/** @throws {CacheError} `ERR_CACHE_OPTIONS`: names the bound and what was expected */
export function requireSoundBounds({ maxEntries, maxBytes }: EntryBounds, hasSizeOf: boolean): void {
  requireAll([
    [maxEntries !== undefined && !(Number.isInteger(maxEntries) && maxEntries >= 1), 'maxEntries must be a whole number of at least 1'],
    [maxBytes !== undefined && !(maxBytes >= 1), 'maxBytes must be at least 1'],
    [maxBytes !== undefined && !hasSizeOf, 'maxBytes needs sizeOf'],
  ]);
}

function requireAll(problems: readonly (readonly [isWrong: boolean, problem: string])[]): void {
  for (const [isWrong, problem] of problems) if (isWrong) throw new CacheError('ERR_CACHE_OPTIONS', problem);
}
