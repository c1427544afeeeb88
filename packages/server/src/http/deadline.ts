import type { ServerResponse } from 'node:http';
import { MidgardError } from '@midgard/errors';

/** The time that one request has. */
export interface Deadline {
  /** Fires when the time is over or the caller has gone; its reason is error 1004. */
  readonly signal: AbortSignal;
  /** Settles like the work, or rejects when the signal fires: work that does not heed the signal holds no caller. */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Ends the watch; to be called once the answer is made. */
  end(): void;
}

/**
 * Watches one request, so that work for a caller who is gone, or who waited too long, can stop.
 *
 * @param outgoing closes early when the caller goes away
 * @param timeoutMs longest time for the answer, in milliseconds
 */
export function startDeadline(outgoing: ServerResponse, timeoutMs: number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const onClose = (): void => controller.abort(new MidgardError('timeout', 'the caller has gone'));
  const timer = setTimeout(() => controller.abort(new MidgardError('timeout', `no answer within ${timeoutMs} ms`)), timeoutMs);
  outgoing.once('close', onClose);
  return {
    signal,
    guard: (work) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        work.then(resolve, reject);
      }),
    end: () => {
      clearTimeout(timer);
      outgoing.off('close', onClose);
    },
  };
}
