import type { Check } from '../component.ts';

/**
 * Up when something answers, whatever it answers; down when it rejects, or not in time.
 *
 * @param ping gets the signal of the deadline
 * @example
 * ```ts
 * import { pingCheck } from '@midgard/health';
 *
 * const redis = { ping: () => Promise.resolve('PONG') };
 * const check = pingCheck(() => redis.ping());
 * ```
 */
export function pingCheck(ping: (signal: AbortSignal) => Promise<unknown>): Check {
  return async (signal) => {
    await ping(signal);
    return { status: 'up' };
  };
}
