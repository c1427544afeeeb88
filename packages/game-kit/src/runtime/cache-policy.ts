import type { CachePolicy as TierPolicy, MemoryBounds } from '@midgard/cache';
import type { JsonValue } from '@midgard/errors';

/** How the answers about one entity are kept: differences from what is standard for it. */
export interface CachePolicy extends Partial<TierPolicy> {
  /** Most answers in this process, of all operations on the entity together; at least 1 (default 20,000). */
  readonly maxEntries?: number;
}

/** By entity; `false` keeps nothing of it. */
export type CachePolicies = { readonly [entity: string]: CachePolicy | false };

/** A policy without gaps. */
export interface CompletePolicy {
  readonly memory: MemoryBounds<JsonValue | undefined>;
  readonly tiers: Partial<TierPolicy>;
}

const MINUTE_MS = 60_000;
const DEFAULT_ENTRIES = 20_000;

/** How long answers live in memory, and in all, unless told: product.md 4.3. */
const standardTimes: ReadonlyMap<string, { readonly memoryTtlMs: number; readonly ttlMs: number }> = new Map([
  ['player', { memoryTtlMs: 10 * MINUTE_MS, ttlMs: 60 * MINUTE_MS }],
  ['character', { memoryTtlMs: 5 * MINUTE_MS, ttlMs: 30 * MINUTE_MS }],
]);
/** As items. */
const otherTimes = { memoryTtlMs: 3 * MINUTE_MS, ttlMs: 15 * MINUTE_MS };

/**
 * @param entity of a cache rule
 * @param policies what the operator says
 * @returns undefined where nothing is to be kept
 */
export function completePolicy(entity: string, policies: CachePolicies): CompletePolicy | undefined {
  const policy = policies[entity] ?? {};
  if (policy === false) return undefined;
  const { maxEntries = DEFAULT_ENTRIES, ...tiers } = policy;
  return { memory: { maxEntries }, tiers: { ...(standardTimes.get(entity) ?? otherTimes), ...tiers } };
}
