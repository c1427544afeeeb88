import { MidgardError } from '@midgard/errors';

/**
 * The result of work that others may wait for too: when the signal aborts, this caller gets 1004 and the work goes on.
 *
 * @param work what is waited for
 * @param signal the caller's patience
 */
export async function orTimeout<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new MidgardError('timeout', '', { cause: signal.reason }));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
