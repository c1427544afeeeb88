import type { NonceStore, Rate, SharedBudget, SharedRateLimiterOptions } from '@midgard/auth';
import { redisBudget, redisNonces } from '@midgard/auth/redis';
import { CacheError } from '@midgard/cache';
import { redisClient } from '@midgard/cache/redis';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';

/** What limits and nonces are kept in together. */
export interface SharedLimits extends Disposable {
  readonly nonces: NonceStore;
  readonly events: Required<Pick<SharedRateLimiterOptions, 'onAway' | 'onBack'>>;
  budget(name: string, rate: Rate): SharedBudget;
}

/**
 * @returns undefined where there is no Redis, or limits are not to be shared
 * @throws {SetupError} `ERR_SETUP_CACHE`: the library refuses the URL
 */
export function openSharedLimits(
  { limits: { shared, whenAway }, cache }: Pick<Config, 'limits' | 'cache'>,
  { registry, log }: { readonly registry: Registry; readonly log: Logger },
): SharedLimits | undefined {
  const { url, prefix, timeoutMs } = cache.redis;
  if (url === undefined || !shared) return undefined;
  const client = clientOf(url, timeoutMs);
  const isShared = registry.gauge({ name: 'midgard_limits_shared', help: '1 while limits count for all instances together', labels: [] }).labels({});
  registry.onCollect(() => isShared.set(Number(client.status === 'ready')));
  // Every limit notices by itself, and one word is enough.
  let isAway = false;
  const say = (away: boolean): void => {
    if (away === isAway) return;
    isAway = away;
    if (away) log.warn({ whenAway }, 'Redis cannot be reached: limits are not shared');
    else log.info({}, 'limits are shared again');
  };
  return {
    nonces: redisNonces({ client, prefix: `${prefix}:nonces`, whenAway }),
    events: { onAway: () => say(true), onBack: () => say(false) },
    budget: (name, rate) => redisBudget({ client, name, rate, prefix: `${prefix}:limits` }),
    [Symbol.dispose]: () => client.disconnect(),
  };
}

function clientOf(url: string, timeoutMs: number): ReturnType<typeof redisClient> {
  try {
    return redisClient({ url, timeoutMs });
  } catch (error) {
    if (error instanceof CacheError && error.code === 'ERR_CACHE_OPTIONS') throw new SetupError('ERR_SETUP_CACHE', `cache.redis: ${error.message}`);
    throw error;
  }
}
