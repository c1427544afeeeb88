import type { SharedEntriesListener } from './shared-entries.ts';

/** Where an answer came from: this process, the shared tier, a load, or what was there before and has outlived its time. */
export type AnswerSource = 'memory' | 'shared' | 'loader' | 'stale';

/** A value, and where it came from. */
export interface Answer<V> {
  readonly value: V;
  readonly source: AnswerSource;
}

/** Hears what a {@link TieredCache} does; for metrics and traces. Called at once, so it must be quick, and must not throw. */
export interface TieredCacheListener extends SharedEntriesListener {
  /** A reader got an answer. `undefined`: there was none, and no loader. */
  answered?(key: string, source: AnswerSource | undefined): void;
  /** So many answers were given out by who kept a grip, from memory. */
  answeredFromGrip?(answers: number): void;
  /** A load ended; `ms` is how long it took, of all its keys together. `error` is undefined where it went well. */
  loaded?(keys: readonly string[], ms: number, error: unknown): void;
  /** What was loaded was not kept, since the key was changed meanwhile. */
  outdated?(key: string): void;
  /** Another instance loads this key; the reader waits for it. */
  waited?(key: string): void;
  /** A value is loaded anew while the one before is still given out. */
  refreshed?(key: string): void;
}

/** Counts since the cache was made. */
export interface TieredStats {
  /** Answers by where they came from. */
  readonly memory: number;
  readonly shared: number;
  readonly loader: number;
  readonly stale: number;
  /** Readers without a loader who got nothing, and keys that were known not to exist. */
  readonly none: number;
  /** What is in memory. */
  readonly entries: number;
  readonly bytes: number;
  readonly evictions: number;
}
