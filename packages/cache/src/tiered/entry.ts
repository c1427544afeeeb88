import type { CachePolicy } from './cache-policy.ts';
import { staleMs } from './cache-policy.ts';

/** What may differ for one entry; what is left out comes from the policy. */
export interface EntryOptions {
  /** Milliseconds that it is fresh, above 0; at most the policy's `maxTtlMs`. */
  readonly ttlMs?: number;
  /** Milliseconds that memory gives it out before the shared tier is asked; 0: it asks each time, and keeps it for when loading fails. */
  readonly memoryTtlMs?: number;
  /** By which it can be dropped together with others, by `deleteTags`; none is empty. */
  readonly tags?: readonly string[];
  /** `false`: given to who waits for it, and not kept. */
  readonly isKept?: boolean;
  /** `false`: kept in this process alone; other instances load for themselves. */
  readonly isShared?: boolean;
}

/** A value and its times, as tiers share it. Times are epoch milliseconds unless they say otherwise. */
export interface Entry<V> {
  readonly value: V;
  /** Of the shared tier; 0 where it was not stored there. */
  readonly version: number;
  /** When its load began, in microseconds by the tier's clock, or infinite: when it was stored. What was cleared after that has cleared it, too. */
  readonly loadedAt: number;
  readonly freshUntil: number;
  /** From here on it has no use, not even a stale one. */
  readonly endsAt: number;
  /** Milliseconds. */
  readonly memoryTtlMs: number;
  readonly tags: readonly string[];
}

/** An entry in memory. */
export interface HeldEntry<V> extends Entry<V> {
  version: number;
  /** Until then it is given out without asking anybody. */
  readonly checkAt: number;
  /** From then on it may be loaded anew ahead of its time. */
  refreshAt: number;
  /** Whose words it was kept in step with: see `distrust`. */
  readonly epoch: number;
}

/** No tags, once for all. */
export const noTags: readonly string[] = [];

/** @param random 0 (included) to 1 (excluded) */
export function newEntry<V>(
  value: V,
  { policy, options, now, loadedAt, random }: { policy: CachePolicy; options: EntryOptions; now: number; loadedAt: number; random: number },
): Entry<V> {
  const isNegative = value === undefined || value === null;
  const asked = Math.min(options.ttlMs ?? (isNegative ? Math.min(policy.negativeTtlMs, policy.ttlMs) : policy.ttlMs), policy.maxTtlMs);
  // Only ever shortened: the time that was asked for is a promise.
  const ttlMs = asked * (1 - policy.ttlJitter * random);
  const freshUntil = now + ttlMs;
  return {
    value,
    version: 0,
    loadedAt,
    freshUntil,
    endsAt: isNegative ? freshUntil : freshUntil + staleMs(policy),
    memoryTtlMs: options.memoryTtlMs ?? policy.memoryTtlMs,
    tags: options.tags ?? noTags,
  };
}

/** Whether it is to be kept at all. */
export function isKept<V>({ freshUntil }: Entry<V>, { isKept: wanted = true }: EntryOptions, now: number): boolean {
  return wanted && freshUntil > now;
}
