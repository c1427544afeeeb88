import type { Timers } from './time.ts';

/** How a call ended that was given a time. */
export type Ended<T> =
  | { readonly how: 'answered'; readonly value: T }
  | { readonly how: 'failed'; readonly error: unknown }
  /** It is still under way; `settled` comes when it is not. */
  | { readonly how: 'late'; readonly settled: Promise<void> };

/** What {@link withDeadline} needs besides the call. */
export interface DeadlineOptions {
  readonly deadlineMs: number;
  readonly timers: Timers;
  /** Aborts the call before its time. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives a call a time: when it is over the call's signal is aborted and nobody waits for it any longer. Where the signal has been aborted
 * before, nothing is called. Never rejects.
 *
 * @param call gets the signal; what it does after the time is over is lost
 */
export async function withDeadline<T>(call: (signal: AbortSignal) => T | Promise<T>, { deadlineMs, timers, signal }: DeadlineOptions): Promise<Ended<T>> {
  if (signal?.aborted === true) return { how: 'late', settled: Promise.resolve() };
  const controller = new AbortController();
  const { promise: isOver, resolve } = Promise.withResolvers<'late'>();
  const abort = (): void => {
    controller.abort();
    resolve('late');
  };
  const timer = timers.after(deadlineMs, abort);
  signal?.addEventListener('abort', abort, { once: true });
  const running = settle(call, controller.signal);
  const first = await Promise.race([running, isOver]);
  timer.cancel();
  signal?.removeEventListener('abort', abort);
  return first === 'late' ? { how: 'late', settled: running.then(() => undefined) } : first;
}

async function settle<T>(call: (signal: AbortSignal) => T | Promise<T>, signal: AbortSignal): Promise<Ended<T>> {
  try {
    return { how: 'answered', value: await call(signal) };
  } catch (error) {
    return { how: 'failed', error };
  }
}
