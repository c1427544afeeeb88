import type { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { SharedBudget } from '../shared-budget.ts';
import { type Rate, requireRate } from '../token-bucket.ts';

/** Set-up of {@link redisBudget}. */
export interface RedisBudgetOptions {
  /** Its `enableOfflineQueue` should be off and its commands bounded in time: a limit does not wait for a server that is away. */
  readonly client: Redis | Cluster;
  /** What is limited, such as `login`: part of the keys, so that one server holds many budgets. */
  readonly name: string;
  /** Of each key. Redis counts in windows: as long as the burst takes to come back, in whole seconds. */
  readonly rate: Rate;
  /** Begins each key. Default `limits`. */
  readonly prefix?: string;
}

/**
 * A budget that all instances on a Redis share: counted in fixed windows, so that around the turn of two a key may have twice its burst.
 *
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: `perSecond` is not above 0, or `burst` is under 1
 */
export function redisBudget({ client, name, rate, prefix = 'limits' }: RedisBudgetOptions): SharedBudget {
  requireRate(rate);
  const windowSeconds = Math.max(1, Math.ceil(rate.burst / rate.perSecond));
  const points = Math.max(1, Math.floor(Math.max(rate.burst, rate.perSecond * windowSeconds)));
  const limiter = new RateLimiterRedis({
    storeClient: client,
    points,
    duration: windowSeconds,
    keyPrefix: `${prefix}:${name}`,
    rejectIfRedisNotReady: true,
  });
  return {
    async take(key, count) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, count);
      return consumedPoints > points ? Math.max(1, msBeforeNext) : 0;
    },
  };
}
