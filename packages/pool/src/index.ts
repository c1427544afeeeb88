export { PoolError, type PoolErrorCode } from './errors.ts';
export { ObjectPool, type ObjectPoolOptions, type ObjectPoolUsage } from './object-pool.ts';
export { BufferPool, type BufferClassUsage, type BufferPoolOptions, type BufferPoolUsage } from './buffer-pool/buffer-pool.ts';
export { ResourcePool } from './resource-pool/resource-pool.ts';
export type { PoolSize, ResourcePoolUsage } from './resource-pool/usage.ts';
export type { AcquireOptions, HealthOptions, LeakOptions, ResourcePoolOptions } from './resource-pool/options.ts';
export type { AcquireFailure, DestroyReason, Leak, ResourcePoolListener } from './resource-pool/listener.ts';
export { monotonicClock, processTimers, type Clock, type Timer, type Timers } from './resource-pool/time.ts';
