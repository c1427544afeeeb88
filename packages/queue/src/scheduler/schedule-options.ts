import { QueueError } from '../errors.ts';

/** What a run is told. */
export interface ScheduledRun {
  readonly name: string;
  /** The time that this run was due, epoch milliseconds; for `runNow` the time of the call. */
  readonly scheduledAtMs: number;
  /** Aborted when the scheduler is closed and its grace is over. */
  readonly signal: AbortSignal;
}

/** What is to be done. What it throws, or rejects with, is reported, and the next run comes all the same. */
export type ScheduledTask = (run: ScheduledRun) => unknown;

/** How one job runs that comes again and again. */
export interface ScheduleOptions {
  /** True: a run may start while another is under way. Default false: it waits or is dropped, as `missed` says. */
  readonly isOverlapAllowed?: boolean;
  /**
   * What becomes of runs that could not start in time, because the process slept, or was blocked, or the run before was still under way:
   * - `once` (default): one run makes up for all of them;
   * - `all`: each is made up for, one after another, the newest `maxMissed`;
   * - `skip`: none is. Late means more than `toleranceMs` late, or due while a run was under way.
   */
  readonly missed?: 'once' | 'all' | 'skip';
  /** Most runs that `all` makes up for, at least 1; default 100. */
  readonly maxMissed?: number;
  /** From how late `skip` drops a run, milliseconds of 0 or more; default 1000. */
  readonly toleranceMs?: number;
  /** Each run starts up to this much later, by chance, so that many instances do not start together; 0 or more, less than the period. Default 0. */
  readonly jitterMs?: number;
}

/** How a job runs that follows a cron pattern. */
export interface CronOptions extends ScheduleOptions {
  /** IANA name, as `Europe/Berlin`; default `UTC`, which is the same for every instance. */
  readonly timeZone?: string;
}

/** {@link ScheduleOptions} with nothing left open. */
export type ScheduleTerms = Required<ScheduleOptions>;

/**
 * @param periodMs Infinity where runs have no period
 * @throws {QueueError} `ERR_QUEUE_OPTIONS`
 */
export function scheduleTerms(options: ScheduleOptions, periodMs: number): ScheduleTerms {
  const { isOverlapAllowed = false, missed = 'once', maxMissed = 100, toleranceMs = 1000, jitterMs = 0 } = options;
  const problems: readonly (readonly [boolean, string])[] = [
    [!(periodMs >= 1), 'periodMs must be a number of at least 1'],
    [!['once', 'all', 'skip'].includes(missed), 'missed must be "once", "all" or "skip"'],
    [!(Number.isSafeInteger(maxMissed) && maxMissed >= 1), 'maxMissed must be a whole number of at least 1'],
    [!(toleranceMs >= 0), 'toleranceMs must be a number of 0 or more'],
    [!(jitterMs >= 0 && jitterMs < Infinity), 'jitterMs must be a number of 0 or more'],
    [jitterMs > 0 && jitterMs >= periodMs, 'jitterMs must be less than the period'],
  ];
  const [, problem] = problems.find(([isWrong]) => isWrong) ?? [];
  if (problem !== undefined) throw new QueueError('ERR_QUEUE_OPTIONS', problem);
  return { isOverlapAllowed, missed, maxMissed, toleranceMs, jitterMs };
}
