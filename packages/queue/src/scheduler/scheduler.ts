import { QueueError } from '../errors.ts';
import { isWithin, processTimers, type Clock, type Timers } from '../timers.ts';
import { Job, type JobWorld } from './job.ts';
import { scheduleTerms, type CronOptions, type ScheduledTask, type ScheduleOptions } from './schedule-options.ts';
import type { SchedulerListener } from './scheduler-listener.ts';
import { ofCron, once, periodic, type Timetable } from './timetable.ts';

/** Set-up of {@link Scheduler}. */
export interface SchedulerOptions {
  readonly listener?: SchedulerListener;
  /** True: jobs alone do not keep the process alive, as with `unref`. Default false. */
  readonly isIdle?: boolean;
  /** Epoch milliseconds; default `Date`. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** 0 (included) to 1 (excluded), for jitter; default `Math.random`. */
  readonly random?: () => number;
}

/** How a job stands. Times are epoch milliseconds. */
export interface ScheduledJob {
  readonly name: string;
  readonly kind: 'after' | 'every' | 'cron';
  /** Undefined if no further run is to come. */
  readonly nextRunAtMs: number | undefined;
  /** When the newest run started. */
  readonly lastRunAtMs: number | undefined;
  /** What the run threw that ended last; undefined if it ended well. */
  readonly lastError: unknown;
  /** Runs under way. */
  readonly running: number;
}

/**
 * Runs jobs of this process after a while, every so often, or by a cron pattern.
 *
 * Each job has a name of its own. A run that fails is reported and kills nothing; unless told otherwise no job overlaps itself. What is
 * scheduled lives in memory only: after a restart it is scheduled anew. The clock is looked at once a minute at least, so a job is not
 * late for long after the machine was suspended or its clock was set forward.
 *
 * @example
 * ```ts
 * import { Scheduler } from '@midgard/queue';
 *
 * const scheduler = new Scheduler({ listener: { failed: (name, error) => console.error(name, error) } });
 * scheduler.every('sweep', 60_000, () => console.log('swept'), { jitterMs: 5000 });
 * scheduler.cron('report', '30 3 * * MON-FRI', async ({ signal }) => {
 *   await fetch('https://example.org/report', { signal });
 * }, { timeZone: 'Europe/Berlin', missed: 'skip' });
 * await scheduler.close({ graceMs: 10_000 });
 * ```
 */
export class Scheduler {
  readonly #jobs = new Map<string, Job>();
  /** Taken off the schedule, with runs still under way. */
  readonly #leaving = new Set<Job>();
  readonly #world: JobWorld;
  #closed: Promise<string[]> | undefined = undefined;

  constructor({ listener = {}, isIdle = false, clock = Date, timers = processTimers, random = Math.random }: SchedulerOptions = {}) {
    this.#world = { listener, isIdle, clock, timers, random, over: (job) => this.#forget(job) };
  }

  /**
   * Runs a task once.
   *
   * @param delayMs at least 0, and as long as one likes
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: `delayMs`; `ERR_QUEUE_JOB`: the name is taken; `ERR_QUEUE_CLOSED`
   */
  after(name: string, delayMs: number, task: ScheduledTask): void {
    if (!(delayMs >= 0 && delayMs < Infinity)) throw new QueueError('ERR_QUEUE_OPTIONS', 'delayMs must be a number of 0 or more');
    // A timetable is asked for times after now.
    this.#add(name, once(this.#world.clock.now() + Math.max(delayMs, 1)), task, {}, Infinity);
  }

  /**
   * Runs a task at a steady rate, for the first time after one period.
   *
   * @param periodMs at least 1; times are counted from now, so that the time a run takes shifts nothing
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`; `ERR_QUEUE_JOB`: the name is taken; `ERR_QUEUE_CLOSED`
   */
  every(name: string, periodMs: number, task: ScheduledTask, options: ScheduleOptions = {}): void {
    if (periodMs === Infinity) throw new QueueError('ERR_QUEUE_OPTIONS', 'periodMs must be a number of at least 1');
    this.#add(name, periodic(this.#world.clock.now(), periodMs), task, options, periodMs);
  }

  /**
   * Runs a task at the times of a cron pattern. Patterns are read by croner: five fields, six with seconds in front, seven with the
   * year at the end, names of months and days, `L`, `W`, `#`, `@daily` and the like. In a daylight saving gap a job of a fixed time runs
   * right after the gap, and once where a time comes twice.
   *
   * @throws {QueueError} `ERR_QUEUE_CRON`: the pattern or the time zone cannot be read, or names a time that never comes;
   *   `ERR_QUEUE_OPTIONS`; `ERR_QUEUE_JOB`: the name is taken; `ERR_QUEUE_CLOSED`
   * @see https://croner.56k.guru/usage/pattern/
   */
  cron(name: string, pattern: string, task: ScheduledTask, options: CronOptions = {}): void {
    this.#add(name, ofCron(pattern, options.timeZone ?? 'UTC', this.#world.clock.now()), task, options, Infinity);
  }

  /**
   * Takes a job off the schedule. A run under way goes on, and {@link close} waits for it; the name is free at once.
   *
   * @returns whether there was a job of this name
   */
  cancel(name: string): boolean {
    const job = this.#jobs.get(name);
    if (job === undefined) return false;
    this.#jobs.delete(name);
    job.stop();
    if (job.running > 0) this.#leaving.add(job);
    return true;
  }

  /**
   * Runs a job now, beside its schedule, which stays as it is.
   *
   * @returns settles as the run does; the listener hears of an error as well
   * @throws {QueueError} `ERR_QUEUE_JOB`: there is no job of this name, or it runs and must not overlap; `ERR_QUEUE_CLOSED`
   */
  async runNow(name: string): Promise<void> {
    this.#requireOpen();
    const job = this.#jobs.get(name);
    if (job === undefined) throw new QueueError('ERR_QUEUE_JOB', `there is no job "${name}"`);
    await job.runNow();
  }

  /** Every job, in the order in which they were scheduled. */
  list(): ScheduledJob[] {
    return [...this.#jobs.values()].map(({ name, timetable: { kind }, nextRunAtMs, lastRunAtMs, lastError, running }) => ({
      name,
      kind,
      nextRunAtMs,
      lastRunAtMs,
      lastError,
      running,
    }));
  }

  /**
   * Starts no run any more, waits for those under way, then aborts their signals and waits once more.
   *
   * @param options.graceMs how long runs may take to end by themselves; default 10,000
   * @param options.abortMs how long they may take once aborted; default 1000
   * @returns names of the jobs that still run: they took no notice of their signal
   */
  close({ graceMs = 10_000, abortMs = 1000 }: { readonly graceMs?: number; readonly abortMs?: number } = {}): Promise<string[]> {
    this.#closed ??= this.#close(graceMs, abortMs);
    return this.#closed;
  }

  /** {@link close} with its defaults. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(name: string, timetable: Timetable, task: ScheduledTask, options: ScheduleOptions, periodMs: number): void {
    this.#requireOpen();
    if (this.#jobs.has(name)) throw new QueueError('ERR_QUEUE_JOB', `there is a job "${name}" already`);
    this.#jobs.set(name, new Job(name, timetable, scheduleTerms(options, periodMs), task, this.#world));
  }

  #forget(job: Job): void {
    this.#leaving.delete(job);
    if (this.#jobs.get(job.name) === job) this.#jobs.delete(job.name);
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) throw new QueueError('ERR_QUEUE_CLOSED', 'the scheduler is closed');
  }

  async #close(graceMs: number, abortMs: number): Promise<string[]> {
    const jobs = [...this.#jobs.values(), ...this.#leaving];
    for (const job of jobs) job.stop();
    const allEnded = Promise.all(jobs.map((job) => job.ended()));
    if (!(await isWithin(allEnded, graceMs, this.#world.timers))) {
      const reason = new QueueError('ERR_QUEUE_CLOSED', `the scheduler is closed, and ${graceMs} ms of grace are over`);
      for (const job of jobs) job.abort(reason);
      await isWithin(allEnded, abortMs, this.#world.timers);
    }
    return jobs.filter(({ running }) => running > 0).map(({ name }) => name);
  }
}
