import { HealthError } from '../../errors.ts';
import type { Check, CheckResult } from '../component.ts';

/** A figure of which more is worse, and from where on. */
export interface LevelOptions {
  /** What the figure is called among the details, with its unit: `lagMs`. */
  readonly name: string;
  /** Reads the figure. */
  readonly read: (signal: AbortSignal) => number | Promise<number>;
  /** Degraded from here on. */
  readonly degradedAt: number;
  /** Down from here on, at least `degradedAt`; Infinity for never (default). */
  readonly downAt?: number | undefined;
  /** Why it is not up (default `high`). */
  readonly reason?: string | undefined;
}

/**
 * Judges a figure: a queue's depth, the age of its oldest entry.
 *
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`: `downAt` is below `degradedAt`, or one is no number
 */
export function levelCheck({ name, read, degradedAt, downAt = Infinity, reason = 'high' }: LevelOptions): Check {
  if (!(degradedAt <= downAt)) throw new HealthError('ERR_HEALTH_OPTIONS', `${name}: degradedAt must be a number, at most downAt`);
  return async (signal) => levelResult({ name, level: await read(signal), degradedAt, downAt, reason });
}

interface Level {
  readonly name: string;
  readonly level: number;
  readonly degradedAt: number;
  readonly downAt: number;
  readonly reason: string;
}

function levelResult({ name, level, degradedAt, downAt, reason }: Level): CheckResult {
  // A comparison with NaN is false: what cannot be measured would else be well.
  if (Number.isNaN(level)) return { status: 'down', reason: 'no-number' };
  const details = Number.isFinite(level) ? { [name]: level } : {};
  if (level >= downAt) return { status: 'down', reason, details };
  return level >= degradedAt ? { status: 'degraded', reason, details } : { status: 'up', details };
}

/** Set-up of {@link lagCheck}. */
export interface LagOptions {
  /** How far it is behind, milliseconds; undefined or null when replication does not run. */
  readonly read: (signal: AbortSignal) => number | null | undefined | Promise<number | null | undefined>;
  /** Degraded from here on (default 1000). */
  readonly degradedMs?: number | undefined;
  /** Down from here on (default 30,000). */
  readonly downMs?: number | undefined;
}

/**
 * Judges how far a replica or a consumer is behind. One that does not follow at all is down.
 *
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`: `downMs` is below `degradedMs`
 */
export function lagCheck({ read, degradedMs = 1000, downMs = 30_000 }: LagOptions): Check {
  return levelCheck({ name: 'lagMs', read: async (signal) => (await read(signal)) ?? Infinity, degradedAt: degradedMs, downAt: downMs, reason: 'lagging' });
}
