import { inspect } from 'node:util';
import { QueueError } from './errors.ts';
import type { Backoff, Job, JobHandler } from './queue.ts';

// A dead letter is read by people; a stack or a whole document in its reason only costs memory.
const maxReasonLength = 2000;
// More than any back-off needs, and no infinity: that times a base of 0 would be no number.
const maxDoublings = 60;

/** What became of one attempt. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly error: unknown; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly error: unknown };

/** A job that was just started. */
export interface Start<Written> extends Omit<Job<unknown>, 'data'> {
  readonly data: Written;
  readonly backoff: Backoff;
}

/** How a queue reads and does its jobs. */
export interface Work<Written, T> {
  readonly parse: (data: Written) => T;
  readonly handler: JobHandler<T>;
  readonly random: () => number;
}

/** Reads the data, calls the handler, and tells what is to become of the job; never throws. */
export async function attemptJob<Written, T>(start: Start<Written>, { parse, handler, random }: Work<Written, T>): Promise<Outcome> {
  if (start.attempt > start.maxAttempts) {
    return { kind: 'dead', error: new Error(`died with its worker on the last of ${start.maxAttempts} attempts`) };
  }
  let data: T;
  try {
    data = parse(start.data);
  } catch (cause) {
    return { kind: 'dead', error: new QueueError('ERR_QUEUE_DATA', `the data does not parse: ${messageOf(cause)}`, { cause }) };
  }
  try {
    const { id, attempt, maxAttempts, signal } = start;
    await handler({ id, data, attempt, maxAttempts, signal });
    return { kind: 'done' };
  } catch (error) {
    const isHopeless = error instanceof QueueError && error.code === 'ERR_QUEUE_DATA';
    if (isHopeless || start.attempt >= start.maxAttempts) return { kind: 'dead', error };
    return { kind: 'retry', error, delayMs: backoffMs(start.backoff, start.attempt, random) };
  }
}

/** How long to wait after attempt number `attempt`; see {@link Backoff}. */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: () => number): number {
  const wholeMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, maxDoublings));
  return Math.round(wholeMs * (0.5 + random() / 2));
}

/** What a dead letter says it died of. */
export function reasonOf(error: unknown): string {
  const message = error instanceof QueueError ? `${error.code}: ${error.message}` : messageOf(error);
  return message.slice(0, maxReasonLength);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}
