import process from 'node:process';
import { getHeapStatistics } from 'node:v8';
import { HealthError } from '../../errors.ts';
import type { Check } from '../component.ts';

/** What a process uses, in bytes. */
export interface MemoryFigures {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** What the heap may grow to. */
  readonly heapLimitBytes: number;
}

/** Set-up of {@link memoryCheck}. */
export interface MemoryOptions {
  /** What the process may keep resident, bytes, such as the limit of its container; default no limit, so that only the heap counts. */
  readonly rssLimitBytes?: number | undefined;
  /** Degraded from this part of a limit on (default 0.85). */
  readonly degradedAt?: number | undefined;
  /** Down from this part of a limit on, at least `degradedAt` (default 0.95). */
  readonly downAt?: number | undefined;
  /** Default: what Node says of this process. */
  readonly read?: (() => MemoryFigures) | undefined;
}

/**
 * Judges memory against its limits: resident against that of the container, heap against that of V8; the worse counts.
 *
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`: `rssLimitBytes` is not above 0, or not 0 < `degradedAt` ≤ `downAt`
 */
export function memoryCheck({ rssLimitBytes = Infinity, degradedAt = 0.85, downAt = 0.95, read = memoryOfProcess }: MemoryOptions = {}): Check {
  if (!(rssLimitBytes > 0)) throw new HealthError('ERR_HEALTH_OPTIONS', 'rssLimitBytes must be above 0');
  if (!(degradedAt > 0 && degradedAt <= downAt)) throw new HealthError('ERR_HEALTH_OPTIONS', 'degradedAt must be above 0 and at most downAt');
  return () => {
    const { rssBytes, heapUsedBytes, heapLimitBytes } = read();
    const usedRatio = Math.max(rssBytes / rssLimitBytes, heapUsedBytes / heapLimitBytes);
    const details = { rssBytes, heapUsedBytes, heapLimitBytes, usedRatio: Math.round(usedRatio * 1000) / 1000 };
    if (usedRatio >= downAt) return { status: 'down', reason: 'memory-full', details };
    return usedRatio >= degradedAt ? { status: 'degraded', reason: 'memory-high', details } : { status: 'up', details };
  };
}

function memoryOfProcess(): MemoryFigures {
  const { rss, heapUsed } = process.memoryUsage();
  return { rssBytes: rss, heapUsedBytes: heapUsed, heapLimitBytes: getHeapStatistics().heap_size_limit };
}
