import type { AnswerSource, TieredCacheListener, TieredStats } from '@midgard/cache';
import type { CounterHandle, Registry } from '@midgard/metrics';
import { currentRequest } from '@midgard/server';
import { recordedSpan } from '../tracing/recorded-span.ts';

/** From a row by its key to a report. */
const loadBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** From a Redis on the same machine to one that is about to be given up. */
const tierBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5];
const ofEntity = ['game', 'entity'] as const;

/**
 * Counts what the caches of games do.
 *
 * @returns what makes the listener of one entity's cache
 */
export function cacheMetrics(registry: Registry): (game: string, entity: string) => TieredCacheListener {
  const counter = (name: string, help: string) => registry.counter({ name: `midgard_cache_${name}_total`, help, labels: ofEntity });
  const answers = registry.counter({
    name: 'midgard_cache_answers_total',
    help: 'Cached reads by where their answer came from',
    labels: [...ofEntity, 'source'],
  });
  const loads = registry.histogram({
    name: 'midgard_cache_load_seconds',
    help: 'Time of a load that cached reads waited for',
    labels: ofEntity,
    buckets: loadBuckets,
  });
  const tier = registry.histogram({
    name: 'midgard_cache_tier_seconds',
    help: 'Time of a question to the shared tier',
    labels: ofEntity,
    buckets: tierBuckets,
  });
  const failures = counter('load_failures', 'Loads that failed');
  const outdated = counter('outdated', 'Loads that were not kept, since a write came between');
  const tierFailures = counter('tier_failures', 'Questions to the shared tier that failed and were got round');
  const unreadable = counter('unreadable', 'Values in the shared tier that this version cannot read');
  return (game, entity) => {
    const labels = { game, entity };
    const tierAttributes = { 'db.system.name': 'redis', 'midgard.game': game, 'midgard.entity': entity };
    const of = (source: AnswerSource): CounterHandle => answers.labels({ ...labels, source });
    const bySource = { memory: of('memory'), shared: of('shared'), loader: of('loader'), stale: of('stale') };
    const seconds = loads.labels(labels);
    const failed = failures.labels(labels);
    const notKept = outdated.labels(labels);
    const tierFailed = tierFailures.labels(labels);
    const foreign = unreadable.labels(labels);
    const asked = tier.labels(labels);
    return {
      tierAsked: (ms) => {
        asked.observe(ms / 1000);
        currentRequest()?.add('cache', ms);
        recordedSpan()?.note({ name: `cache ${entity}`, kind: 'client', durationMs: ms, attributes: tierAttributes });
      },
      answered: (_key, source) => source !== undefined && bySource[source].add(),
      answeredFromGrip: (count) => bySource.memory.add(count),
      loaded: (_keys, ms, error) => {
        seconds.observe(ms / 1000);
        if (error !== undefined) failed.add();
      },
      outdated: () => notKept.add(),
      tierFailed: () => tierFailed.add(),
      unreadable: () => foreign.add(),
    };
  };
}

/** What a game keeps in memory, by entity. */
export type MemoryFigures = ReadonlyMap<string, { stats(): TieredStats }>;

/** Shows with each reading of the metrics what these caches hold in memory. */
export function watchMemoryTier(registry: Registry, games: ReadonlyMap<string, MemoryFigures>): void {
  const entries = registry.gauge({ name: 'midgard_cache_entries', help: 'Answers in memory', labels: ofEntity });
  const bytes = registry.gauge({ name: 'midgard_cache_bytes', help: 'What they are counted as, about their size', labels: ofEntity });
  const evictions = registry.counter({
    name: 'midgard_cache_evictions_total',
    help: 'Answers that left memory for want of room or of time',
    labels: ofEntity,
  });
  registry.onCollect(() => {
    for (const [game, caches] of games) {
      for (const [entity, cache] of caches) {
        const stats = cache.stats();
        entries.labels({ game, entity }).set(stats.entries);
        bytes.labels({ game, entity }).set(stats.bytes);
        evictions.labels({ game, entity }).riseTo(stats.evictions);
      }
    }
  });
}
