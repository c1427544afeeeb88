import { QueueError } from './errors.ts';
import { attemptJob, reasonOf, type Outcome, type Work } from './job-attempt.ts';
import { StartWindow } from './local-queue-rate.ts';
import { PriorityQueue } from './priority-queue.ts';
import { checkWhole, jobTerms, processTerms, queueTerms, type JobTerms, type QueueTerms } from './queue-options.ts';
import type { AddOptions, Backoff, DeadLetter, JobHandler, ProcessOptions, Queue, QueueCounts, QueueListener, QueueOptions, UnfinishedJob } from './queue.ts';
import { maxTimerMs, processTimers, type Clock, type Timer, type Timers } from './timers.ts';

/** What a {@link LocalQueue} can be told. */
export interface LocalQueueOptions<T> extends QueueOptions {
  /** Looks at the data before the handler gets it; what throws is a dead letter (default: the data is taken as it was added). */
  readonly parse?: (data: unknown) => T;
  /** Epoch milliseconds that never go back (default: those of the process). */
  readonly clock?: Clock;
  /** Default: those of the process. */
  readonly timers?: Timers;
}

class Entry<T> {
  readonly id: string;
  readonly data: T;
  readonly priority: number;
  readonly attempts: number;
  readonly backoff: Backoff;
  starts = 0;
  dueAtMs = 0;

  constructor({ id, priority, attempts, backoff }: JobTerms, data: T) {
    this.id = id;
    this.data = data;
    this.priority = priority;
    this.attempts = attempts;
    this.backoff = backoff;
  }
}

// Unlike Date.now, it does not jump when somebody sets the clock of the machine.
const processClock: Clock = { now: () => performance.timeOrigin + performance.now() };
const defaultMaxDead = 10_000;

/**
 * A {@link Queue} in the memory of this process: what is in it ends with the process, and `close` gives back what was not done.
 *
 * Data is kept by reference and not copied. `add` and the start of a job are O(log n). A handler that never waits for anything leaves
 * no room for anything else in this process, here as everywhere.
 *
 * @example
 * ```ts
 * import { LocalQueue } from '@midgard/queue';
 *
 * const mails = new LocalQueue<{ to: string }>({ attempts: 5, maxWaiting: 10_000 });
 * mails.process(async ({ data }) => console.log(`to ${data.to}`), { concurrency: 4 });
 * await mails.add({ to: 'astrid@example.org' }, { priority: 1 });
 * const notDone = await mails.close({ graceMs: 5000 });
 * ```
 */
export class LocalQueue<T> implements Queue<T> {
  readonly #terms: QueueTerms;
  readonly #listener: QueueListener;
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #parse: (data: T) => T;

  readonly #waiting = new PriorityQueue<Entry<T>>();
  readonly #delayed = new PriorityQueue<Entry<T>>();
  readonly #active = new Set<Entry<T>>();
  readonly #dead = new Map<string, { readonly entry: Entry<T>; readonly letter: DeadLetter }>();
  /** The ids that callers gave, of jobs that are anywhere here; an id that we made cannot come again. */
  readonly #givenIds = new Set<string>();
  readonly #doneIds = new Set<string>();

  #work: (Work<T, T> & { readonly concurrency: number }) | undefined;
  #window: StartWindow | undefined;
  #wake: { readonly atMs: number; readonly timer: Timer } | undefined;
  #closed: Promise<readonly UnfinishedJob<T>[]> | undefined;
  readonly #giveUp = new AbortController();
  #onIdle: (() => void) | undefined;

  /** @throws {QueueError} `ERR_QUEUE_OPTIONS`: a number makes no sense */
  constructor(options: LocalQueueOptions<T> = {}) {
    this.#terms = queueTerms({ maxDead: defaultMaxDead, ...options });
    const { listener = {}, random = Math.random, clock = processClock, timers = processTimers, parse = (data: T): T => data } = options;
    this.#listener = listener;
    this.#random = random;
    this.#clock = clock;
    this.#timers = timers;
    this.#parse = parse;
  }

  async add(data: T, options: AddOptions = {}): Promise<string> {
    this.#refuseIfClosed();
    const terms = jobTerms(options, this.#terms);
    if (this.#waiting.size + this.#delayed.size >= this.#terms.maxWaiting) {
      throw new QueueError('ERR_QUEUE_FULL', `${this.#terms.maxWaiting} jobs wait, and no more may`);
    }
    if (options.jobId !== undefined) {
      if (this.#givenIds.has(terms.id) || this.#doneIds.has(terms.id)) return terms.id;
      this.#givenIds.add(terms.id);
    }
    this.#enqueue(new Entry(terms, data), terms.delayMs);
    this.#pump();
    return terms.id;
  }

  process(handler: JobHandler<T>, options: ProcessOptions = {}): void {
    this.#refuseIfClosed();
    const { concurrency, rateLimit } = processTerms(options);
    if (this.#work !== undefined) throw new QueueError('ERR_QUEUE_OPTIONS', 'the queue has a handler already; concurrency takes more at a time');
    this.#work = { parse: this.#parse, handler, random: this.#random, concurrency };
    if (rateLimit !== undefined) this.#window = new StartWindow(rateLimit);
    this.#pump();
  }

  counts(): Promise<QueueCounts> {
    this.#takeDue(this.#clock.now());
    return Promise.resolve({ waiting: this.#waiting.size, delayed: this.#delayed.size, active: this.#active.size, dead: this.#dead.size });
  }

  async deadLetters({ offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    checkWhole('offset', offset, 0);
    checkWhole('limit', limit, 1);
    return [...this.#dead.values()].slice(offset, offset + limit).map(({ letter }) => letter);
  }

  async retryDeadLetter(id: string): Promise<boolean> {
    this.#refuseIfClosed();
    const dead = this.#dead.get(id);
    if (dead === undefined) return false;
    this.#dead.delete(id);
    dead.entry.starts = 0;
    this.#enqueue(dead.entry, 0);
    this.#pump();
    return true;
  }

  removeDeadLetter(id: string): Promise<boolean> {
    const isThere = this.#dead.delete(id);
    if (isThere) this.#givenIds.delete(id);
    return Promise.resolve(isThere);
  }

  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<readonly UnfinishedJob<T>[]> {
    checkWhole('graceMs', graceMs, 0, maxTimerMs);
    this.#closed ??= this.#shutDown(graceMs);
    return this.#closed;
  }

  async #shutDown(graceMs: number): Promise<readonly UnfinishedJob<T>[]> {
    this.#wake?.timer.cancel();
    if (this.#active.size > 0) await this.#idleWithin(graceMs);
    const left = [...this.#active];
    this.#active.clear();
    this.#giveUp.abort(new QueueError('ERR_QUEUE_CLOSED', 'the queue is closed, and no longer waits for this handler'));
    for (const queue of [this.#waiting, this.#delayed]) {
      for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) left.push(entry);
    }
    return left.map(({ id, data, starts }) => ({ id, data, attempts: starts }));
  }

  async #idleWithin(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const timer = this.#timers.after(graceMs, resolve);
    await promise;
    timer.cancel();
  }

  #refuseIfClosed(): void {
    if (this.#closed !== undefined) throw new QueueError('ERR_QUEUE_CLOSED', 'the queue is closed');
  }

  #enqueue(entry: Entry<T>, delayMs: number): void {
    if (delayMs === 0) {
      this.#waiting.push(entry, entry.priority);
      return;
    }
    entry.dueAtMs = this.#clock.now() + delayMs;
    this.#delayed.push(entry, entry.dueAtMs);
  }

  /** Starts what may be started now, and sees to it that it is called again when more may. */
  #pump(): void {
    const work = this.#work;
    if (work === undefined || this.#closed !== undefined) return;
    const nowMs = this.#clock.now();
    this.#takeDue(nowMs);
    while (this.#waiting.size > 0 && this.#active.size < work.concurrency) {
      if (this.#window?.take(nowMs) === false) break;
      const entry = this.#waiting.pop();
      if (entry !== undefined) void this.#run(entry, work);
    }
    this.#wakeFor(nowMs, work.concurrency);
  }

  #takeDue(nowMs: number): void {
    for (let first = this.#delayed.peek(); first !== undefined && first.dueAtMs <= nowMs; first = this.#delayed.peek()) {
      this.#delayed.pop();
      this.#waiting.push(first, first.priority);
    }
  }

  #wakeFor(nowMs: number, concurrency: number): void {
    const isHeldByRate = this.#waiting.size > 0 && this.#active.size < concurrency;
    const windowMs = isHeldByRate ? (this.#window?.endsAtMs ?? Infinity) : Infinity;
    const atMs = Math.min(this.#delayed.peek()?.dueAtMs ?? Infinity, windowMs);
    if (atMs === this.#wake?.atMs) return;
    this.#wake?.timer.cancel();
    this.#wake = undefined;
    if (atMs === Infinity) return;
    // A process timer may fire a fraction of a millisecond early; rounded up it need not be set twice.
    const delayMs = Math.min(Math.max(0, Math.ceil(atMs - nowMs)), maxTimerMs);
    const timer = this.#timers.after(delayMs, () => {
      this.#wake = undefined;
      this.#pump();
    });
    this.#wake = { atMs, timer };
  }

  async #run(entry: Entry<T>, work: Work<T, T>): Promise<void> {
    entry.starts += 1;
    this.#active.add(entry);
    const { id, data, starts: attempt, attempts: maxAttempts, backoff } = entry;
    const outcome = await attemptJob({ id, data, attempt, maxAttempts, backoff, signal: this.#giveUp.signal }, work);
    const isOurs = this.#active.delete(entry);
    if (!isOurs) return; // The closed queue has given it back to the caller.
    this.#settle(entry, outcome);
    if (this.#active.size === 0) this.#onIdle?.();
    this.#pump();
  }

  #settle(entry: Entry<T>, outcome: Outcome): void {
    if (outcome.kind === 'retry') {
      this.#enqueue(entry, outcome.delayMs);
      this.#listener.onRetry?.(entry.id, outcome.error, outcome.delayMs);
    } else if (outcome.kind === 'dead') {
      this.#bury(entry, reasonOf(outcome.error));
    } else {
      if (this.#givenIds.delete(entry.id)) this.#rememberDone(entry.id);
      this.#listener.onDone?.(entry.id);
    }
  }

  #bury(entry: Entry<T>, reason: string): void {
    const { id, data, starts: attempts } = entry;
    this.#dead.set(id, { entry, letter: { id, data, reason, attempts, diedAtMs: Math.floor(this.#clock.now()) } });
    if (this.#dead.size > this.#terms.maxDead) {
      const [oldest = id] = this.#dead.keys();
      this.#dead.delete(oldest);
      this.#givenIds.delete(oldest);
    }
    this.#listener.onDeadLetter?.(id, reason);
  }

  #rememberDone(id: string): void {
    this.#doneIds.add(id);
    if (this.#doneIds.size <= this.#terms.keepDone) return;
    const [oldest = id] = this.#doneIds;
    this.#doneIds.delete(oldest);
  }
}
