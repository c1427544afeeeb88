import { CacheError } from '../errors.ts';

/** How long entries of one kind live, and what their loads are given. Times are milliseconds. */
export interface CachePolicy {
  /** How long a value is fresh after it was loaded, above 0 (default 1 h); in the shared tier it lives as long, and longer where stale values have a use. */
  readonly ttlMs: number;
  /**
   * The longest `ttlMs` that an entry may be given, raised to the policy's where that is above it (default 24 h): so long the shared tier
   * remembers that a tag was cleared.
   */
  readonly maxTtlMs: number;
  /** How long memory gives it out before it asks the shared tier again, above 0 (default 10 min); never longer than it is fresh. */
  readonly memoryTtlMs: number;
  /** How long `undefined` and `null` are believed, 0 or more (default 10 s); 0 keeps none. */
  readonly negativeTtlMs: number;
  /** 0 to 1 (default 0.1): by what share each life is shortened at most, at random, so that what was loaded together does not end together. */
  readonly ttlJitter: number;
  /** For how long after its time a value is still given out at once while it is loaded anew, 0 or more (default 0). */
  readonly staleWhileRevalidateMs: number;
  /** For how long after its time a value is given out where loading fails, or takes longer than `softTimeoutMs`; 0 or more (default 0). */
  readonly staleIfErrorMs: number;
  /** How long after a failed load a stale value is given out before the next try, above 0 (default 1 s). */
  readonly errorBackoffMs: number;
  /**
   * 0 to 1 (default 1, never): from which part of its life on a value may be loaded anew before its end, while it is given out. Each
   * instance draws its own moment, so one of them loads and the others find the new value in the shared tier.
   */
  readonly refreshAfter: number;
  /** How long a reader waits for a load where there is a stale value to give instead, above 0 (default: to its end). */
  readonly softTimeoutMs: number;
  /** How long a reader waits for another instance that loads the same, before it loads itself, 0 or more (default 2 s): that one may be gone. */
  readonly sharedWaitMs: number;
  /** From how many bytes on an entry is packed for the shared tier, 0 or more (default 4096); `Infinity` packs none. */
  readonly compressAboveBytes: number;
  /** How long a load may take before its readers are refused and its signal aborts, above 0 (default 30 s). */
  readonly hardTimeoutMs: number;
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** What holds where nothing else is said. */
export const defaultPolicy: CachePolicy = {
  ttlMs: 60 * minuteMs,
  maxTtlMs: 24 * 60 * minuteMs,
  memoryTtlMs: 10 * minuteMs,
  negativeTtlMs: 10 * secondMs,
  ttlJitter: 0.1,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  errorBackoffMs: secondMs,
  refreshAfter: 1,
  softTimeoutMs: Infinity,
  sharedWaitMs: 2 * secondMs,
  compressAboveBytes: 4096,
  hardTimeoutMs: 30 * secondMs,
};

/**
 * @returns the policy with its gaps filled from {@link defaultPolicy}; memory keeps no longer than a value is fresh
 * @throws {CacheError} `ERR_CACHE_OPTIONS`: a time or share is out of its range; the message names it
 */
export function completePolicy(given: Partial<CachePolicy>): CachePolicy {
  const policy = { ...defaultPolicy, ...given };
  for (const name of ['ttlMs', 'maxTtlMs', 'memoryTtlMs', 'errorBackoffMs', 'softTimeoutMs', 'hardTimeoutMs'] as const)
    require(policy[name] > 0, `${name} must be above 0`);
  for (const name of ['negativeTtlMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'sharedWaitMs', 'compressAboveBytes'] as const)
    require(policy[name] >= 0, `${name} must be 0 or more`);
  for (const name of ['ttlJitter', 'refreshAfter'] as const) require(policy[name] >= 0 && policy[name] <= 1, `${name} must be 0 to 1`);
  return { ...policy, maxTtlMs: Math.max(policy.ttlMs, policy.maxTtlMs) };
}

function require(isTrue: boolean, problem: string): void {
  if (!isTrue) throw new CacheError('ERR_CACHE_OPTIONS', problem);
}

/** For how long after its time a value may still have a use. */
export function staleMs({ staleWhileRevalidateMs, staleIfErrorMs }: CachePolicy): number {
  return Math.max(staleWhileRevalidateMs, staleIfErrorMs);
}
