import { Cron } from 'croner';
import { QueueError } from '../errors.ts';

/** The times at which a job is to run, epoch milliseconds. */
export interface Timetable {
  readonly kind: 'after' | 'every' | 'cron';
  /** The first time after this one; undefined if there is none. */
  next(afterMs: number): number | undefined;
  /** The times after `afterMs` and not after `untilMs`, of these the newest, at most `limit`; oldest first. */
  between(afterMs: number, untilMs: number, limit: number): number[];
}

/** One time only. */
export function once(atMs: number): Timetable {
  return {
    kind: 'after',
    next: (afterMs) => (atMs > afterMs ? atMs : undefined),
    between: (afterMs, untilMs) => (atMs > afterMs && atMs <= untilMs ? [atMs] : []),
  };
}

/** Every period after the start, so that the time a run takes never shifts the next one. */
export function periodic(startMs: number, periodMs: number): Timetable {
  const periodsUntil = (ms: number): number => Math.floor((ms - startMs) / periodMs);
  return {
    kind: 'every',
    next: (afterMs) => startMs + (periodsUntil(afterMs) + 1) * periodMs,
    between: (afterMs, untilMs, limit) => {
      const last = periodsUntil(untilMs);
      const first = Math.max(periodsUntil(afterMs) + 1, last - limit + 1);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => startMs + (first + i) * periodMs);
    },
  };
}

/**
 * The times of a cron pattern.
 *
 * @throws {QueueError} `ERR_QUEUE_CRON`: the pattern or the zone cannot be read, or no time after `nowMs` fits
 */
export function ofCron(pattern: string, timeZone: string, nowMs: number): Timetable {
  const cron = parse(pattern, timeZone, nowMs);
  return {
    kind: 'cron',
    next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime(),
    between: (afterMs, untilMs, limit) => {
      const times: number[] = [];
      // Strictly before what is asked for, hence the millisecond more.
      let time = lastBefore(cron, untilMs + 1);
      while (time > afterMs && times.length < limit) {
        times.unshift(time);
        time = lastBefore(cron, time);
      }
      return times;
    },
  };
}

function lastBefore(cron: Cron, ms: number): number {
  return cron.previousRuns(1, new Date(ms))[0]?.getTime() ?? -Infinity;
}

function parse(pattern: string, timezone: string, nowMs: number): Cron {
  const expected = 'expected five to seven fields, [second] minute hour day month weekday [year], as in "30 3 * * MON-FRI", and an IANA time zone';
  const refused = `cron pattern "${pattern}" in time zone "${timezone}"`;
  let cron: Cron;
  let next: Date | null;
  try {
    cron = new Cron(pattern, { timezone, paused: true });
    // A zone is looked at only now.
    next = cron.nextRun(new Date(nowMs));
  } catch (cause) {
    throw new QueueError('ERR_QUEUE_CRON', `${refused} cannot be read: ${expected}`, { cause });
  }
  if (cron.getOnce() !== null) throw new QueueError('ERR_QUEUE_CRON', `${refused} is a date: ${expected}`);
  if (next === null) throw new QueueError('ERR_QUEUE_CRON', `${refused} names a time that never comes: ${expected}`);
  return cron;
}
