import { type BreakerState, type BreakerTier, CacheError, Coherence, type CoherenceListener, type InvalidationBus, withBreaker } from '@midgard/cache';
import { RedisBus, RedisTier } from '@midgard/cache/redis';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import { SetupError } from '../setup-error.ts';
import type { CacheConfig } from './cache-schema.ts';

/** Changes when answers are kept in another form: what an older release wrote is then not read. */
const schema = 1;

interface SharedMetrics {
  readonly listener: CoherenceListener;
  breakerChanged(state: BreakerState): void;
  /** Shows how it stands, with each reading of the metrics. */
  watch(coherence: Coherence): void;
}

/** What the shared cache works with. */
export interface SharedCacheParts {
  readonly registry: Registry;
  readonly log: Logger;
  /** Writes of other instances may have been missed, and are heard again. */
  readonly missed: () => void;
  /** To the other workers of this service; undefined: there are none. Redis tells them, too. */
  readonly workers?: InvalidationBus | undefined;
}

/** What the instances or workers share, and how to leave it alone for a while. */
export interface SharedCache extends AsyncDisposable {
  readonly coherence: Coherence;
  /** In front of the tier; undefined where nothing is shared. */
  readonly breaker: BreakerTier | undefined;
}

/**
 * What the instances of the service share: with `cache.redis.url` a tier and a bus on Redis, else what its workers tell each other. It starts whether or not Redis
 * can be reached.
 *
 * @throws {SetupError} `ERR_SETUP_CACHE`: the library refuses the URL
 */
export async function openSharedCache(
  { redis: { url, prefix, timeoutMs }, awayTtlMs }: CacheConfig,
  { registry, log, missed, workers }: SharedCacheParts,
): Promise<SharedCache> {
  if (url === undefined && workers === undefined) return sharedCache(new Coherence({ awayTtlMs }), undefined);
  const metrics = sharedMetrics(registry, log);
  const redis = url === undefined ? undefined : await openRedis({ url, prefix, timeoutMs });
  const breaker = redis === undefined ? undefined : withBreaker(redis.tier, { onChange: (state) => metrics.breakerChanged(state) });
  const bus = redis?.bus ?? workers;
  const coherence = new Coherence({
    ...(breaker !== undefined && { tier: breaker }),
    ...(bus !== undefined && { bus }),
    awayTtlMs,
    listener: {
      ...metrics.listener,
      distrusted: () => {
        metrics.listener.distrusted?.();
        if (coherence.state !== 'away') missed();
      },
    },
  });
  metrics.watch(coherence);
  await coherence.start();
  return sharedCache(coherence, breaker);
}

function sharedCache(coherence: Coherence, breaker: BreakerTier | undefined): SharedCache {
  return { coherence, breaker, [Symbol.asyncDispose]: () => coherence.close() };
}

/** @throws {SetupError} `ERR_SETUP_CACHE`: options that the library refuses; its messages repeat no URL */
async function openRedis(options: { readonly url: string; readonly prefix: string; readonly timeoutMs: number }): Promise<{ tier: RedisTier; bus: RedisBus }> {
  try {
    const bus = new RedisBus(options);
    return { tier: await RedisTier.open({ ...options, schema }), bus };
  } catch (error) {
    if (error instanceof CacheError && error.code === 'ERR_CACHE_OPTIONS') throw new SetupError('ERR_SETUP_CACHE', `cache.redis: ${error.message}`);
    throw error;
  }
}

function sharedMetrics(registry: Registry, log: Logger): SharedMetrics {
  const lost = registry.counter({
    name: 'midgard_cache_bus_lost_total',
    help: 'Times when words of other instances were or may have been missed',
    labels: ['cause'],
  });
  const distrusted = registry
    .counter({ name: 'midgard_cache_distrusted_total', help: 'Times when everything in memory was asked for anew', labels: [] })
    .labels({});
  const failed = registry.counter({ name: 'midgard_cache_invalidation_failures_total', help: 'Invalidations that are tried again', labels: [] }).labels({});
  const joined = registry.gauge({ name: 'midgard_cache_joined', help: '1 while every word of other instances is heard', labels: [] }).labels({});
  const waiting = registry
    .gauge({ name: 'midgard_cache_invalidations_waiting', help: 'Names that Redis or other instances are still to be told of', labels: [] })
    .labels({});
  return {
    listener: {
      lost(cause) {
        lost.labels({ cause }).add();
        if (cause === 'away') log.warn({}, 'other instances cannot be heard: cached reads live shortly');
      },
      joined: () => log.info({}, 'other instances are heard'),
      distrusted: () => distrusted.add(),
      invalidationFailed: () => failed.add(),
    },
    breakerChanged(state) {
      if (state === 'open') log.warn({}, 'Redis does not answer and is not asked for a while');
      else if (state === 'closed') log.info({}, 'Redis answers again');
    },
    watch: (coherence) =>
      registry.onCollect(() => {
        joined.set(Number(coherence.state === 'joined'));
        waiting.set(coherence.waiting);
      }),
  };
}
