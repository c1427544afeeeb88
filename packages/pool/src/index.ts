export { PoolError, type PoolErrorCode } from './errors.ts';
export { ObjectPool, type ObjectPoolOptions, type ObjectPoolUsage } from './object-pool.ts';
export { BufferPool, type BufferPoolOptions, type BufferPoolUsage } from './buffer-pool.ts';
