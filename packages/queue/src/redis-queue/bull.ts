import { Queue as BullQueue, Worker as BullWorker, type Job as BullJob, type JobJson } from 'bullmq';
import type { Redis } from 'ioredis';
import { QueueError } from '../errors.ts';
import { reasonOf, type Outcome, type Start } from '../job-attempt.ts';
import type { JobTerms } from '../queue-options.ts';
import type { Backoff, DeadLetter, ProcessOptions, QueueCounts, QueueListener } from '../queue.ts';

/*
 * The only file that knows BullMQ. What it keeps from the rest:
 * - BullMQ refuses ids that are numbers or hold a colon, so ids are written as `_` and the id with `%` and `:` escaped.
 * - BullMQ counts failures (attemptsMade), starts (attemptsStarted) and stalls (stalledCounter) apart; here an attempt is a start,
 *   whatever became of it, and the only bound. So stalls have no bound of their own, and whether a failure is the last one is decided
 *   by `attemptJob` and carried to BullMQ in an error, of which the back-off strategy reads it.
 * - BullMQ gives errors of some names and messages a meaning; those of handlers never reach it as they are.
 */

const backoffType = 'midgard';
const noMoreAttempts = -1;
// Answers of BullMQ's scripts: the job is not there, or not a dead letter any more.
const goneCodes: readonly unknown[] = [-1, -3];
// After a script failed for another reason than a lost connection, such as a Redis that is still loading (BullMQ: 15 s).
const pauseAfterErrorMs = 1000;

/** The side that adds jobs and looks after them. */
export interface BullStore {
  add(data: unknown, terms: JobTerms): Promise<void>;
  counts(): Promise<QueueCounts>;
  deadLetters(offset: number, limit: number): Promise<readonly DeadLetter[]>;
  retryDeadLetter(id: string): Promise<boolean>;
  removeDeadLetter(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The side that does jobs. */
export interface BullConsumer {
  /** Takes no more jobs; settles when those that run are done and told. */
  finish(): Promise<void>;
  /** Leaves what still runs to other workers: their lock ends, since it is no longer renewed. */
  abandon(): void;
}

export interface BullPlace {
  readonly name: string;
  readonly prefix: string;
  readonly redis: Redis;
  onError(error: unknown): void;
}

export interface ConsumerOptions extends ProcessOptions, BullPlace {
  readonly concurrency: number;
  readonly lockMs: number;
  readonly defaults: { readonly attempts: number; readonly backoff: Backoff };
  readonly listener: QueueListener;
  attempt(start: Start<unknown>): Promise<Outcome>;
}

/** Tells BullMQ's back-off strategy what was decided. */
class AttemptFailed extends Error {
  readonly outcome: Exclude<Outcome, { readonly kind: 'done' }>;

  constructor(outcome: Exclude<Outcome, { readonly kind: 'done' }>) {
    super(reasonOf(outcome.error));
    this.outcome = outcome;
  }
}

type Job = BullJob<unknown, void>;

class Worker extends BullWorker<unknown, void> {
  readonly #notJson = new WeakSet<Job>();

  /** Whether the data was JSON; else it is the text that was found in its place. */
  isJson(job: Job): boolean {
    return !this.#notJson.has(job);
  }

  /** Renews no lock any more: else its timer does so, and keeps the process up, for as long as a handler runs. */
  async letLocksEnd(): Promise<void> {
    await this.lockManager.close();
  }

  /** BullMQ would throw at data that is no JSON, leave the job with this worker, and find it again when its lock ends, for ever. */
  protected override createJob(json: JobJson, id: string): Job {
    try {
      return super.createJob(json, id);
    } catch {
      const job = super.createJob({ ...json, data: JSON.stringify(json.data) }, id);
      this.#notJson.add(job);
      return job;
    }
  }
}

export async function openStore(place: BullPlace, keep: { readonly done: number; readonly dead: number }): Promise<BullStore> {
  const queue = new BullQueue<unknown, void>(place.name, { connection: place.redis, prefix: place.prefix });
  queue.on('error', (error) => place.onError(error));
  await queue.waitUntilReady();
  return {
    async add(data, { id, priority, delayMs, attempts, backoff }) {
      await queue.add('job', data, {
        jobId: writtenId(id),
        priority,
        delay: delayMs,
        attempts,
        backoff: written(backoff),
        removeOnComplete: { count: keep.done },
        removeOnFail: keep.dead === Infinity ? false : { count: keep.dead },
        stackTraceLimit: 1,
      });
    },
    async counts() {
      const counts = await queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed');
      const { waiting = 0, prioritized = 0, delayed = 0, active = 0, failed: dead = 0 } = counts;
      return { waiting: waiting + prioritized, delayed, active, dead };
    },
    async deadLetters(offset, limit) {
      const jobs = await queue.getJobs(['failed'], offset, offset + limit - 1, true);
      return jobs.map(deadLetter);
    },
    async retryDeadLetter(id) {
      const job = await queue.getJob(writtenId(id));
      return job !== undefined && unlessGone(job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }));
    },
    async removeDeadLetter(id) {
      const job = await queue.getJob(writtenId(id));
      if (job === undefined || !(await job.isFailed())) return false;
      return unlessGone(job.remove());
    },
    close: () => queue.close(),
  };
}

export function startConsumer(options: ConsumerOptions): BullConsumer {
  const { name, prefix, redis, concurrency, lockMs, rateLimit } = options;
  const running = new Map<string, AbortController>();
  const worker: Worker = new Worker(name, (job) => runJob(job, worker.isJson(job), running, options), {
    connection: redis,
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.ceil(lockMs / 2),
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: pauseAfterErrorMs,
    ...(rateLimit === undefined ? {} : { limiter: { max: rateLimit.max, duration: rateLimit.perMs } }),
    settings: { backoffStrategy: (_failures, _type, error) => delayAfter(error) },
  });
  worker.on('error', (error) => options.onError(error));
  worker.on('completed', (job) => options.listener.onDone?.(readId(job.id)));
  worker.on('failed', (job, error) => tellFailure(readId(job?.id), error, options.listener));
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) running.get(id)?.abort(new Error('another worker may have this job by now'));
  });
  return {
    finish: () => worker.close(),
    abandon() {
      void worker.letLocksEnd();
      for (const controller of running.values()) controller.abort(new Error('the queue is closed, and no longer waits for this handler'));
      redis.disconnect();
    },
  };
}

async function runJob(job: Job, isJson: boolean, running: Map<string, AbortController>, options: ConsumerOptions): Promise<void> {
  if (!isJson) {
    await job.updateData(job.data); // As a JSON text, so that dead letters can be listed.
    throw new AttemptFailed({ kind: 'dead', error: new QueueError('ERR_QUEUE_DATA', 'the data is not JSON') });
  }
  const key = job.id ?? '';
  const controller = new AbortController();
  running.set(key, controller);
  // BullMQ says 0 where nothing was written; a job of another program has neither.
  const maxAttempts = job.opts.attempts || options.defaults.attempts;
  const backoff = readBackoff(job.opts.backoff) ?? options.defaults.backoff;
  job.opts = { ...job.opts, attempts: maxAttempts, backoff: written(backoff) };
  const { data, attemptsStarted: attempt } = job;
  const outcome = await options.attempt({ id: readId(job.id), data, attempt, maxAttempts, backoff, signal: controller.signal });
  // A job whose lock was lost can run here a second time, under the same key.
  if (running.get(key) === controller) running.delete(key);
  if (outcome.kind !== 'done') throw new AttemptFailed(outcome);
}

function tellFailure(id: string, error: Error, listener: QueueListener): void {
  if (!(error instanceof AttemptFailed) || error.outcome.kind === 'dead') listener.onDeadLetter?.(id, error.message);
  else listener.onRetry?.(id, error.outcome.error, error.outcome.delayMs);
}

function delayAfter(error: Error | undefined): number {
  return error instanceof AttemptFailed && error.outcome.kind === 'retry' ? error.outcome.delayMs : noMoreAttempts;
}

function deadLetter(job: Job): DeadLetter {
  return { id: readId(job.id), data: job.data, reason: job.failedReason, attempts: job.attemptsStarted, diedAtMs: job.finishedOn ?? 0 };
}

async function unlessGone(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && goneCodes.includes(error.code)) return false;
    throw error;
  }
}

/** BullMQ keeps the whole of it with the job, although its type names fewer fields. */
function written({ baseMs, maxMs }: Backoff): { readonly type: string; readonly delay: number; readonly maxMs: number } {
  return { type: backoffType, delay: baseMs, maxMs };
}

function readBackoff(backoff: unknown): Backoff | undefined {
  if (typeof backoff !== 'object' || backoff === null || !('delay' in backoff) || !('maxMs' in backoff)) return undefined;
  const { delay: baseMs, maxMs } = backoff;
  return typeof baseMs === 'number' && typeof maxMs === 'number' ? { baseMs, maxMs } : undefined;
}

function writtenId(id: string): string {
  return `_${id.replaceAll('%', '%25').replaceAll(':', '%3A')}`;
}

function readId(id = ''): string {
  return id.slice(1).replaceAll('%3A', ':').replaceAll('%25', '%');
}
