import type { Timers } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import { abortedError } from './acquire-errors.ts';

/**
 * Waits for work no longer than so; what the work does later is nobody's concern any more.
 *
 * @throws {DaoError} as rejections: `ERR_DAO_UNAVAILABLE` when time is up, `ERR_DAO_TIMEOUT` when the signal is aborted; and what the work throws
 */
export async function within<T>(timers: Timers, timeoutMs: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => {
    if (signal !== undefined) reject(abortedError(signal));
  };
  const timer = timers.after(timeoutMs, () => reject(new DaoError('ERR_DAO_UNAVAILABLE', `no answer within ${timeoutMs} ms`)));
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  // In a promise from the start, so that what throws at once and what rejects later end the same way.
  new Promise<T>((start) => start(work())).then(resolve, reject);
  try {
    return await promise;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
