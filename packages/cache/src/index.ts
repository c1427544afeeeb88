export { CacheError, type CacheErrorCode } from './errors.ts';
export type { Clock } from './clock.ts';
export { MemoryCache, type CacheStats, type EvictionReason, type MemoryCacheOptions, type SetOptions } from './memory-cache.ts';
export { LoadingCache, type LoadingListener } from './loading-cache.ts';
export type { PolicyName } from './policies/index.ts';
export type { Policy, PolicyFactory, PolicyNode } from './policies/policy.ts';
export { MemoryTier, type MemoryTierOptions } from './tier/memory-tier.ts';
export type { LeaseAnswer, LeasedValue, LeaseRequest, NewestValue, Tier, TierRecord } from './tier/tier.ts';
export type { BusListener, InvalidationBus } from './bus/bus.ts';
