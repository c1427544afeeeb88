import { QueueError } from '../errors.ts';
import type { Clock, Timers } from '../timers.ts';

/** What became of one item. */
export type BatchResult<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/**
 * Does the work of one batch, and tells what became of each item, in the order of `items`. What it throws, or rejects with, is the error
 * of every item. It bounds its own time; `signal` is aborted when the batcher is closed and its grace is over.
 */
export type BatchHandler<T, R> = (items: readonly T[], context: { readonly signal: AbortSignal }) => Promise<readonly BatchResult<R>[]>;

/** Hears what a {@link Batcher} does. */
export interface BatcherListener<T> {
  /** A batch came back. */
  batchFlushed?(batch: FlushedBatch): void;
  /** Items failed and will be handed out again after a delay. */
  retried?(count: number, delayMs: number): void;
  /** An item was given up; its promise rejects with the same error. With this listener, promises that nobody looks at are harmless. */
  deadLettered?(item: T, error: unknown, attempts: number): void;
}

/** Figures of one batch. */
export interface FlushedBatch {
  readonly size: number;
  /** As `sizeOf` counts; 0 without it. */
  readonly bytes: number;
  /** How long its oldest item had waited since `add`. */
  readonly waitMs: number;
  readonly durationMs: number;
  readonly failed: number;
}

/** Set-up of {@link Batcher}. */
export interface BatcherOptions<T, R> {
  readonly handle: BatchHandler<T, R>;
  /** Most items of a batch, at least 1; default 100. */
  readonly maxItems?: number;
  /** Most bytes of a batch, as `sizeOf` counts them, at least 1; default no bound. */
  readonly maxBytes?: number;
  /** What an item weighs, 0 or more; needed with `maxBytes`. */
  readonly sizeOf?: (item: T) => number;
  /** How long an item waits for companions while a handler is free, milliseconds. Default 10; with 0 batches form only while all handlers are busy. */
  readonly maxDelayMs?: number;
  /** Batches under way at a time, at least 1; default 1. */
  readonly concurrency?: number;
  /** How long a batch should take, milliseconds above 0: the size of batches follows it, between `minItems` and `maxItems`. Default: it is `maxItems`. */
  readonly targetMs?: number;
  /** Where the size starts, and its least, 1 to `maxItems`; default 1. Only with `targetMs`. */
  readonly minItems?: number;
  /** Items that were added and are not settled, at most; one more is refused. At least 1; default 10,000. */
  readonly maxPending?: number;
  /** How often an item is handed out at most, at least 1; default 3. */
  readonly maxAttempts?: number;
  /** Before the first retry at most this, doubled with each further one, milliseconds of 0 or more; the delay is anything from 0 to that. Default 100. */
  readonly retryBaseMs?: number;
  /** What the doubling ends at; default 10,000. */
  readonly retryCapMs?: number;
  /** Whether another try may help; default: always. */
  readonly isRetryable?: (error: unknown, item: T) => boolean;
  readonly listener?: BatcherListener<T>;
  /** One that never goes back; default the monotonic clock of the process. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** 0 (included) to 1 (excluded), for delays; default `Math.random`. */
  readonly random?: () => number;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** @throws {QueueError} `ERR_QUEUE_OPTIONS` */
export function requireSound<T, R>(options: BatcherOptions<T, R>): void {
  const { maxItems = 100, maxBytes = Infinity, sizeOf, maxDelayMs = 10, concurrency = 1, targetMs = 1, minItems = 1 } = options;
  const { maxPending = 10_000, maxAttempts = 3, retryBaseMs = 100, retryCapMs = 10_000 } = options;
  const problems: readonly (readonly [boolean, string])[] = [
    [!isWhole(maxItems), 'maxItems must be a whole number of at least 1'],
    [!(maxBytes >= 1), 'maxBytes must be at least 1'],
    [maxBytes < Infinity && sizeOf === undefined, 'maxBytes needs sizeOf'],
    [!(maxDelayMs >= 0 && maxDelayMs < Infinity), 'maxDelayMs must be a number of 0 or more'],
    [!isWhole(concurrency), 'concurrency must be a whole number of at least 1'],
    [!(targetMs > 0), 'targetMs must be above 0'],
    [!(isWhole(minItems) && minItems <= maxItems), 'minItems must be a whole number from 1 to maxItems'],
    [!isWhole(maxPending), 'maxPending must be a whole number of at least 1'],
    [!isWhole(maxAttempts), 'maxAttempts must be a whole number of at least 1'],
    [!(retryBaseMs >= 0 && retryBaseMs < Infinity), 'retryBaseMs must be a number of 0 or more'],
    [!(retryCapMs >= 0 && retryCapMs < Infinity), 'retryCapMs must be a number of 0 or more'],
  ];
  const [, problem] = problems.find(([isWrong]) => isWrong) ?? [];
  if (problem !== undefined) throw new QueueError('ERR_QUEUE_OPTIONS', problem);
}
