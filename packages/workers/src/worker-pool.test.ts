/** The pool's own logic, on threads and time that the test moves by hand. */
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { TaskEvent, ThreadEvent, WorkerPoolOptions } from './pool-options.ts';
import { priorities, type Priority } from './priority-line.ts';
import { retryStartMs } from './sizing.ts';
import { type FakeThread, FakeThreads, settleMicrotasks } from './test/fake-threads.ts';
import { FakeTime } from './test/fake-time.ts';
import { WorkerPool } from './worker-pool.ts';

interface Tasks {
  work(input: number): number;
}

const code = (name: string) => expect.objectContaining({ code: name });

interface Stage {
  readonly pool: WorkerPool<Tasks>;
  readonly threads: FakeThreads;
  readonly time: FakeTime;
  readonly changes: ThreadEvent[];
  readonly ended: TaskEvent[];
}

function stage(options: Partial<WorkerPoolOptions> = {}): Stage {
  const threads = new FakeThreads();
  const time = new FakeTime();
  const changes: ThreadEvent[] = [];
  const ended: TaskEvent[] = [];
  const pool = new WorkerPool<Tasks>({
    name: 'test',
    file: '/tasks.js',
    maxThreads: 3,
    targetDelayMs: 50,
    idleMs: 1000,
    startThread: threads.start,
    clock: time,
    timers: time,
    listener: { onThreads: (event) => changes.push(event), onTask: (event) => ended.push(event) },
    ...options,
  });
  return { pool, threads, time, changes, ended };
}

/** With its threads started. */
function readyStage(options: Partial<WorkerPoolOptions> = {}): Stage {
  const made = stage(options);
  made.threads.readyAll();
  return made;
}

describe('a task', () => {
  test('begins at once on a free thread, and its result is handed on', async () => {
    const { pool, threads, time, ended } = readyStage();
    const result = pool.run('work', 7);
    expect(threads.workingOn(7).assignment).toMatchObject({ file: '/tasks.js', task: 'work' });
    expect(pool.stats()).toMatchObject({ threads: 1, running: 1, queued: 0, accepted: 1, completed: 0 });
    time.advance(12);
    threads.workingOn(7).finish(49);
    await expect(result).resolves.toBe(49);
    expect(pool.stats()).toMatchObject({ running: 0, completed: 1, waitMs: { p95: 0 }, runMs: { p95: 12 } });
    expect(ended).toEqual([{ pool: 'test', task: 'work', priority: 'normal', outcome: 'completed', waitMs: 0, runMs: 12 }]);
  });

  test('waits for a thread to start', async () => {
    const { pool, threads, time, ended } = stage();
    const result = pool.run('work', 7);
    expect(pool.stats()).toMatchObject({ threads: 1, running: 0, queued: 1 });
    time.advance(30);
    threads.readyAll();
    threads.workingOn(7).finish(1);
    await result;
    expect(ended).toMatchObject([{ waitMs: 30, runMs: 0 }]);
    expect(pool.stats().waitMs).toEqual({ p50: 30, p95: 30 });
  });

  test('that throws leaves its thread to others', async () => {
    const { pool, threads } = readyStage();
    const result = pool.run('work', 7);
    threads.workingOn(7).fail(new RangeError('no'));
    await expect(result).rejects.toThrow(RangeError);
    expect(pool.stats()).toMatchObject({ threads: 1, running: 0, failed: 1 });
    expect(threads.alive).toHaveLength(1);
  });

  test.each<[Priority, Priority, number]>([
    ['low', 'high', 2],
    ['normal', 'high', 2],
    ['low', 'normal', 2],
    ['high', 'low', 1],
    ['normal', 'normal', 1],
  ])('%s came before %s: number %i is next', async (first, second, next) => {
    const { pool, threads } = readyStage({ maxThreads: 1 });
    const all = [pool.run('work', 0), pool.run('work', 1, { priority: first }), pool.run('work', 2, { priority: second })];
    for (const input of [0, next, 3 - next]) {
      expect(threads.inputs).toEqual([input]);
      threads.workingOn(input).finish(input);
      await settleMicrotasks();
    }
    await expect(Promise.all(all)).resolves.toEqual([0, 1, 2]);
  });
});

describe('a full queue', () => {
  test('refuses at once, and what waits is served', async () => {
    const refused: unknown[] = [];
    const { pool, threads } = readyStage({ maxThreads: 1, maxQueued: 1, listener: { onRefused: (event) => refused.push(event) } });
    const all = [pool.run('work', 0), pool.run('work', 1)];
    await expect(pool.run('work', 2, { priority: 'high' })).rejects.toEqual(code('ERR_WORKERS_OVERLOADED'));
    expect(refused).toEqual([{ pool: 'test', task: 'work' }]);
    expect(pool.stats()).toMatchObject({ accepted: 2, refused: 1, queued: 1 });
    for (const input of [0, 1]) {
      threads.workingOn(input).finish(input);
      await settleMicrotasks();
    }
    await expect(Promise.all(all)).resolves.toEqual([0, 1]);
  });
});

describe('a task that must go', () => {
  test('a time-out destroys its thread and no other, and the next task has a new one', async () => {
    const { pool, threads, time, changes } = readyStage({ minThreads: 2, maxThreads: 2 });
    const slow = pool.run('work', 0, { timeoutMs: 100 });
    const other = pool.run('work', 1);
    const next = pool.run('work', 2);
    const refused = expect(slow).rejects.toEqual(code('ERR_WORKERS_TIMEOUT'));
    const [slowThread, otherThread] = [threads.workingOn(0), threads.workingOn(1)];
    time.advance(99);
    expect(slowThread.isGone).toBe(false);
    time.advance(1);
    await refused;
    expect(slowThread.isGone).toBe(true);
    expect(otherThread.isGone).toBe(false);
    threads.readyAll();
    threads.workingOn(2).finish(2);
    threads.workingOn(1).finish(1);
    await expect(Promise.all([other, next])).resolves.toEqual([1, 2]);
    expect(pool.stats()).toMatchObject({ threads: 2, timedOut: 1, completed: 2, failed: 0 });
    expect(changes.map(({ change }) => change)).toEqual(['started', 'started', 'killed', 'started']);
  });

  test('time in the queue is not counted', async () => {
    const { pool, threads, time } = readyStage({ maxThreads: 1 });
    const first = pool.run('work', 0, { timeoutMs: Infinity });
    const second = pool.run('work', 1, { timeoutMs: 100 });
    time.advance(5000);
    threads.workingOn(0).finish(0);
    await first;
    await settleMicrotasks();
    time.advance(99);
    threads.workingOn(1).finish(1);
    await expect(second).resolves.toBe(1);
  });

  test('aborted in the queue it leaves it, and costs no thread', async () => {
    const { pool, threads, ended } = readyStage({ maxThreads: 1 });
    const controller = new AbortController();
    const first = pool.run('work', 0);
    const aborted = pool.run('work', 1, { signal: controller.signal, priority: 'high' });
    const last = pool.run('work', 2);
    controller.abort(new RangeError('gone away'));
    await expect(aborted).rejects.toThrow('gone away');
    expect(pool.stats()).toMatchObject({ queued: 1, aborted: 1, threads: 1 });
    expect(ended).toMatchObject([{ outcome: 'aborted', runMs: undefined }]);
    threads.workingOn(0).finish(0);
    await first;
    await settleMicrotasks();
    threads.workingOn(2).finish(2);
    await expect(last).resolves.toBe(2);
    expect(threads.all).toHaveLength(1);
  });

  test('aborted while it runs it loses its thread', async () => {
    const { pool, threads } = readyStage();
    const controller = new AbortController();
    const aborted = pool.run('work', 0, { signal: controller.signal });
    const thread = threads.workingOn(0);
    controller.abort(new RangeError('gone away'));
    await expect(aborted).rejects.toThrow('gone away');
    expect(thread.isGone).toBe(true);
    expect(pool.stats()).toMatchObject({ threads: 1, running: 0, aborted: 1 });
    expect(threads.starting).toHaveLength(1);
  });

  test('aborted before or after, nothing happens', async () => {
    const { pool, threads } = readyStage();
    await expect(pool.run('work', 0, { signal: AbortSignal.abort(new RangeError('before')) })).rejects.toThrow('before');
    expect(pool.stats()).toMatchObject({ accepted: 0, running: 0 });
    const controller = new AbortController();
    const result = pool.run('work', 1, { signal: controller.signal });
    threads.workingOn(1).finish(1);
    await result;
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort();
    expect(threads.alive).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ aborted: 0, completed: 1 });
  });

  test('a timer of a task that ended is gone', async () => {
    const { pool, threads, time } = readyStage({ timeoutMs: 10 });
    const result = pool.run('work', 1);
    threads.workingOn(1).finish(1);
    await result;
    expect(time.pending).toBe(0);
  });
});

describe('a thread that dies', () => {
  test('fails its own task with the cause, and is replaced', async () => {
    const { pool, threads, changes } = readyStage({ minThreads: 2, maxThreads: 2 });
    const [lost, kept] = [pool.run('work', 0), pool.run('work', 1)];
    const cause = new Error('out of memory');
    threads.workingOn(0).die(cause);
    await expect(lost).rejects.toEqual(expect.objectContaining({ code: 'ERR_WORKERS_CRASHED', cause }));
    threads.workingOn(1).finish(1);
    await expect(kept).resolves.toBe(1);
    expect(pool.stats()).toMatchObject({ threads: 2, crashed: 1, completed: 1, failed: 0 });
    expect(changes.at(-2)).toEqual({ pool: 'test', change: 'crashed', threads: 1, cause });
    expect(threads.starting).toHaveLength(1);
  });

  test('while it idles, harms no task', async () => {
    const { pool, threads } = readyStage();
    for (const input of [0, 1]) {
      const result = pool.run('work', input);
      threads.readyAll();
      threads.workingOn(input).finish(input);
      await expect(result).resolves.toBe(input);
      threads.alive[0]?.die(new Error('late'));
    }
    expect(pool.stats()).toMatchObject({ crashed: 0, completed: 2, accepted: 2, threads: 1 });
  });

  test('or gets ready after it was stopped, is not heard', async () => {
    const { pool, threads, changes } = readyStage({ minThreads: 0, maxThreads: 1 });
    const controller = new AbortController();
    const aborted = pool.run('work', 0, { signal: controller.signal });
    threads.readyAll();
    const thread = threads.workingOn(0);
    controller.abort();
    await expect(aborted).rejects.toThrow();
    thread.die(new Error('late'));
    thread.ready();
    const result = pool.run('work', 1);
    expect(pool.stats()).toMatchObject({ threads: 1, queued: 1 });
    threads.readyAll();
    threads.workingOn(1).finish(1);
    await expect(result).resolves.toBe(1);
    expect(changes.map(({ change }) => change)).toEqual(['started', 'killed', 'started']);
  });

  test('is replaced at once if tasks wait', async () => {
    const { pool, threads } = readyStage({ minThreads: 0, maxThreads: 1, targetDelayMs: 10_000 });
    const [first, second] = [pool.run('work', 0), pool.run('work', 1)];
    threads.readyAll();
    threads.workingOn(0).die(new Error('x'));
    await expect(first).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
    threads.readyAll();
    threads.workingOn(1).finish(1);
    await expect(second).resolves.toBe(1);
  });
});

/** Two threads at work, one of them above the least. */
function grown(): Stage {
  const made = readyStage();
  for (const input of [0, 1]) made.pool.run('work', input).catch(() => {});
  made.time.advance(50);
  made.threads.readyAll();
  expect(made.threads.inputs).toEqual([0, 1]);
  return made;
}

describe('with threads above the least', () => {
  test('one that is lost is replaced at once if a task waits', () => {
    const { pool, threads } = grown();
    pool.run('work', 2).catch(() => {});
    expect(threads.starting).toHaveLength(0);
    threads.workingOn(0).die(new Error('x'));
    expect(threads.starting).toHaveLength(1);
  });

  test('one that is lost is not replaced if none waits', () => {
    const { pool, threads } = grown();
    threads.workingOn(0).die(new Error('x'));
    expect(pool.stats().threads).toBe(1);
  });

  test('a look at the idle ones does not put off the next growth', async () => {
    const { pool, threads, time } = grown();
    for (const input of [0, 1]) threads.workingOn(input).finish(input);
    await settleMicrotasks();
    for (const input of [2, 3, 4]) pool.run('work', input).catch(() => {});
    // The time-outs of the two that run, and one look.
    expect(time.pending).toBe(3);
    time.advance(49);
    expect(threads.starting).toHaveLength(0);
    time.advance(1);
    expect(threads.starting).toHaveLength(1);
  });
});

describe('threads that cannot be started', () => {
  test.each<[string, (threads: FakeThreads) => WorkerPoolOptions['startThread']]>([
    [
      'throws',
      () => () => {
        throw new Error('bad flags');
      },
    ],
    [
      'dies at once',
      (threads) => (events) => {
        const thread = threads.start(events);
        queueMicrotask(() => thread.die(new Error('bad flags')));
        return thread;
      },
    ],
  ])('one that %s takes only who waits along, and is tried again at leisure', async (_, failing) => {
    const threads = new FakeThreads();
    let isBroken = true;
    let attempts = 0;
    const fail = failing(threads);
    const { pool, time } = stage({
      startThread: (events) => {
        attempts += 1;
        return isBroken && fail !== undefined ? fail(events) : threads.start(events);
      },
    });
    await settleMicrotasks();
    expect([attempts, pool.stats().threads]).toEqual([1, 0]);
    await expect(pool.run('work', 0)).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
    await expect(pool.run('work', 1)).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
    expect(attempts).toBe(3);
    time.advance(retryStartMs - 1);
    await settleMicrotasks();
    expect(attempts).toBe(3);
    isBroken = false;
    time.advance(1);
    threads.readyAll();
    expect(pool.stats().threads).toBe(1);
    const result = pool.run('work', 2);
    threads.workingOn(2).finish(2);
    await expect(result).resolves.toBe(2);
  });

  test('who waits stays where another thread works', async () => {
    const { pool, threads, time } = readyStage();
    const all = [pool.run('work', 0), pool.run('work', 1)];
    time.advance(50);
    threads.starting[0]?.die(new Error('no memory'));
    await settleMicrotasks();
    expect(pool.stats()).toMatchObject({ threads: 1, queued: 1, crashed: 0 });
    time.advance(retryStartMs - 1);
    expect(threads.starting).toHaveLength(0);
    time.advance(1);
    expect(threads.starting).toHaveLength(1);
    for (const input of [0, 1]) {
      threads.workingOn(input).finish(input);
      await settleMicrotasks();
    }
    await Promise.all(all);
  });
});

describe('size', () => {
  test('grows by one for each time that a task has waited too long, up to the most', () => {
    const { pool, threads, time } = readyStage();
    for (const input of [0, 1, 2, 3, 4]) pool.run('work', input).catch(() => {});
    time.advance(49);
    expect(pool.stats().threads).toBe(1);
    time.advance(1);
    expect(pool.stats().threads).toBe(2);
    time.advance(1000);
    expect(pool.stats().threads).toBe(2);
    threads.readyAll();
    expect(threads.inputs).toEqual([0, 1]);
    expect(pool.stats().threads).toBe(3);
    threads.readyAll();
    time.advance(1000);
    expect(pool.stats()).toMatchObject({ threads: 3, running: 3, queued: 2 });
  });

  test('does not grow for a short wait', async () => {
    const { pool, threads, time } = readyStage();
    for (let input = 0; input < 20; input += 1) {
      const result = pool.run('work', input);
      const second = pool.run('work', -input - 1);
      time.advance(40);
      threads.workingOn(input).finish(0);
      await result;
      await settleMicrotasks();
      threads.workingOn(-input - 1).finish(0);
      await second;
      await settleMicrotasks();
    }
    expect(threads.all).toHaveLength(1);
  });

  test('shrinks to the least when threads idle, the one that idled longest first', async () => {
    const { pool, threads, time, changes } = readyStage();
    const all = [0, 1, 2].map((input) => pool.run('work', input));
    for (let round = 0; round < 2; round += 1) {
      time.advance(50);
      threads.readyAll();
    }
    expect(pool.stats()).toMatchObject({ threads: 3, running: 3 });
    const [first, second, third] = [0, 1, 2].map((input) => threads.workingOn(input));
    for (const [thread, ms] of [
      [second, 100],
      [third, 100],
      [first, 0],
    ] as const) {
      thread?.finish(0);
      await settleMicrotasks();
      time.advance(ms);
    }
    await Promise.all(all);
    time.advance(799);
    expect(pool.stats().threads).toBe(3);
    time.advance(1);
    expect([first, second, third].map((thread) => thread?.isGone)).toEqual([false, true, false]);
    time.advance(100);
    expect([first, second, third].map((thread) => thread?.isGone)).toEqual([false, true, true]);
    time.advance(10_000);
    expect(pool.stats().threads).toBe(1);
    expect(changes.slice(-2).map(({ change, threads }) => [change, threads])).toEqual([
      ['idle', 2],
      ['idle', 1],
    ]);
  });

  test('who worked last works first', async () => {
    const { pool, threads, time } = readyStage({ minThreads: 2, maxThreads: 2 });
    const all = [pool.run('work', 0), pool.run('work', 1)];
    const first = threads.workingOn(0);
    threads.workingOn(1).finish(1);
    await settleMicrotasks();
    time.advance(1);
    first.finish(0);
    await Promise.all(all);
    const next = pool.run('work', 2);
    expect(threads.workingOn(2)).toBe(first);
    first.finish(2);
    await next;
  });

  test('a pool of none starts a thread for the first task and lets it go again', async () => {
    const { pool, threads, time } = stage({ minThreads: 0 });
    expect(threads.all).toHaveLength(0);
    const result = pool.run('work', 0);
    threads.readyAll();
    threads.workingOn(0).finish(0);
    await result;
    await settleMicrotasks();
    time.advance(1000);
    expect(pool.stats().threads).toBe(0);
    expect(threads.alive).toHaveLength(0);
    expect(time.pending).toBe(0);
  });
});

describe('close', () => {
  test('lets what runs and what waits end, takes nothing more, and ends the threads', async () => {
    const { pool, threads, time } = readyStage({ maxThreads: 1 });
    const all = [pool.run('work', 0), pool.run('work', 1)];
    const closed = pool.close({ graceMs: 500 });
    await expect(pool.run('work', 2)).rejects.toEqual(code('ERR_WORKERS_CLOSED'));
    time.advance(100);
    for (const input of [0, 1]) {
      threads.workingOn(input).finish(input);
      await settleMicrotasks();
    }
    await expect(Promise.all(all)).resolves.toEqual([0, 1]);
    await closed;
    expect(threads.alive).toHaveLength(0);
    expect(time.pending).toBe(0);
    expect(pool.stats()).toMatchObject({ threads: 0, completed: 2, closed: 0 });
  });

  test('rejects after the time of grace what is still there', async () => {
    const { pool, threads, time } = readyStage({ maxThreads: 1 });
    const outcomes = Promise.allSettled([pool.run('work', 0), pool.run('work', 1)]);
    const closed = pool.close({ graceMs: 500 });
    time.advance(499);
    await settleMicrotasks();
    expect(pool.stats()).toMatchObject({ running: 1, queued: 1 });
    time.advance(1);
    await closed;
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
      code('ERR_WORKERS_CLOSED'),
      code('ERR_WORKERS_CLOSED'),
    ]);
    expect(threads.alive).toHaveLength(0);
    expect(threads.all).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ threads: 0, running: 0, queued: 0, closed: 2 });
    expect(time.pending).toBe(0);
  });

  test('a listener that aborts a task meanwhile does not end it twice', async () => {
    const controller = new AbortController();
    const { pool } = readyStage({ minThreads: 2, listener: { onTask: () => controller.abort() } });
    const outcomes = Promise.allSettled([0, 1].map((input) => pool.run('work', input, { signal: controller.signal })));
    await pool.close({ graceMs: 0 });
    await outcomes;
    expect(pool.stats()).toMatchObject({ accepted: 2, closed: 1, aborted: 1 });
  });

  test('without grace, or with nothing to do, waits for nothing', async () => {
    const { pool, threads } = readyStage();
    const rejected = expect(pool.run('work', 0)).rejects.toEqual(code('ERR_WORKERS_CLOSED'));
    await pool.close({ graceMs: 0 });
    await rejected;
    expect(threads.alive).toHaveLength(0);
    const idle = readyStage();
    await idle.pool[Symbol.asyncDispose]();
    await idle.pool.close();
    expect(idle.threads.alive).toHaveLength(0);
  });

  test('a thread that dies meanwhile is replaced for who waits, and not afterwards', async () => {
    const { pool, threads } = readyStage({ maxThreads: 1 });
    const outcomes = Promise.allSettled([pool.run('work', 0), pool.run('work', 1)]);
    const closed = pool.close({ graceMs: 500 });
    threads.workingOn(0).die(new Error('x'));
    threads.readyAll();
    threads.workingOn(1).finish(1);
    await closed;
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(threads.alive).toHaveLength(0);
  });

  test('waits for threads that were destroyed before', async () => {
    const { pool, threads } = readyStage();
    const controller = new AbortController();
    const aborted = pool.run('work', 0, { signal: controller.signal });
    const thread = threads.workingOn(0);
    thread.isSlowToStop = true;
    controller.abort();
    await expect(aborted).rejects.toThrow();
    let isClosed = false;
    const closed = pool.close().then(() => (isClosed = true));
    await settleMicrotasks();
    expect(isClosed).toBe(false);
    thread.finishStop();
    await closed;
  });

  test('an unsound time of grace is told and closes nothing', async () => {
    const { pool } = readyStage();
    await expect(pool.close({ graceMs: -1 })).rejects.toEqual(code('ERR_WORKERS_OPTIONS'));
    const result = pool.run('work', 0);
    await pool.close({ graceMs: 0 });
    await expect(result).rejects.toEqual(code('ERR_WORKERS_CLOSED'));
  });
});

function complain(): never {
  throw new RangeError('a bad listener');
}

test('a listener that throws harms nobody, and is heard of', async () => {
  const later: (() => void)[] = [];
  vi.stubGlobal('queueMicrotask', (callback: () => void) => later.push(callback));
  const { pool, threads } = readyStage({ listener: { onTask: complain } });
  const all = [pool.run('work', 0), pool.run('work', 1)];
  for (const input of [0, 1]) {
    threads.workingOn(input).finish(input);
    await settleMicrotasks();
  }
  vi.unstubAllGlobals();
  await expect(Promise.all(all)).resolves.toEqual([0, 1]);
  expect(later).toHaveLength(2);
  expect(later[0]).toThrow('a bad listener');
});

describe('options', () => {
  test.each<Partial<WorkerPoolOptions>>([
    { name: '' },
    { file: 'tasks.js' },
    { file: new URL('http://example.org/tasks.js') },
    { minThreads: -1 },
    { minThreads: 0.5 },
    { maxThreads: 0 },
    { minThreads: 4, maxThreads: 3 },
    { targetDelayMs: -1 },
    { targetDelayMs: Number.NaN },
    { idleMs: 0 },
    { idleMs: Infinity },
    { maxQueued: 0 },
    { maxQueued: Infinity },
    { timeoutMs: 0 },
    { timeoutMs: 2 ** 31 },
    { maxHeapMb: 15 },
    { maxHeapMb: Number.NaN },
  ])('unsound ones are told at construction: %o', (options) => {
    expect(() => stage(options)).toThrow(code('ERR_WORKERS_OPTIONS'));
  });

  test('unsound ones of a task are told and take nothing', async () => {
    const { pool } = readyStage();
    await expect(pool.run('work', 0, { timeoutMs: 0 })).rejects.toEqual(code('ERR_WORKERS_OPTIONS'));
    // @ts-expect-error: not a priority
    await expect(pool.run('work', 0, { priority: 'urgent' })).rejects.toEqual(code('ERR_WORKERS_OPTIONS'));
    expect(pool.stats()).toMatchObject({ accepted: 0, running: 0 });
  });
});

interface Known {
  readonly id: number;
  readonly controller: AbortController;
  result: unknown;
  /** What the thread that had it did. */
  fate: 'finish' | 'fail' | 'die' | undefined;
}

test('property: under random crashes, time-outs and aborts every accepted task ends once, with its own result, and the books are right', async () => {
  const which = fc.nat(5);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('run' as const), priority: fc.constantFrom(...priorities), timeoutMs: fc.constantFrom(20, 200, Infinity) }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('finish' as const), which }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('ready' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(120) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 80 }),
      fc.boolean(),
      async (min, max, maxQueued, steps, isPatient) => {
        const { pool, threads, time, ended } = stage({ minThreads: Math.min(min, max), maxThreads: max, maxQueued, idleMs: 150 });
        const known: Known[] = [];
        const knownOf = (thread: FakeThread): Known | undefined => known.find(({ id }) => id === thread.assignment?.input);
        const act = (thread: FakeThread | undefined, fate: 'finish' | 'fail' | 'die'): void => {
          if (thread === undefined) return;
          const task = knownOf(thread);
          if (task !== undefined) task.fate = fate;
          if (fate === 'finish') thread.finish(-(task?.id ?? 0));
          if (fate === 'fail') thread.fail(new RangeError(`task ${task?.id ?? ''}`));
          if (fate === 'die') thread.die(new Error('crash'));
        };
        const check = (): void => {
          const stats = pool.stats();
          expect(threads.alive.length).toBeLessThanOrEqual(max);
          expect(threads.alive).toHaveLength(stats.threads);
          expect(threads.working).toHaveLength(stats.running);
          expect(stats.queued).toBeLessThanOrEqual(maxQueued);
          const { completed, failed, timedOut, aborted, crashed, closed } = stats;
          expect(completed + failed + timedOut + aborted + crashed + closed).toBe(ended.length);
          expect(stats.accepted).toBe(ended.length + stats.running + stats.queued);
          expect(stats.accepted + stats.refused).toBe(known.length);
          expect(threads.all.reduce((sum, { faults }) => sum + faults, 0)).toBe(0);
          // Nobody waits beside a thread with nothing to do.
          if (stats.queued > 0) expect(threads.alive.length).toBe(threads.starting.length + threads.working.length);
          if (stats.queued > 0) expect(stats.threads).toBeGreaterThan(0);
        };
        const run = (priority: Priority, timeoutMs: number): void => {
          const task: Known = { id: known.length + 1, controller: new AbortController(), result: undefined, fate: undefined };
          known.push(task);
          pool.run('work', task.id, { priority, timeoutMs, signal: task.controller.signal }).then(
            (result) => (task.result = result),
            (error: unknown) => (task.result = error),
          );
        };
        const finishAll = async (): Promise<void> => {
          while (pool.stats().queued + pool.stats().running > 0) {
            threads.readyAll();
            act(threads.working[0], 'finish');
            await settleMicrotasks();
            check();
          }
        };
        for (const step of steps) {
          if (step.kind === 'run') run(step.priority, step.timeoutMs);
          else if (step.kind === 'ready') threads.starting[step.which]?.ready();
          else if (step.kind === 'abort') known[step.which]?.controller.abort();
          else if (step.kind === 'advance') time.advance(step.ms);
          else act(step.kind === 'die' ? threads.alive[step.which] : threads.working[step.which], step.kind);
          await settleMicrotasks();
          check();
        }
        const closed = pool.close({ graceMs: isPatient ? 1000 : 0 });
        if (isPatient) await finishAll();
        await closed;
        await settleMicrotasks();
        for (const { id, result, fate } of known) {
          if (typeof result === 'number') expect([result, fate]).toEqual([-id, 'finish']);
          else expect(result).toBeInstanceOf(Error);
          if (fate === 'finish') expect(result).toBe(-id);
          if (fate === 'fail') expect(result).toEqual(new RangeError(`task ${id}`));
          if (fate === 'die') expect(result).toEqual(code('ERR_WORKERS_CRASHED'));
        }
        expect(pool.stats()).toMatchObject({ threads: 0, running: 0, queued: 0, accepted: ended.length });
        if (isPatient) expect(pool.stats().closed).toBe(0);
        expect(threads.alive).toHaveLength(0);
        expect(time.pending).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
