import type { CachePolicy } from '../../tiered/cache-policy.ts';
import type { TieredStats } from '../../tiered/listener.ts';

/** How an instance is set up. */
export interface InstanceSettings {
  readonly url: string;
  readonly timeoutMs: number;
  readonly awayTtlMs: number;
  readonly settleMs: number;
  readonly maxEntries: number;
  readonly policy: Partial<CachePolicy>;
  /** Stores whatever was loaded, to see that the trial notices. */
  readonly isLeaseBroken: boolean;
}

/** Reads and writes at random. */
export interface ChurnPlan {
  readonly seconds: number;
  readonly keys: number;
  /** At the same time. */
  readonly workers: number;
  /** 0 to 1: of all steps. */
  readonly writeShare: number;
  readonly manyShare: number;
  /** Most milliseconds between two steps of a worker. */
  readonly pauseMs: number;
}

/** What was seen: triples of key, version, and the time in microseconds at which a read began or a write was acknowledged. */
export interface ChurnResult {
  readonly reads: Float64Array;
  readonly writes: Float64Array;
  readonly failures: number;
  readonly stats: TieredStats;
}

/** Reads at a steady pace. */
export interface LoadPlan {
  readonly seconds: number;
  readonly keys: number;
  readonly perSecond: number;
}

/** How long each read took and when it began, in microseconds. */
export interface LoadResult {
  readonly tookUs: Float64Array;
  readonly at: Float64Array;
  readonly failures: number;
}

/** Many readers of one key. */
export interface ReaderPlan {
  readonly key: string;
  readonly readers: number;
}
