import type { Coherence } from '@midgard/cache';
import type { Database } from '@midgard/dao';
import type { Readiness } from '@midgard/server';
import type { CacheWarmUp } from './cache/cache-warm-up.ts';

/**
 * Asks every database for a sign of life; the service is ready when all of them answer. A Redis that is away is told of, and no more: reads
 * and writes go on without it, and instances that are taken out for its sake would leave nobody.
 */
export async function checkHealth(
  databases: ReadonlyMap<string, Pick<Database, 'ping'>>,
  cache: Pick<Coherence, 'state'>,
  warmUp: Pick<CacheWarmUp, 'isReady'>,
): Promise<Readiness> {
  const checks = await Promise.all([...databases].map(async ([name, database]) => [name, await answers(database)] as const));
  return {
    isReady: warmUp.isReady && checks.every(([, isAnswering]) => isAnswering),
    checks: {
      ...Object.fromEntries(checks.map(([name, isAnswering]) => [name, isAnswering ? 'ok' : 'unavailable'])),
      ...(warmUp.isReady ? {} : { cache: 'warming up' }),
      ...(cache.state === 'alone' ? {} : { redis: cache.state === 'joined' ? 'ok' : 'away' }),
    },
  };
}

function answers(database: Pick<Database, 'ping'>): Promise<boolean> {
  return database.ping().then(
    () => true,
    () => false,
  );
}
