import { PoolError } from '../errors.ts';
import type { Timer, Timers } from './time.ts';

/** Hears how an attempt ends: exactly one of `succeeded` and `failed`, once. */
export interface Outcome<V> {
  succeeded(value: V): void;
  failed(error: unknown): void;
  /** It came to a good end after it had counted as failed. */
  succeededLate?(value: V): void;
}

/** An attempt under way. */
export interface Attempt {
  /** Counts it as failed now, whatever comes of it later. */
  giveUp(error: unknown): void;
}

/**
 * Calls work of the user's, which may throw, reject or never settle, and hears of its end within the time.
 *
 * @param timeoutMs above 0; `Infinity`: as long as it takes
 */
export function attempt<V>(work: () => V | PromiseLike<V>, timeoutMs: number, timers: Timers, outcome: Outcome<V>): Attempt {
  let isOver = false;
  let timer: Timer | undefined;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    timer?.cancel();
    return true;
  };
  const giveUp = (error: unknown): void => {
    if (end()) outcome.failed(error);
  };
  if (timeoutMs !== Infinity) timer = timers.after(timeoutMs, () => giveUp(new PoolError('ERR_POOL_TIMEOUT', `not done within ${timeoutMs} ms`)));
  // In a promise from the start, so that what throws at once and what rejects later end the same way.
  void new Promise<V>((resolve) => resolve(work())).then((value) => (end() ? outcome.succeeded(value) : outcome.succeededLate?.(value)), giveUp);
  return { giveUp };
}
