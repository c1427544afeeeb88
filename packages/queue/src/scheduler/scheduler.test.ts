import { beforeEach, describe, expect, test } from 'vitest';
import { FakeTime, settle } from '../test/fake-time.ts';
import { isCollected } from '../test/garbage.ts';
import type { ScheduledRun } from './schedule-options.ts';
import { Scheduler } from './scheduler.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

let time: FakeTime;
let startMs: number;
let events: string[];
let drawn: number;
let scheduler: Scheduler;
beforeEach(() => {
  time = new FakeTime();
  startMs = time.now();
  events = [];
  drawn = 0;
  scheduler = new Scheduler({
    clock: time,
    timers: time,
    random: () => drawn,
    listener: {
      started: (name, atMs) => events.push(`${elapsed()} started ${name} of ${atMs - startMs}`),
      failed: (name, error) => events.push(`${elapsed()} failed ${name}: ${error instanceof Error ? error.message : String(error)}`),
      skipped: (name, atMs) => events.push(`${elapsed()} skipped ${name} of ${atMs - startMs}`),
    },
  });
});

function elapsed(): number {
  return time.now() - startMs;
}

/** A task whose runs last until the test ends them, or as long as they are given. */
class SlowTask {
  readonly runs: ScheduledRun[] = [];
  readonly #ends: (() => void)[] = [];

  readonly run = (run: ScheduledRun): Promise<void> => {
    this.runs.push(run);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ends.push(resolve);
    return promise;
  };

  async endOne(): Promise<void> {
    this.#ends.shift()?.();
    await settle();
  }
}

function lasting(ms: number): () => Promise<void> {
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    time.after(ms, resolve);
    return promise;
  };
}

function inUtc(ms: number): string {
  return new Date(ms).toISOString();
}

/** Moves the clock, which has nothing to do yet, to a time of day. */
function goTo(iso: string): void {
  time.block(Date.parse(iso) - time.now());
}

describe('after', () => {
  test.each([0, 1, 999, 25 * dayMs, 100 * dayMs])(
    'runs once after %d ms and is gone',
    async (delayMs) => {
      scheduler.after('once', delayMs, () => {});
      await time.advanceAsync(Math.max(delayMs, 1) - 1);
      expect(events).toEqual([]);
      await time.advanceAsync(1);
      expect(events).toEqual([`${Math.max(delayMs, 1)} started once of ${Math.max(delayMs, 1)}`]);
      expect([scheduler.list(), time.pending]).toEqual([[], []]);
    },
    30_000,
  );

  test('runs late rather than never', async () => {
    scheduler.after('once', 1000, () => {});
    time.jump(dayMs);
    await settle();
    expect(events).toEqual([`${dayMs} started once of 1000`]);
  });
});

describe('every', () => {
  test('keeps its rate, however long a run takes', async () => {
    scheduler.every('beat', 1000, lasting(700));
    await time.advanceAsync(3500);
    expect(events).toEqual(['1000 started beat of 1000', '2000 started beat of 2000', '3000 started beat of 3000']);
  });

  test('jitter delays each run by itself and shifts nothing', async () => {
    drawn = 0.5;
    scheduler.every('beat', 1000, () => {}, { jitterMs: 200 });
    expect(scheduler.list()[0]?.nextRunAtMs).toBe(startMs + 1100);
    await time.advanceAsync(1100);
    drawn = 0.999;
    await time.advanceAsync(2000);
    expect(events).toEqual(['1100 started beat of 1000', '2100 started beat of 2000']);
    await time.advanceAsync(99);
    expect(events.at(-1)).toBe('3199 started beat of 3000');
  });

  test('jitter of many minutes is kept, though the clock is looked at meanwhile', async () => {
    drawn = 0.5;
    scheduler.every('beat', hourMs, () => {}, { jitterMs: 20 * minuteMs });
    await time.advanceAsync(1.5 * hourMs);
    expect(events).toEqual([`${hourMs + 10 * minuteMs} started beat of ${hourMs}`]);
  });
});

describe('cron', () => {
  test('runs at the times of its pattern', async () => {
    goTo('2026-03-02T03:29:30.500Z');
    scheduler.cron('report', '30 3 * * MON-FRI', () => {});
    await time.advanceAsync(29_499);
    expect(events).toEqual([]);
    await time.advanceAsync(1);
    expect(events).toHaveLength(1);
    expect(inUtc(time.now())).toBe('2026-03-02T03:30:00.000Z');
    await time.advanceAsync(7 * dayMs - 1);
    expect(events).toHaveLength(5);
    expect(scheduler.list().map(({ nextRunAtMs }) => inUtc(nextRunAtMs ?? 0))).toEqual(['2026-03-09T03:30:00.000Z']);
  });

  test('a time zone counts, through a change to summer time: a time that is left out comes right after', () => {
    const nexts = ['2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'].map((iso, i) => {
      goTo(iso);
      scheduler.cron(`of day ${i}`, '30 2 * * *', () => {}, { timeZone: 'Europe/Berlin' });
      return inUtc(scheduler.list()[i]?.nextRunAtMs ?? 0);
    });
    expect(nexts).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
  });

  test('in UTC unless told otherwise', () => {
    goTo('2026-07-01T00:00:00Z');
    scheduler.cron('daily', '@daily', () => {});
    expect(inUtc(scheduler.list()[0]?.nextRunAtMs ?? 0)).toBe('2026-07-02T00:00:00.000Z');
  });

  test('a job whose last time has come is gone', async () => {
    goTo('2026-12-31T23:59:59Z');
    scheduler.cron('year', '0 0 0 1 1 * 2027', () => {});
    await time.advanceAsync(1000);
    expect(events).toHaveLength(1);
    expect(scheduler.list()).toEqual([]);
  });

  test.each([
    ['every day', 'UTC'],
    ['* * *', 'UTC'],
    ['0 25 * * *', 'UTC'],
    ['', 'UTC'],
    ['0 0 30 2 *', 'UTC'],
    ['0 0 0 1 1 * 2020', 'UTC'],
    ['2099-01-01T00:00:00', 'UTC'],
    ['0 3 * * *', 'Mars/Base'],
  ])('"%s" in %s is refused by name, and nothing is scheduled', (pattern, timeZone) => {
    const refused = expect.objectContaining({ code: 'ERR_QUEUE_CRON', message: expect.stringContaining(`"${pattern}"`) });
    expect(() => scheduler.cron('bad', pattern, () => {}, { timeZone })).toThrow(refused);
    expect(() => scheduler.cron('bad', pattern, () => {}, { timeZone })).toThrow(expect.objectContaining({ message: expect.stringContaining('expected') }));
    expect([scheduler.list(), time.pending]).toEqual([[], []]);
  });
});

describe('missed runs', () => {
  test('once: one run makes up for all that were slept through', async () => {
    scheduler.every('beat', 1000, () => {});
    time.jump(10_500);
    await settle();
    expect(events).toEqual(['10500 started beat of 10000']);
    await time.advanceAsync(500);
    expect(events.at(-1)).toBe('11000 started beat of 11000');
  });

  test('once, by cron: the newest', async () => {
    goTo('2026-03-02T00:00:30Z');
    const runs: string[] = [];
    scheduler.cron('minute', '* * * * *', ({ scheduledAtMs }) => runs.push(inUtc(scheduledAtMs).slice(11, 16)));
    time.jump(5 * minuteMs);
    await settle();
    expect(runs).toEqual(['00:05']);
  });

  test('all: each is made up for, one after another, the newest of them', async () => {
    const task = new SlowTask();
    scheduler.every('beat', 1000, task.run, { missed: 'all', maxMissed: 3 });
    time.jump(10_500);
    await settle();
    expect(events).toEqual(['10500 started beat of 8000']);
    await task.endOne();
    await task.endOne();
    await task.endOne();
    expect(events).toEqual(['10500 started beat of 8000', '10500 started beat of 9000', '10500 started beat of 10000']);
  });

  test('all, by cron: oldest first, and none twice', async () => {
    goTo('2026-03-02T00:00:30Z');
    const runs: string[] = [];
    scheduler.cron('seen', '* * * * *', ({ scheduledAtMs }) => runs.push(inUtc(scheduledAtMs).slice(11, 16)), { missed: 'all' });
    time.jump(2.75 * minuteMs);
    await settle();
    time.jump(minuteMs);
    await settle();
    expect(runs).toEqual(['00:01', '00:02', '00:03', '00:04']);
  });

  test('all: no more than the bound wait behind a run that takes long', async () => {
    const task = new SlowTask();
    scheduler.every('beat', 1000, task.run, { missed: 'all', maxMissed: 2 });
    await time.advanceAsync(4000);
    await task.endOne();
    expect(events).toEqual(['1000 started beat of 1000', '4000 skipped beat of 2000', '4000 started beat of 3000']);
  });

  test('skip: what is too late is dropped, and told', async () => {
    scheduler.every('beat', hourMs, () => {}, { missed: 'skip', toleranceMs: 5000 });
    time.jump(hourMs + 5001);
    await settle();
    expect(events).toEqual([`${hourMs + 5001} skipped beat of ${hourMs}`]);
    await time.advanceAsync(hourMs);
    expect(events.at(-1)).toBe(`${2 * hourMs} started beat of ${2 * hourMs}`);
  });

  test('skip: a little late is not missed, nor is what jitter put off', async () => {
    drawn = 0.5;
    scheduler.every('beat', hourMs, () => {}, { missed: 'skip', toleranceMs: 5000, jitterMs: 10_000 });
    time.jump(hourMs + 10_000);
    await settle();
    expect(events).toEqual([`${hourMs + 10_000} started beat of ${hourMs}`]);
  });

  test('skip: what is due while a run is under way is dropped', async () => {
    scheduler.every('beat', 1000, lasting(1100), { missed: 'skip' });
    await time.advanceAsync(3000);
    expect(events).toEqual(['1000 started beat of 1000', '2000 skipped beat of 2000', '3000 started beat of 3000']);
  });
});

describe('overlap', () => {
  test('a job never overlaps itself unless allowed: the newest due run waits', async () => {
    const task = new SlowTask();
    scheduler.every('beat', 1000, task.run);
    await time.advanceAsync(3500);
    expect(events).toEqual(['1000 started beat of 1000', '3000 skipped beat of 2000']);
    await task.endOne();
    expect(events.at(-1)).toBe('3500 started beat of 3000');
  });

  test('where it is allowed, runs start side by side', async () => {
    const task = new SlowTask();
    scheduler.every('beat', 1000, task.run, { isOverlapAllowed: true });
    await time.advanceAsync(3000);
    expect(scheduler.list()[0]?.running).toBe(3);
  });

  test('jobs do not wait for each other', async () => {
    scheduler.every('slow', 1000, new SlowTask().run);
    scheduler.every('quick', 1000, () => {});
    await time.advanceAsync(2000);
    expect(events.filter((event) => event.includes('quick'))).toHaveLength(2);
  });
});

describe('errors', () => {
  test('a run that throws or rejects is reported, and the schedule goes on', async () => {
    let runs = 0;
    scheduler.every('beat', 1000, () => {
      runs += 1;
      if (runs === 1) throw new Error('thrown');
      if (runs === 2) return Promise.reject(new Error('rejected'));
      return undefined;
    });
    await time.advanceAsync(1000);
    expect(scheduler.list()[0]).toMatchObject({ lastError: new Error('thrown'), lastRunAtMs: startMs + 1000, running: 0 });
    await time.advanceAsync(2000);
    expect(events.filter((event) => event.includes('failed'))).toEqual(['1000 failed beat: thrown', '2000 failed beat: rejected']);
    expect(scheduler.list()[0]).toMatchObject({ lastError: undefined, lastRunAtMs: startMs + 3000 });
  });

  test.each([{ jitterMs: -1 }, { jitterMs: 1000 }, { maxMissed: 0 }, { toleranceMs: -1 }])('%o is refused', (options) => {
    expect(() => scheduler.every('beat', 1000, () => {}, options)).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
    expect([scheduler.list(), time.pending]).toEqual([[], []]);
  });

  test('a policy that does not exist is refused', () => {
    const options: object = { missed: 'maybe' };
    expect(() => scheduler.every('beat', 1000, () => {}, options)).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
  });

  test.each([0, -1, Number.NaN, Infinity])('a period of %d is refused', (periodMs) => {
    expect(() => scheduler.every('beat', periodMs, () => {})).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
  });

  test.each([-1, Number.NaN, Infinity])('a delay of %d is refused', (delayMs) => {
    expect(() => scheduler.after('once', delayMs, () => {})).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
  });
});

describe('by name', () => {
  test('a name is taken until its job is gone', async () => {
    scheduler.after('job', 1000, () => {});
    expect(() => scheduler.every('job', 1000, () => {})).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_JOB' }));
    await time.advanceAsync(1000);
    scheduler.every('job', 1000, () => {});
    expect(scheduler.cancel('job')).toBe(true);
    expect(scheduler.cancel('job')).toBe(false);
    scheduler.every('job', 1000, () => {});
    expect(scheduler.list()).toHaveLength(1);
  });

  test('a job that was cancelled runs no more, and one under way ends in peace', async () => {
    const task = new SlowTask();
    scheduler.every('job', 1000, task.run);
    await time.advanceAsync(2000);
    scheduler.cancel('job');
    expect(time.pending).toEqual([]);
    expect(events.at(-1)).toBe('2000 skipped job of 2000');
    await task.endOne();
    await time.advanceAsync(5000);
    expect(task.runs.map(({ signal }) => signal.aborted)).toEqual([false]);
  });

  test('nothing is kept alive of a job that was cancelled while it ran', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const schedule = (): WeakRef<object> => {
      const held = {};
      scheduler.every('job', 1000, () => promise.then(() => held));
      return new WeakRef(held);
    };
    const reference = schedule();
    await time.advanceAsync(1000);
    scheduler.cancel('job');
    expect(await isCollected(reference)).toBe(false);
    resolve();
    await settle();
    expect(await isCollected(reference)).toBe(true);
  });

  test('the end of a cancelled run does not take the new job of its name away', async () => {
    const task = new SlowTask();
    scheduler.after('job', 1000, task.run);
    await time.advanceAsync(1000);
    scheduler.cancel('job');
    scheduler.after('job', 1000, () => {});
    await task.endOne();
    expect(scheduler.list()).toHaveLength(1);
  });

  test('runNow runs beside the schedule, and settles as the run does', async () => {
    let isFailing = false;
    scheduler.every('job', 1000, ({ scheduledAtMs }) => {
      if (isFailing) throw new Error(`of ${scheduledAtMs - startMs}`);
    });
    await time.advanceAsync(300);
    await scheduler.runNow('job');
    isFailing = true;
    await expect(scheduler.runNow('job')).rejects.toThrow('of 300');
    expect(scheduler.list()[0]).toMatchObject({ nextRunAtMs: startMs + 1000, lastRunAtMs: startMs + 300 });
  });

  test('runNow does not overlap either', async () => {
    const task = new SlowTask();
    scheduler.every('job', 1000, task.run);
    await time.advanceAsync(1000);
    await expect(scheduler.runNow('job')).rejects.toMatchObject({ code: 'ERR_QUEUE_JOB' });
    await expect(scheduler.runNow('nobody')).rejects.toMatchObject({ code: 'ERR_QUEUE_JOB' });
    expect(task.runs).toHaveLength(1);
    void scheduler.cancel('job');
  });
});

describe('clock', () => {
  test('a clock that was set forward is noticed within a minute', async () => {
    scheduler.after('noon', 12 * hourMs, () => {});
    const [sleep] = time.pending;
    expect(sleep?.delayMs).toBeLessThanOrEqual(minuteMs);
  });

  test('a clock that was set back makes no run come twice', async () => {
    scheduler.every('beat', 1000, () => {});
    await time.advanceAsync(1000);
    time.block(-900);
    await time.advanceAsync(1800);
    expect(events).toEqual(['1000 started beat of 1000']);
    await time.advanceAsync(100);
    expect(events.at(-1)).toBe('2000 started beat of 2000');
  });

  test('keeps the process alive only if asked to', () => {
    scheduler.every('beat', 1000, () => {});
    new Scheduler({ clock: time, timers: time, isIdle: true }).every('beat', 2000, () => {});
    expect(time.pending.map(({ isIdle }) => isIdle)).toEqual([false, true]);
  });
});

describe('close', () => {
  test('waits for what runs, starts nothing, and takes nothing', async () => {
    const task = new SlowTask();
    scheduler.every('job', 1000, task.run);
    scheduler.every('idle', 700, () => {});
    await time.advanceAsync(2000);
    events.length = 0;
    const closed = scheduler.close({ graceMs: 5000 });
    expect(scheduler.close()).toBe(closed);
    expect(events).toEqual(['2000 skipped job of 2000']);
    await time.advanceAsync(4999);
    expect(task.runs[0]?.signal.aborted).toBe(false);
    await task.endOne();
    expect(await closed).toEqual([]);
    expect([task.runs.length, time.pending]).toEqual([1, []]);
    expect(() => scheduler.after('late', 1, () => {})).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_CLOSED' }));
    await expect(scheduler.runNow('job')).rejects.toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
  });

  test('aborts what is not done in time, and names what takes no notice', async () => {
    const deaf = new SlowTask();
    scheduler.after('deaf', 1000, deaf.run);
    scheduler.after('obedient', 1000, ({ signal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      return promise;
    });
    await time.advanceAsync(1000);
    const closed = scheduler.close({ graceMs: 5000, abortMs: 200 });
    await time.advanceAsync(4999);
    expect(deaf.runs[0]?.signal.aborted).toBe(false);
    await time.advanceAsync(1);
    expect(deaf.runs[0]?.signal.reason).toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
    expect(events.at(-1)).toContain('failed obedient');
    await time.advanceAsync(200);
    expect(await closed).toEqual(['deaf']);
  });

  test('waits for the run of a job that was cancelled, too', async () => {
    const task = new SlowTask();
    scheduler.every('job', 1000, task.run);
    await time.advanceAsync(1000);
    scheduler.cancel('job');
    let isClosed = false;
    const closed = scheduler.close().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    await task.endOne();
    expect(await closed).toBe(true);
  });
});
