export { redisBudget, type RedisBudgetOptions } from './redis-budget.ts';
export { redisNonces, type RedisNoncesOptions } from './redis-nonces.ts';
