/**
 * Work that is done later, by a handler, at least once: kept in this process ({@link LocalQueue}) or on a Redis where another
 * instance may take it ({@link RedisQueue}). The promises are the same and one conformance suite in `@midgard/queue/testing` holds
 * both to them.
 *
 * At least once, and not exactly once: a worker can die after the work and before it says so. The job's `id` never changes, so a
 * handler that makes its effect and a row keyed by that id in one transaction has its effect once (the README shows how).
 */
export interface Queue<T> {
  /**
   * Puts a job into the queue.
   *
   * @param data what the handler gets; a {@link RedisQueue} carries it as JSON
   * @returns the id of the job: `jobId` if one was given, else a new one
   * @throws {QueueError} `ERR_QUEUE_FULL`: `maxWaiting` jobs wait already; `ERR_QUEUE_CLOSED`; `ERR_QUEUE_OPTIONS`;
   *   `ERR_QUEUE_DATA`: not JSON; `ERR_QUEUE_UNAVAILABLE`: Redis did not confirm in time. The job may then be in the queue or not:
   *   adding it again under the same `jobId` is safe
   */
  add(data: T, options?: AddOptions): Promise<string>;

  /**
   * Begins to take jobs and hand them to `handler`. Once for each queue object; `concurrency` is there for more at a time.
   *
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: a number makes no sense, or there is a handler already; `ERR_QUEUE_CLOSED`
   */
  process(handler: JobHandler<T>, options?: ProcessOptions): void;

  /** How many jobs are where, in this moment. */
  counts(): Promise<QueueCounts>;

  /**
   * Jobs that were given up, oldest first.
   *
   * @param options.offset how many to leave out, 0 or more (default 0)
   * @param options.limit how many to give at most, 1 or more (default 100)
   */
  deadLetters(options?: { readonly offset?: number; readonly limit?: number }): Promise<readonly DeadLetter[]>;

  /** Puts a dead letter back into the queue with all its attempts before it; false if there is no such dead letter. */
  retryDeadLetter(id: string): Promise<boolean>;

  /** Forgets a dead letter; false if there is no such dead letter. */
  removeDeadLetter(id: string): Promise<boolean>;

  /**
   * Takes no more jobs and waits for the handlers that run; those that still run after the grace see their `signal` aborted and are
   * not waited for. A second call gives the answer of the first.
   *
   * @param options.graceMs how long to wait, 0 or more (default 10 000)
   * @returns the jobs that are now kept nowhere else, for the caller to keep: all that a LocalQueue had not done; none of a
   *   RedisQueue, since there they stay, and another worker does them
   */
  close(options?: { readonly graceMs?: number }): Promise<readonly UnfinishedJob<T>[]>;
}

/**
 * Does one job. To return is to have done it. To throw is to have failed: it is tried again after the back-off, up to `attempts`
 * times, and is a dead letter then; at once if a {@link QueueError} `ERR_QUEUE_DATA` is thrown, since data does not get better.
 */
export type JobHandler<T> = (job: Job<T>) => Promise<void> | void;

/** One attempt at a job, as the handler sees it. */
export interface Job<T> {
  /** Stays the same through all attempts: the idempotency key of what the handler does. */
  readonly id: string;
  readonly data: T;
  /** 1 for the first start; one more each time the job is started again, whether the last start threw or died with its worker. */
  readonly attempt: number;
  /** After this attempt there is no other. */
  readonly maxAttempts: number;
  /** Aborted when the queue no longer waits for this handler, or when another worker may have the job: stop, the work is not lost. */
  readonly signal: AbortSignal;
}

/** How one job is treated. */
export interface AddOptions {
  /** 0 to 2 097 151, the lowest first, equal ones in the order of adding (default 0). */
  readonly priority?: number;
  /** Not started before this time has gone, 0 or more (default 0). */
  readonly delayMs?: number;
  /** How often the job may be started at most, 1 or more; 1 means at most once (default: that of the queue). */
  readonly attempts?: number;
  /** How long to wait between attempts (default: that of the queue). */
  readonly backoff?: Backoff;
  /**
   * 1 to 256 characters. As long as a job of this id is in the queue, is a dead letter, or is among the last `keepDone` that were
   * done, adding it again changes nothing and gives the same id.
   */
  readonly jobId?: string;
}

/**
 * Before attempt n + 1: between a half and the whole of `baseMs · 2ⁿ⁻¹`, never more than `maxMs`, drawn anew each time so that jobs
 * that failed together do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export interface Backoff {
  /** 0 or more. */
  readonly baseMs: number;
  /** At least `baseMs`. */
  readonly maxMs: number;
}

/** How jobs are taken. */
export interface ProcessOptions {
  /** How many handlers run at a time, 1 or more (default 1). */
  readonly concurrency?: number;
  /** No more than `max` starts in `perMs`, counted from the first; in a RedisQueue over all workers together (default: no limit). */
  readonly rateLimit?: { readonly max: number; readonly perMs: number };
}

/** How many jobs are where. */
export interface QueueCounts {
  /** Ready to be started. */
  readonly waiting: number;
  /** Not yet due: added with a delay, or between two attempts. */
  readonly delayed: number;
  /** With a handler. */
  readonly active: number;
  /** Given up. */
  readonly dead: number;
}

/** A job that was given up. */
export interface DeadLetter {
  readonly id: string;
  /** As it was written: it may be the very thing that does not parse. */
  readonly data: unknown;
  /** What the last attempt failed of; begins with `ERR_QUEUE_DATA` if the data did not parse. */
  readonly reason: string;
  /** How often it was started. */
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly diedAtMs: number;
}

/** A job that a closed queue gives back, since it cannot keep it. */
export interface UnfinishedJob<T> {
  readonly id: string;
  readonly data: T;
  /** How often it was started so far. */
  readonly attempts: number;
}

/** Hears what becomes of jobs; for logs and metrics. What a listener throws is not caught: it must not throw. */
export interface QueueListener {
  onDone?(id: string): void;
  /** An attempt failed, and the next one comes after `delayMs`. */
  onRetry?(id: string, error: unknown, delayMs: number): void;
  onDeadLetter?(id: string, reason: string): void;
  /** The queue itself is in trouble, such as a lost Redis; it goes on by itself. Comes again and again while the trouble lasts. */
  onError?(error: Error): void;
}

/** What both kinds of queue can be told. */
export interface QueueOptions {
  /** How often a job may be started at most, 1 or more (default 3). */
  readonly attempts?: number;
  /** How long to wait between attempts (default `{ baseMs: 1000, maxMs: 300 000 }`). */
  readonly backoff?: Backoff;
  /** Most jobs that wait or are delayed; `add` refuses more. 1 or more (default: no bound). */
  readonly maxWaiting?: number;
  /** How many ids of jobs that were done are remembered, so that a `jobId` added again is known. 0 or more (default 1000). */
  readonly keepDone?: number;
  /**
   * Most dead letters that are kept; the oldest is forgotten for one too many. 1 or more (default 10 000 in a LocalQueue, which must fit
   * into memory; no bound in a RedisQueue, which loses nothing unasked).
   */
  readonly maxDead?: number;
  readonly listener?: QueueListener;
  /** 0 to 1, for the jitter (default `Math.random`). */
  readonly random?: () => number;
}
