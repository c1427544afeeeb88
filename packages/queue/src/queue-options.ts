import { randomUUID } from 'node:crypto';
import { QueueError } from './errors.ts';
import type { AddOptions, Backoff, ProcessOptions, QueueOptions } from './queue.ts';

// BullMQ keeps the priority and a counter in one double, which leaves 21 bits; LocalQueue keeps to the same bound.
const maxPriority = 2 ** 21 - 1;
const maxIdLength = 256;

/** What a job is treated by, with nothing left open. */
export interface JobTerms {
  readonly id: string;
  readonly priority: number;
  readonly delayMs: number;
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** What all jobs of a queue are treated by, with nothing left open. */
export interface QueueTerms {
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly maxWaiting: number;
  readonly keepDone: number;
  readonly maxDead: number;
  nextId(): string;
}

const defaultBackoff: Backoff = { baseMs: 1000, maxMs: 300_000 };

export function queueTerms(options: QueueOptions): QueueTerms {
  const { attempts = 3, backoff = defaultBackoff, maxWaiting, keepDone = 1000, maxDead } = options;
  if (maxWaiting !== undefined) checkWhole('maxWaiting', maxWaiting, 1);
  if (maxDead !== undefined) checkWhole('maxDead', maxDead, 1);
  return {
    attempts: checkWhole('attempts', attempts, 1),
    backoff: checkBackoff(backoff),
    maxWaiting: maxWaiting ?? Infinity,
    keepDone: checkWhole('keepDone', keepDone, 0),
    maxDead: maxDead ?? Infinity,
    nextId: jobIds(),
  };
}

export function jobTerms({ priority = 0, delayMs = 0, attempts, backoff, jobId }: AddOptions, queue: QueueTerms): JobTerms {
  if (jobId !== undefined && (jobId.length === 0 || jobId.length > maxIdLength)) {
    throw new QueueError('ERR_QUEUE_OPTIONS', `jobId must have 1 to ${maxIdLength} characters, and has ${jobId.length}`);
  }
  return {
    id: jobId ?? queue.nextId(),
    priority: checkWhole('priority', priority, 0, maxPriority),
    delayMs: checkWhole('delayMs', delayMs, 0),
    attempts: attempts === undefined ? queue.attempts : checkWhole('attempts', attempts, 1),
    backoff: backoff === undefined ? queue.backoff : checkBackoff(backoff),
  };
}

export function processTerms({ concurrency = 1, rateLimit }: ProcessOptions): ProcessOptions & { readonly concurrency: number } {
  checkWhole('concurrency', concurrency, 1);
  if (rateLimit === undefined) return { concurrency };
  checkWhole('rateLimit.max', rateLimit.max, 1);
  checkWhole('rateLimit.perMs', rateLimit.perMs, 1);
  return { concurrency, rateLimit };
}

/** Ids unlike any others in the world: one UUID and a count, since a UUID for each job showed in the profile. */
function jobIds(): () => string {
  const queueId = randomUUID();
  let made = 0;
  return () => {
    made += 1;
    return `${queueId}.${made}`;
  };
}

/** @throws {QueueError} `ERR_QUEUE_OPTIONS` unless `value` is a whole number from `min` to `max` */
export function checkWhole(name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const upTo = max === Number.MAX_SAFE_INTEGER ? 'or more' : `to ${max}`;
  throw new QueueError('ERR_QUEUE_OPTIONS', `${name} must be a whole number, ${min} ${upTo}, and is ${value}`);
}

function checkBackoff(backoff: Backoff): Backoff {
  checkWhole('backoff.baseMs', backoff.baseMs, 0);
  checkWhole('backoff.maxMs', backoff.maxMs, backoff.baseMs);
  return backoff;
}
