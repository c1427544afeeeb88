import { Crew, type Member } from './crew.ts';
import { WorkersError } from './errors.ts';
import type { Job, TaskOutcome } from './job.ts';
import { PoolFigures, type WorkerPoolStats } from './pool-figures.ts';
import { type CloseOptions, type PoolSettings, poolSettings, type RunOptions, type ThreadEvent, type WorkerPoolOptions } from './pool-options.ts';
import { priorities, PriorityLine } from './priority-line.ts';
import { decideSize, type SizeDecision } from './sizing.ts';
import type { TaskInput, TaskName, TaskOutput } from './task-types.ts';
import { tell } from './tell.ts';
import { maxTimerMs, requireTimeout, type Timer } from './time.ts';

/**
 * Runs CPU work on threads, as many as the waiting asks for: one more as soon as a task has waited for `targetDelayMs`, back to
 * `minThreads` when they idle.
 *
 * Each thread does one task at a time. A task that runs too long or is aborted loses its thread, which is destroyed whatever it
 * does and replaced; no other task notices. A full queue refuses at once. Every accepted task settles exactly once. The pool's own work is O(1) a task.
 *
 * @example
 * ```ts
 * import { WorkerPool } from '@midgard/workers';
 *
 * // In a file of its own, say tasks.ts: export const checksum = (text: string): number => …
 * interface Tasks {
 *   checksum(text: string): number;
 * }
 * const pool = new WorkerPool<Tasks>({ name: 'checksums', file: new URL('./tasks.ts', import.meta.url), maxThreads: 2 });
 * await pool.run('checksum', 'a long text', { priority: 'high', timeoutMs: 1000 });
 * await pool.close({ graceMs: 5000 });
 * ```
 */
export class WorkerPool<Tasks> implements AsyncDisposable {
  readonly name: string;
  readonly #settings: PoolSettings;
  readonly #line = new PriorityLine<Job>();
  readonly #crew: Crew<Job>;
  readonly #figures = new PoolFigures();
  #failedStartAt = -Infinity;
  #check: { readonly timer: Timer; readonly dueAt: number } | undefined = undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined = undefined;
  #onDrained: (() => void) | undefined = undefined;
  #isStopped = false;

  /** @throws {WorkersError} `ERR_WORKERS_OPTIONS`: a name, a bound or a time makes no sense */
  constructor(options: WorkerPoolOptions) {
    this.#settings = poolSettings(options);
    this.name = this.#settings.name;
    this.#crew = new Crew<Job>(this.#settings.startThread, this.#settings.clock, {
      onReady: () => this.#pump(),
      onGone: (member, cause) => this.#lose(member, cause),
    });
    this.#fit();
  }

  /**
   * Runs an exported function of the pool's module on a thread.
   *
   * Input and result are copied by structured clone, unless moved (`transfer`, {@link moved}). What the task throws arrives as a copy:
   * message, stack and built-in name, not its class or `code`.
   *
   * @param task the name of the function
   * @param input its argument
   * @throws {WorkersError} `ERR_WORKERS_OVERLOADED`: as many wait as may; `ERR_WORKERS_TIMEOUT`: it was on its thread for too long;
   *   `ERR_WORKERS_CRASHED`: its thread died, or none could be started, see `cause`; `ERR_WORKERS_CLOSED`; `ERR_WORKERS_OPTIONS`
   * @throws the reason of `signal`; what the task throws; a DataCloneError if the input cannot be copied
   */
  async run<Name extends TaskName<Tasks>>(task: Name, input: TaskInput<Tasks, Name>, options: RunOptions = {}): Promise<TaskOutput<Tasks, Name>> {
    const { priority = 'normal', timeoutMs = this.#settings.timeoutMs, signal, transfer = [] } = options;
    if (this.#isClosing) throw closedError(this.name);
    signal?.throwIfAborted();
    requireTimeout('timeoutMs', timeoutMs);
    if (!priorities.includes(priority)) throw new WorkersError('ERR_WORKERS_OPTIONS', `priority must be ${priorities.join(', ')}`);
    return new Promise((resolve, reject) => {
      const job: Job = {
        task,
        priority,
        timeoutMs,
        signal,
        onAbort: () => this.#giveUp(job, 'aborted', signal?.reason),
        enqueuedAt: this.#settings.clock.now(),
        startedAt: undefined,
        place: undefined,
        member: undefined,
        timer: undefined,
        isSettled: false,
        execute: async (thread) => {
          const output = await thread.run<TaskOutput<Tasks, Name>>({ file: this.#settings.file, task, input, transfer });
          return () => resolve(output);
        },
        reject,
      };
      this.#admit(job);
    });
  }

  /** What it does and has done. O(1) but for sorting 512 numbers. */
  stats(): WorkerPoolStats {
    return this.#figures.stats({ name: this.name, threads: this.#crew.size, running: this.#crew.busy, queued: this.#line.size });
  }

  /**
   * Takes no more, lets what runs and what waits end within the time of grace, rejects the rest and ends the threads. A second call waits for the first.
   *
   * @throws {WorkersError} `ERR_WORKERS_OPTIONS`: `graceMs` is out of range
   */
  async close({ graceMs = 10_000 }: CloseOptions = {}): Promise<void> {
    if (!(graceMs >= 0 && graceMs <= maxTimerMs)) throw new WorkersError('ERR_WORKERS_OPTIONS', `graceMs must be 0 to ${maxTimerMs}`);
    this.#isClosing = true;
    this.#closed ??= this.#drainAndStop(graceMs);
    await this.#closed;
  }

  /** {@link close} with the default time of grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #admit(job: Job): void {
    const member = this.#crew.take(job);
    if (member === undefined && this.#line.size >= this.#settings.maxQueued) {
      this.#figures.refused += 1;
      job.reject(new WorkersError('ERR_WORKERS_OVERLOADED', `${this.#settings.maxQueued} tasks wait in pool ${this.name} already`));
      tell(() => this.#settings.listener.onRefused?.({ pool: this.name, task: job.task }));
      return;
    }
    this.#figures.accepted += 1;
    job.signal?.addEventListener('abort', job.onAbort, { once: true });
    if (member === undefined) {
      job.place = this.#line.push(job, job.priority);
      this.#fit();
    } else {
      this.#begin(job, member);
    }
  }

  /** Puts waiting tasks on free threads, then sees whether the size still fits. */
  #pump(): void {
    while (this.#line.size > 0 && this.#crew.idle > 0) {
      const job = this.#line.shift();
      const member = job === undefined ? undefined : this.#crew.take(job);
      if (job !== undefined && member !== undefined) this.#begin(job, member);
    }
    this.#fit();
  }

  #begin(job: Job, member: Member<Job>): void {
    const { clock, timers } = this.#settings;
    job.place = undefined;
    job.member = member;
    job.startedAt = clock.now();
    this.#figures.wait.add(job.startedAt - job.enqueuedAt);
    if (job.timeoutMs !== Infinity) {
      job.timer = timers.after(job.timeoutMs, () => this.#giveUp(job, 'timedOut', timeoutError(job)));
    }
    job.execute(member.thread).then(
      (deliver) => this.#end(job, member, 'completed', deliver),
      (error: unknown) => this.#end(job, member, 'failed', () => job.reject(error)),
    );
  }

  #end(job: Job, member: Member<Job>, outcome: TaskOutcome, deliver: () => void): void {
    // A thread that was destroyed rejects what it did, long after the caller was told why.
    if (job.isSettled) return;
    this.#crew.giveBack(member);
    this.#settle(job, outcome, deliver);
    this.#pump();
  }

  /** Ends a task that has not ended by itself, wherever it is. */
  #giveUp(job: Job, outcome: TaskOutcome, error: unknown): void {
    if (job.isSettled) return;
    if (job.place !== undefined) this.#line.remove(job.place, job.priority);
    if (job.member !== undefined) this.#crew.stop(job.member);
    this.#settle(job, outcome, () => job.reject(error));
    if (job.member === undefined) return;
    this.#tellThreads('killed');
    this.#replace();
  }

  #settle(job: Job, outcome: TaskOutcome, deliver: () => void): void {
    const { clock, listener } = this.#settings;
    const { task, priority, enqueuedAt, startedAt } = job;
    job.isSettled = true;
    job.timer?.cancel();
    job.signal?.removeEventListener('abort', job.onAbort);
    deliver();
    const now = clock.now();
    const runMs = startedAt === undefined ? undefined : now - startedAt;
    this.#figures.outcomes[outcome] += 1;
    if (runMs !== undefined) this.#figures.run.add(runMs);
    const waitMs = (startedAt ?? now) - enqueuedAt;
    tell(() => listener.onTask?.({ pool: this.name, task, priority, outcome, waitMs, runMs }));
    if (this.#isDrained()) this.#onDrained?.();
  }

  #lose(member: Member<Job>, cause: unknown): void {
    if (!member.isReady) {
      this.#failStart(cause);
      return;
    }
    this.#tellThreads('crashed', cause);
    const { job } = member;
    if (job !== undefined) this.#settle(job, 'crashed', () => job.reject(crashedError(this.name, cause)));
    this.#replace();
  }

  /** Who waits while not one thread can be started must learn of it; where others work, it waits for one of them. */
  #failStart(cause: unknown): void {
    this.#failedStartAt = this.#settings.clock.now();
    this.#tellThreads('crashed', cause);
    const job = this.#crew.size === 0 ? this.#line.shift() : undefined;
    if (job !== undefined) this.#settle(job, 'crashed', () => job.reject(crashedError(this.name, cause)));
    this.#fit();
  }

  /** A thread was lost on a task. Whoever waits had a right to it, so it is replaced without a new delay. */
  #replace(): void {
    if (this.#line.size > 0) this.#startThread();
    this.#fit();
  }

  #startThread(): void {
    this.#crew.start();
    this.#tellThreads('started');
  }

  /** Starts and stops threads until the size fits, and sees to it that somebody looks again. */
  #fit(): void {
    while (!this.#isStopped) {
      const { action, againInMs } = this.#decide();
      if (action === 'hold') {
        this.#checkIn(againInMs);
        return;
      }
      if (action === 'grow') {
        this.#startThread();
      } else {
        this.#crew.stopOldestIdle();
        this.#tellThreads('idle');
      }
    }
  }

  #decide(): SizeDecision {
    const now = this.#settings.clock.now();
    const load = {
      threads: this.#crew.size,
      starting: this.#crew.starting,
      queued: this.#line.size,
      oldestWaitMs: now - (this.#line.oldestEnqueuedAt ?? now),
      idle: this.#crew.idle,
      longestIdleMs: now - (this.#crew.oldestIdleSince ?? now),
      sinceFailedStartMs: now - this.#failedStartAt,
    };
    return decideSize(load, this.#settings);
  }

  #checkIn(inMs: number): void {
    const { clock, timers } = this.#settings;
    const dueAt = clock.now() + inMs;
    // An earlier look will see to the later one; so a busy pool sets a timer a delay and not a task.
    if (inMs === Infinity || (this.#check !== undefined && this.#check.dueAt <= dueAt)) return;
    this.#check?.timer.cancel();
    const look = (): void => {
      this.#check = undefined;
      this.#fit();
    };
    this.#check = { dueAt, timer: timers.after(Math.ceil(inMs), look) };
  }

  #isDrained(): boolean {
    return this.#line.size === 0 && this.#crew.busy === 0;
  }

  async #drainAndStop(graceMs: number): Promise<void> {
    if (graceMs > 0 && !this.#isDrained()) await this.#drained(graceMs);
    this.#isStopped = true;
    this.#check?.timer.cancel();
    for (let job = this.#line.shift(); job !== undefined; job = this.#line.shift()) this.#giveUp(job, 'closed', closedError(this.name));
    for (const job of this.#crew.jobs()) this.#giveUp(job, 'closed', closedError(this.name));
    await this.#crew.stopAll();
  }

  #drained(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#settings.timers.after(graceMs, resolve);
      this.#onDrained = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #tellThreads(change: ThreadEvent['change'], cause?: unknown): void {
    const { listener } = this.#settings;
    tell(() => listener.onThreads?.({ pool: this.name, change, threads: this.#crew.size, ...(cause === undefined ? {} : { cause }) }));
  }
}

function closedError(pool: string): WorkersError {
  return new WorkersError('ERR_WORKERS_CLOSED', `pool ${pool} is closed`);
}

function timeoutError({ task, timeoutMs }: Job): WorkersError {
  return new WorkersError('ERR_WORKERS_TIMEOUT', `task ${task} was on its thread for ${timeoutMs} ms`);
}

function crashedError(pool: string, cause: unknown): WorkersError {
  return new WorkersError('ERR_WORKERS_CRASHED', `a thread of pool ${pool} died`, { cause });
}
