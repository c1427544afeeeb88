import { wholeNumber } from '../options.ts';

/** How hard a channel is tried. */
export interface DeliveryPolicy {
  /** Time for one attempt, 100 to 600,000 ms (default 10,000). */
  readonly deadlineMs?: number | undefined;
  /** Attempts in all, 1 to 20 (default 5). */
  readonly maxAttempts?: number | undefined;
  /** Longest wait after the first failed attempt, 1 to 600,000 ms (default 1000); it doubles with each. */
  readonly firstDelayMs?: number | undefined;
  /** Longest wait at all, also where the other side asks for a longer one, 1 to 3,600,000 ms (default 60,000). */
  readonly maxDelayMs?: number | undefined;
  /** Messages that may wait, 1 to 10,000 (default 100); one more drops the oldest. */
  readonly maxQueued?: number | undefined;
}

/** @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field */
export function deliverySettings(policy: DeliveryPolicy): DeliverySettings {
  const { deadlineMs = 10_000, maxAttempts = 5, firstDelayMs = 1000, maxDelayMs = 60_000, maxQueued = 100 } = policy;
  return {
    deadlineMs: wholeNumber('deadlineMs', deadlineMs, 100, 600_000),
    maxAttempts: wholeNumber('maxAttempts', maxAttempts, 1, 20),
    firstDelayMs: wholeNumber('firstDelayMs', firstDelayMs, 1, 600_000),
    maxDelayMs: wholeNumber('maxDelayMs', maxDelayMs, 1, 3_600_000),
    maxQueued: wholeNumber('maxQueued', maxQueued, 1, 10_000),
  };
}

/** A policy with its defaults. */
export interface DeliverySettings {
  readonly deadlineMs: number;
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxQueued: number;
}

/**
 * How long to wait before the next attempt: a random part of a time that doubles, so that many who failed together do not come back
 * together, and not less than the other side asks for.
 *
 * @param attempt that has failed, from 1
 * @param random from 0 to below 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(attempt: number, settings: DeliverySettings, random: number, retryAfterMs = 0): number {
  const { firstDelayMs, maxDelayMs } = settings;
  const ceiling = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.min(maxDelayMs, retryAfterMs + Math.ceil(random * ceiling));
}
