import { RedisTier } from '@midgard/cache/redis';
import type { CacheConfig } from '../../cache/cache-schema.ts';
import { shownUrl } from '../../database/database-options.ts';

/** The Redis of the cache, as the doctor found it. */
export interface RedisReport {
  /** Without user and password. */
  readonly shownUrl: string;
  /** Null: it does not answer. */
  readonly answersInMs: number | null;
  /** Why not; null where it answers. */
  readonly trouble: string | null;
}

/** @returns undefined where the configuration names none */
export async function examineRedis({ redis: { url, prefix, timeoutMs } }: Pick<CacheConfig, 'redis'>): Promise<RedisReport | undefined> {
  if (url === undefined) return undefined;
  const shown = shownUrl(url);
  let tier: RedisTier | undefined;
  try {
    tier = await RedisTier.open({ url, prefix, timeoutMs });
    const since = performance.now();
    await tier.versions(['doctor']);
    return { shownUrl: shown, answersInMs: performance.now() - since, trouble: null };
  } catch (error) {
    return { shownUrl: shown, answersInMs: null, trouble: error instanceof Error ? error.message : String(error) };
  } finally {
    await tier?.close();
  }
}

/** A report for people. */
export function linesOfRedis({ shownUrl: shown, answersInMs, trouble }: RedisReport): readonly string[] {
  if (answersInMs !== null) return [`✓ cache  ${shown}`, `    Redis answers in ${answersInMs.toFixed(1)} ms`];
  return [`! cache  ${shown}  ${trouble}; services go on without it, each with its own memory`];
}
