export { RedisBus, type RedisBusOptions } from './redis-bus.ts';
export { RedisTier, type RedisTierOptions } from './redis-tier.ts';
export type { RedisOptions } from './redis-options.ts';
export type { RedisAccess } from './redis-address.ts';
export type { RedisListener } from './redis-listener.ts';
export { redisClient, type RedisClientOptions } from './redis-client.ts';
