import type { Redis } from 'ioredis';
import { QueueError } from '../errors.ts';
import { attemptJob } from '../job-attempt.ts';
import { checkWhole, jobTerms, processTerms, queueTerms, type QueueTerms } from '../queue-options.ts';
import type { AddOptions, DeadLetter, JobHandler, ProcessOptions, Queue, QueueCounts, QueueOptions, UnfinishedJob } from '../queue.ts';
import { maxTimerMs } from '../timers.ts';
import { openStore, startConsumer, type BullConsumer, type BullStore } from './bull.ts';
import { RedisAddress } from './connection.ts';
import { checkServer, type Allowances } from './server-check.ts';

/** What a {@link RedisQueue} must and can be told. */
export interface RedisQueueOptions<T> extends QueueOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` for TLS. Not the Redis of a cache: see {@link Allowances}. */
  readonly url: string;
  /** Letters, digits, `.`, `_` and `-`; queues of one name on one Redis under one prefix are one queue. */
  readonly name: string;
  /** Reads the data, which another version of the program may have written; what throws is a dead letter, and the handler not called. */
  readonly parse: (data: unknown) => T;
  /** Begins all keys in Redis; letters, digits, `.`, `_` and `-` (default `midgard`). */
  readonly prefix?: string;
  /**
   * How long a job belongs to a worker that gives no sign of life, 100 or more (default 30 000); another worker has it within about two
   * times that. A worker that is up renews it, so a handler may run longer; one that blocks its event loop for so long may not.
   */
  readonly lockMs?: number;
  /** How long Redis may take to answer one question, 1 or more (default 5000); some calls ask two. */
  readonly timeoutMs?: number;
  /** What this Redis may lack although jobs are lost by it then (default: nothing). */
  readonly allow?: Allowances;
}

const namePattern = /^[\w.-]{1,100}$/;

/**
 * A {@link Queue} on a Redis, whose jobs any instance may take: a thin face on BullMQ.
 *
 * What `add` has confirmed outlives this process and a crash of Redis (as its `appendfsync` promises: with `everysec`, the default, a
 * crash of the whole machine may lose the last second). While Redis is away `add` fails in time, and workers wait and go on by themselves.
 * `maxWaiting` costs one more question to Redis for each `add`, and as many as add at the same time may exceed it.
 *
 * @see https://docs.bullmq.io/guide/going-to-production
 *
 * @example
 * ```ts
 * import { RedisQueue } from '@midgard/queue/redis';
 *
 * function readMail(data: unknown): { readonly to: string } {
 *   if (typeof data === 'object' && data !== null && 'to' in data && typeof data.to === 'string') return { to: data.to };
 *   throw new Error('to is missing');
 * }
 *
 * const mails = await RedisQueue.open({ url: 'redis://127.0.0.1:6379', name: 'mails', parse: readMail });
 * mails.process(async ({ id, data }) => console.log(`${id} to ${data.to}`), { concurrency: 10, rateLimit: { max: 100, perMs: 1000 } });
 * await mails.add({ to: 'astrid@example.org' }, { jobId: 'welcome:42' });
 * ```
 */
export class RedisQueue<T> implements Queue<T> {
  readonly #options: RedisQueueOptions<T>;
  readonly #terms: QueueTerms;
  readonly #address: RedisAddress;
  readonly #redis: Redis;
  readonly #store: BullStore;
  #worker: { readonly redis: Redis; readonly consumer: BullConsumer } | undefined;
  #closed: Promise<readonly UnfinishedJob<T>[]> | undefined;

  private constructor(options: RedisQueueOptions<T>, terms: QueueTerms, address: RedisAddress, redis: Redis, store: BullStore) {
    this.#options = options;
    this.#terms = terms;
    this.#address = address;
    this.#redis = redis;
    this.#store = store;
  }

  /**
   * Connects, and refuses a Redis that would lose jobs.
   *
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`; `ERR_QUEUE_UNAVAILABLE`: no Redis there in time; `ERR_QUEUE_REDIS_POLICY`: it may evict;
   *   `ERR_QUEUE_REDIS_DURABILITY`: it has no append-only file
   */
  static async open<T>(options: RedisQueueOptions<T>): Promise<RedisQueue<T>> {
    const terms = checked(options);
    const { url, name, prefix = 'midgard', timeoutMs = 5000, allow = {}, listener } = options;
    const address = new RedisAddress(url);
    const redis = address.connectToAsk(timeoutMs);
    const onError = (error: unknown): void => listener?.onError?.(address.clean(error));
    try {
      await redis.connect();
      await checkServer(redis, allow);
      const store = await openStore({ name, prefix, redis, onError }, { done: terms.keepDone, dead: terms.maxDead });
      return new RedisQueue(options, terms, address, redis, store);
    } catch (error) {
      redis.disconnect();
      throw error instanceof QueueError ? error : unavailable('opening the queue', address.clean(error));
    }
  }

  async add(data: T, options: AddOptions = {}): Promise<string> {
    this.#refuseIfClosed();
    const terms = jobTerms(options, this.#terms);
    if (['undefined', 'function', 'symbol'].includes(typeof data)) throw new QueueError('ERR_QUEUE_DATA', `a ${typeof data} is not JSON`);
    if (this.#terms.maxWaiting !== Infinity) await this.#refuseIfFull();
    await this.#ask('adding a job', this.#store.add(data, terms));
    return terms.id;
  }

  process(handler: JobHandler<T>, options: ProcessOptions = {}): void {
    this.#refuseIfClosed();
    const terms = processTerms(options);
    if (this.#worker !== undefined) throw new QueueError('ERR_QUEUE_OPTIONS', 'the queue has a handler already; concurrency takes more at a time');
    const { name, prefix = 'midgard', lockMs = 30_000, parse, listener = {}, random = Math.random } = this.#options;
    const redis = this.#address.connectToWork();
    const work = { parse, handler, random };
    const consumer = startConsumer({
      ...terms,
      name,
      prefix,
      redis,
      lockMs,
      defaults: this.#terms,
      attempt: (start) => attemptJob(start, work),
      listener,
      onError: (error) => listener.onError?.(this.#address.clean(error)),
    });
    this.#worker = { redis, consumer };
  }

  counts(): Promise<QueueCounts> {
    return this.#ask('counting', this.#store.counts());
  }

  async deadLetters({ offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    checkWhole('offset', offset, 0);
    checkWhole('limit', limit, 1);
    return this.#ask('listing dead letters', this.#store.deadLetters(offset, limit));
  }

  async retryDeadLetter(id: string): Promise<boolean> {
    this.#refuseIfClosed();
    return this.#ask('retrying a dead letter', this.#store.retryDeadLetter(id));
  }

  async removeDeadLetter(id: string): Promise<boolean> {
    this.#refuseIfClosed();
    return this.#ask('removing a dead letter', this.#store.removeDeadLetter(id));
  }

  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<readonly UnfinishedJob<T>[]> {
    checkWhole('graceMs', graceMs, 0, maxTimerMs);
    this.#closed ??= this.#shutDown(graceMs);
    return this.#closed;
  }

  async #shutDown(graceMs: number): Promise<readonly UnfinishedJob<T>[]> {
    if (this.#worker !== undefined) {
      const { redis, consumer } = this.#worker;
      const isFinished = await settlesWithin(consumer.finish(), graceMs);
      if (isFinished) redis.disconnect();
      else consumer.abandon();
    }
    await this.#store.close();
    // QUIT is answered after all that was asked before; a Redis that is away answers nothing.
    await this.#redis.quit().catch(() => this.#redis.disconnect());
    return [];
  }

  #refuseIfClosed(): void {
    if (this.#closed !== undefined) throw new QueueError('ERR_QUEUE_CLOSED', 'the queue is closed');
  }

  async #refuseIfFull(): Promise<void> {
    const { waiting, delayed } = await this.counts();
    if (waiting + delayed >= this.#terms.maxWaiting) throw new QueueError('ERR_QUEUE_FULL', `${this.#terms.maxWaiting} jobs wait, and no more may`);
  }

  async #ask<R>(what: string, answer: Promise<R>): Promise<R> {
    try {
      return await answer;
    } catch (error) {
      // JSON.stringify's for what it cannot write; neither BullMQ nor ioredis answers with one.
      if (error instanceof TypeError) throw new QueueError('ERR_QUEUE_DATA', `not JSON: ${error.message}`, { cause: error });
      throw unavailable(what, this.#address.clean(error));
    }
  }
}

function checked<T>(options: RedisQueueOptions<T>): QueueTerms {
  const { name, prefix = 'midgard', lockMs = 30_000, timeoutMs = 5000 } = options;
  for (const [field, value] of Object.entries({ name, prefix })) {
    if (!namePattern.test(value)) throw new QueueError('ERR_QUEUE_OPTIONS', `${field} must be 1 to 100 of A-Z a-z 0-9 . _ -, and is "${value}"`);
  }
  checkWhole('lockMs', lockMs, 100, maxTimerMs);
  checkWhole('timeoutMs', timeoutMs, 1, maxTimerMs);
  return queueTerms(options);
}

function unavailable(what: string, cause: Error): QueueError {
  return new QueueError('ERR_QUEUE_UNAVAILABLE', `${what}: Redis did not confirm it: ${cause.message}`, { cause });
}

async function settlesWithin(settling: Promise<void>, timeMs: number): Promise<boolean> {
  const { promise: timedOut, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeMs);
  try {
    return await Promise.race([settling.then(() => true), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
