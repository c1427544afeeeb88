/** A value as a tier keeps it. */
export interface TierRecord {
  /** Microseconds by the tier's clock when it was stored; of one key each is above the one before. */
  readonly version: number;
  /** As they were stored; not to be changed. */
  readonly bytes: Uint8Array;
}

/**
 * What asking for a lease brings.
 *
 * - `value`: there is one, and it may be used
 * - `leased`: the asker may load, and store under this version; `at` is when it was granted, in microseconds by the tier's clock
 * - `busy`: another asker holds the lease; its value will be there soon, or its lease will end
 */
export type LeaseAnswer =
  | { readonly kind: 'value'; readonly record: TierRecord }
  | { readonly kind: 'leased'; readonly version: number; readonly at: number }
  | { readonly kind: 'busy' };

/** A wish for a lease. */
export interface LeaseRequest {
  readonly key: string;
  /** A value of this version or below is to be replaced: it stays readable until then. Default 0: any value is good. */
  readonly replaces?: number;
}

/** A value that was loaded under a lease. */
export interface LeasedValue {
  readonly key: string;
  /** Of the lease. */
  readonly version: number;
  readonly bytes: Uint8Array;
  /** Milliseconds that it may be kept, at least 1. */
  readonly ttlMs: number;
}

/** A value that is known to be the newest. */
export interface NewestValue {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Milliseconds that it may be kept, at least 1. */
  readonly ttlMs: number;
}

/**
 * A cache that several processes share: bytes by key, with leases that keep a slow load from burying a newer write.
 *
 * For each key a tier holds nothing, a lease, a value (which may be leased for its replacement), or the version at which it was
 * last invalidated. All methods take many keys and cost one round trip for each server that holds some of them; each key by
 * itself is changed atomically. Order that `@midgard/cache/testing` checks for any tier:
 *
 * - a lease is granted to one asker at a time, and ends by `store`, `release`, `invalidate`, `put` or its time;
 * - `store` under a lease that has ended changes nothing;
 * - versions of one key only rise, also over `invalidate`, for as long as a lease of before could still be used.
 *
 * Leases as in Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), §3.2.1.
 * Every method rejects with `ERR_CACHE_TIER` where the tier cannot be reached; whether a change was made is then unknown.
 */
export interface Tier {
  /** Milliseconds by which the clocks of its servers may differ; 0 where it has but one. */
  readonly maxClockSkewMs: number;
  /** @returns one for each key, in order; undefined: no value */
  read(keys: readonly string[]): Promise<readonly (TierRecord | undefined)[]>;
  /** @param leaseMs how long a lease lasts unless it is used or falls before, at least 1 */
  lease(requests: readonly LeaseRequest[], leaseMs: number): Promise<readonly LeaseAnswer[]>;
  /** @returns for each value its version, or undefined where the lease has ended and nothing was stored */
  store(values: readonly LeasedValue[]): Promise<readonly (number | undefined)[]>;
  /** Gives leases back that will not be used; a value that was to be replaced stays. */
  release(leases: readonly { readonly key: string; readonly version: number }[]): Promise<void>;
  /** Stores whatever is there; leases on the keys end. @returns the versions */
  put(values: readonly NewestValue[]): Promise<readonly number[]>;
  /**
   * Drops values and leases, and raises the versions.
   *
   * @param rememberMs for how long {@link versions} tells of it, at least the longest lease (default 60 000)
   * @returns the new versions
   */
  invalidate(keys: readonly string[], rememberMs?: number): Promise<readonly number[]>;
  /**
   * @returns for each key the version that it now has: of its value, also while that is leased for its replacement, else of the lease or
   * the invalidation; 0 where nothing is known of it
   */
  versions(keys: readonly string[]): Promise<readonly number[]>;
  /** Ends its connections. Calls that wait reject. */
  close(): Promise<void>;
}
