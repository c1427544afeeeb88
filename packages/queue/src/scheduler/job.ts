import { QueueError } from '../errors.ts';
import { tell } from '../throw-later.ts';
import type { Clock, Timer, Timers } from '../timers.ts';
import type { ScheduledTask, ScheduleTerms } from './schedule-options.ts';
import type { SchedulerListener } from './scheduler-listener.ts';
import type { Timetable } from './timetable.ts';

/**
 * The longest sleep. The timers of the process stand still while the machine is suspended and know nothing of a clock that is set, so
 * the time of day is looked at once a minute; and no timer can wait for more than 24 days.
 */
const maxSleepMs = 60_000;

/** What a job has of the world. */
export interface JobWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly listener: SchedulerListener;
  readonly isIdle: boolean;
  /** Told of a job when it is over: nothing is under way and nothing to come. */
  readonly over: (job: Job) => void;
}

/** One job: sleeps until it is due, decides what to do about runs that could not start in time, and runs. */
export class Job {
  readonly name: string;
  readonly timetable: Timetable;
  readonly #terms: ScheduleTerms;
  readonly #task: ScheduledTask;
  readonly #world: JobWorld;
  readonly #running = new Map<AbortController, Promise<void>>();
  /** Runs that are due and wait for the end of the one under way. */
  #waiting: number[] = [];
  /** The newest time of the timetable that has been dealt with. */
  #handledMs: number;
  #jitterMs = 0;
  #sleep: Timer | undefined = undefined;
  nextRunAtMs: number | undefined = undefined;
  lastRunAtMs: number | undefined = undefined;
  lastError: unknown = undefined;

  constructor(name: string, timetable: Timetable, terms: ScheduleTerms, task: ScheduledTask, world: JobWorld) {
    this.name = name;
    this.timetable = timetable;
    this.#terms = terms;
    this.#task = task;
    this.#world = world;
    this.#handledMs = world.clock.now();
    this.#plan();
  }

  /** Runs under way. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether there is nothing under way and nothing to come. */
  get isOver(): boolean {
    return this.nextRunAtMs === undefined && this.#running.size === 0;
  }

  /** @throws {QueueError} `ERR_QUEUE_JOB`: it runs, and must not overlap */
  runNow(): Promise<void> {
    if (this.#mustWait()) throw new QueueError('ERR_QUEUE_JOB', `job "${this.name}" runs, and does not allow overlap`);
    return this.#run(this.#world.clock.now());
  }

  /** No run starts any more; those under way go on. */
  stop(): void {
    this.#sleep?.cancel();
    this.nextRunAtMs = undefined;
    for (const atMs of this.#waiting.splice(0)) this.#skip(atMs);
  }

  /** Tells the runs under way to end. */
  abort(reason: QueueError): void {
    for (const controller of this.#running.keys()) controller.abort(reason);
  }

  /** Settles when all that is under way now has ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  #plan(): void {
    const nextMs = this.timetable.next(this.#handledMs);
    this.#jitterMs = this.#terms.jitterMs === 0 ? 0 : Math.floor(this.#world.random() * this.#terms.jitterMs);
    this.nextRunAtMs = nextMs === undefined ? undefined : nextMs + this.#jitterMs;
    this.#sleepOn();
  }

  #sleepOn(): void {
    if (this.nextRunAtMs === undefined) return;
    const { clock, timers, isIdle } = this.#world;
    const delayMs = Math.max(1, Math.ceil(this.nextRunAtMs - clock.now()));
    this.#sleep = timers.after(Math.min(delayMs, maxSleepMs), () => this.#wake(), isIdle);
  }

  #wake(): void {
    const nowMs = this.#world.clock.now();
    if (this.nextRunAtMs === undefined || nowMs < this.nextRunAtMs) return this.#sleepOn();
    const { missed, maxMissed, toleranceMs } = this.#terms;
    const due = this.timetable.between(this.#handledMs, nowMs, missed === 'all' ? maxMissed : 1);
    const newestMs = due.at(-1) ?? nowMs;
    const isTooLate = missed === 'skip' && nowMs - newestMs - this.#jitterMs > toleranceMs;
    this.#handledMs = newestMs;
    this.#plan();
    for (const atMs of due) {
      if (isTooLate) this.#skip(atMs);
      else this.#startOrWait(atMs);
    }
  }

  #startOrWait(atMs: number): void {
    if (!this.#mustWait()) return void this.#run(atMs);
    const { missed, maxMissed } = this.#terms;
    if (missed === 'skip') return this.#skip(atMs);
    this.#waiting.push(atMs);
    const tooMany = this.#waiting.length - (missed === 'all' ? maxMissed : 1);
    for (const skippedMs of this.#waiting.splice(0, tooMany)) this.#skip(skippedMs);
  }

  #mustWait(): boolean {
    return this.#running.size > 0 && !this.#terms.isOverlapAllowed;
  }

  #run(scheduledAtMs: number): Promise<void> {
    const controller = new AbortController();
    // On a turn of its own: the run is on the list before the task can ask for another.
    const run = Promise.resolve().then(() => this.#attempt(scheduledAtMs, controller.signal));
    const ended = run.finally(() => this.#end(controller));
    this.#running.set(controller, ended);
    // The listener hears of errors; whoever called runNow and does not look must not end the process.
    ended.catch(() => {});
    return ended;
  }

  async #attempt(scheduledAtMs: number, signal: AbortSignal): Promise<void> {
    const { clock, listener } = this.#world;
    const { name } = this;
    const startedMs = clock.now();
    this.lastRunAtMs = startedMs;
    tell(() => listener.started?.(name, scheduledAtMs));
    try {
      await this.#task({ name, scheduledAtMs, signal });
      this.lastError = undefined;
      tell(() => listener.finished?.(name, clock.now() - startedMs));
    } catch (error) {
      this.lastError = error;
      tell(() => listener.failed?.(name, error));
      throw error;
    }
  }

  #end(controller: AbortController): void {
    this.#running.delete(controller);
    const atMs = this.#waiting.shift();
    if (atMs !== undefined) this.#startOrWait(atMs);
    else if (this.isOver) this.#world.over(this);
  }

  #skip(scheduledAtMs: number): void {
    tell(() => this.#world.listener.skipped?.(this.name, scheduledAtMs));
  }
}
