/** The pool on real threads: what tinypool and Node do and not what our fakes do. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { Tinypool } from 'tinypool';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WorkerPoolOptions } from './pool-options.ts';
import type * as tasks from './test/tasks.ts';
import { WorkerPool } from './worker-pool.ts';

type Tasks = typeof tasks;

const run = promisify(execFile);
const code = (name: string) => expect.objectContaining({ code: name });
const file = new URL('./test/tasks.ts', import.meta.url);
const opened: WorkerPool<Tasks>[] = [];

function open(options: Partial<WorkerPoolOptions> = {}): WorkerPool<Tasks> {
  // Without execArgv the threads would inherit the flags of the test runner.
  const pool = new WorkerPool<Tasks>({ name: 'real', file, execArgv: [], maxThreads: 1, timeoutMs: 60_000, ...options });
  opened.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.close({ graceMs: 0 })));
});

/** Shared with a task that waits for it, or that says by it that it has begun. */
function flag(): { readonly shared: SharedArrayBuffer; raise: () => void; isRaised: () => boolean } {
  const shared = new SharedArrayBuffer(4);
  const cells = new Int32Array(shared);
  return {
    shared,
    raise: () => {
      Atomics.store(cells, 0, 1);
      Atomics.notify(cells, 0);
    },
    isRaised: () => Atomics.load(cells, 0) === 1,
  };
}

const until = (condition: () => boolean): Promise<void> => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 5 });

describe('a task', () => {
  test('runs on a thread of its own, by file URL and by path', async () => {
    await expect(open().run('whichThread', undefined)).resolves.toBeGreaterThan(0);
    await expect(open({ file: file.href }).run('echo', { a: [1n, new Date(7)] })).resolves.toEqual({ a: [1n, new Date(7)] });
    await expect(open({ file: file.pathname }).run('echo', 'x')).resolves.toBe('x');
  });

  test('that throws says what, and the thread lives on', async () => {
    const pool = open();
    const before = await pool.run('whichThread', undefined);
    await expect(pool.run('fail', 'not this one')).rejects.toThrow(new RangeError('not this one'));
    await expect(pool.run('whichThread', undefined)).resolves.toBe(before);
    expect(pool.stats()).toMatchObject({ failed: 1, completed: 2 });
  });

  test('that cannot be copied is the fault of the caller alone', async () => {
    const pool = open();
    const before = await pool.run('whichThread', undefined);
    await expect(pool.run('echo', () => 1)).rejects.toMatchObject({ name: 'DataCloneError' });
    await expect(pool.run('whichThread', undefined)).resolves.toBe(before);
  });

  test('of a module or a name that is not there fails, and the pool goes on', async () => {
    const nowhere = open({ file: new URL('./test/nowhere.ts', import.meta.url) });
    await expect(nowhere.run('echo', 1)).rejects.toThrow('nowhere.ts');
    await expect(nowhere.run('echo', 1)).rejects.toThrow('nowhere.ts');
    // @ts-expect-error: not a task
    await expect(open().run('nothing', 1)).rejects.toThrow('nothing');
  });
});

describe('a task that would never end', () => {
  test('is killed after its time, others go on and so does the pool', async () => {
    const pool = open({ minThreads: 2, maxThreads: 2 });
    const gate = flag();
    const other = pool.run('waitFor', gate.shared);
    const spinning = pool.run('spin', flag().shared, { timeoutMs: 50 });
    await expect(spinning).rejects.toEqual(code('ERR_WORKERS_TIMEOUT'));
    await expect(pool.run('echo', 'still here')).resolves.toBe('still here');
    gate.raise();
    await expect(other).resolves.toBe('released');
    expect(pool.stats()).toMatchObject({ timedOut: 1, completed: 2, threads: 2 });
  });

  test('is killed when it is aborted', async () => {
    const pool = open();
    const begun = flag();
    const controller = new AbortController();
    const spinning = pool.run('spin', begun.shared, { signal: controller.signal, timeoutMs: Infinity });
    const aborted = expect(spinning).rejects.toThrow('no longer wanted');
    await until(begun.isRaised);
    controller.abort(new Error('no longer wanted'));
    await aborted;
    await expect(pool.run('echo', 1)).resolves.toBe(1);
  });

  test('is killed when the pool closes', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    const pool = open();
    const begun = flag();
    const closed = expect(pool.run('spin', begun.shared)).rejects.toEqual(code('ERR_WORKERS_CLOSED'));
    await until(begun.isRaised);
    await pool.close({ graceMs: 20 });
    // So Node calls a thread that is gone, and not only told to go.
    expect(terminate.mock.contexts.map((worker) => worker instanceof Worker && worker.threadId)).toEqual([-1]);
    await closed;
    terminate.mockRestore();
    expect(pool.stats()).toMatchObject({ threads: 0, running: 0 });
  });
});

describe('a thread that dies', () => {
  test.each<[string, (pool: WorkerPool<Tasks>) => Promise<unknown>, string]>([
    ['exits', (pool) => pool.run('exit', 3), 'the thread exited with code 3'],
    ['throws outside of the task', (pool) => pool.run('throwUncaught', 'from a timer'), 'from a timer'],
    ['gives what cannot be copied', (pool) => pool.run('returnFunction', undefined), ''],
    ['eats its memory', (pool) => pool.run('eatMemory', undefined), 'memory limit'],
  ])('because it %s fails its task with the cause and is replaced', async (_, run, cause) => {
    const pool = open({ maxHeapMb: 32 });
    const before = await pool.run('whichThread', undefined);
    const error = await run(pool).catch((error: unknown) => error);
    expect(error).toEqual(code('ERR_WORKERS_CRASHED'));
    expect(error).toMatchObject({ cause: { message: expect.stringContaining(cause) } });
    await expect(pool.run('whichThread', undefined)).resolves.not.toBe(before);
    expect(pool.stats()).toMatchObject({ crashed: 1, completed: 2, threads: 1 });
  });

  test('leaves nothing of its tinypool behind', async () => {
    const destroy = vi.spyOn(Tinypool.prototype, 'destroy');
    const pool = open({ minThreads: 0 });
    await expect(pool.run('throwUncaught', 'x')).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
    expect(destroy).toHaveBeenCalledTimes(1);
    destroy.mockRestore();
  });

  test('before it could begin, fails who waits', async () => {
    const pool = open({ execArgv: ['--import=/nowhere/at/all.mjs'] });
    await expect(pool.run('echo', 1)).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
    await expect(open({ execArgv: ['--no-such-flag'] }).run('echo', 1)).rejects.toEqual(code('ERR_WORKERS_CRASHED'));
  });
});

describe('buffers', () => {
  test('are copied unless told', async () => {
    const bytes = new Uint8Array(1000);
    await expect(open().run('measure', bytes)).resolves.toBe(1000);
    expect(bytes.byteLength).toBe(1000);
  });

  test('are moved to the thread, so that the caller has nothing left', async () => {
    const bytes = new Uint8Array(1000);
    await expect(open().run('measure', bytes, { transfer: [bytes.buffer] })).resolves.toBe(1000);
    expect(bytes.buffer.byteLength).toBe(0);
  });

  test('stay with the caller as long as the task waits', async () => {
    const pool = open();
    const gate = flag();
    const first = pool.run('waitFor', gate.shared);
    const bytes = new Uint8Array(1000);
    const controller = new AbortController();
    const second = pool.run('measure', bytes, { transfer: [bytes.buffer], signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toThrow();
    expect(bytes.buffer.byteLength).toBe(1000);
    gate.raise();
    await first;
  });

  test.each([
    [true, 0],
    [false, 5000],
  ])('in a result: moved %s, the thread has %i bytes left', async (isMoved, left) => {
    const pool = open();
    const { part, note } = await pool.run('give', { bytes: 5000, isMoved });
    expect([part.byteLength, part[4999], note]).toEqual([5000, 7, 'a view within an object']);
    await expect(pool.run('bytesLeft', undefined)).resolves.toBe(left);
  });
});

test('a process lives as long as its tasks, and no longer', async () => {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('./test/alone.ts', import.meta.url))], { timeout: 30_000 });
  expect(stdout).toBe('done\n');
});

describe('size', () => {
  test('threads come while tasks wait and go when they idle', async () => {
    const pool = open({ maxThreads: 2, targetDelayMs: 5, idleMs: 20 });
    const [first, second] = [flag(), flag()];
    const all = [pool.run('waitFor', first.shared), pool.run('waitFor', second.shared)];
    await until(() => pool.stats().running === 2);
    first.raise();
    second.raise();
    await Promise.all(all);
    await until(() => pool.stats().threads === 1);
    await expect(pool.run('echo', 'still here')).resolves.toBe('still here');
  });
});

test('none is lost under random crashes, time-outs and aborts', async () => {
  const kinds = ['echo', 'echo', 'echo', 'fail', 'exit', 'spin', 'throwUncaught', 'abort'] as const;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 12 }), async (tasks) => {
      const pool = open({ maxThreads: 2, targetDelayMs: 0 });
      const results = tasks.map((kind, id): Promise<void> => {
        if (kind === 'echo') return expect(pool.run('echo', id)).resolves.toBe(id);
        if (kind === 'fail') return expect(pool.run('fail', `task ${id}`)).rejects.toThrow(new RangeError(`task ${id}`));
        if (kind === 'exit')
          return expect(pool.run('exit', id)).rejects.toMatchObject({ code: 'ERR_WORKERS_CRASHED', cause: { message: `the thread exited with code ${id}` } });
        if (kind === 'spin') return expect(pool.run('spin', flag().shared, { timeoutMs: 10 })).rejects.toEqual(code('ERR_WORKERS_TIMEOUT'));
        if (kind === 'throwUncaught') return expect(pool.run('throwUncaught', `task ${id}`)).rejects.toMatchObject({ cause: { message: `task ${id}` } });
        return expect(pool.run('spin', flag().shared, { signal: AbortSignal.timeout(id * 10 + 1) })).rejects.toMatchObject({ name: 'TimeoutError' });
      });
      await Promise.all(results);
      await expect(pool.run('echo', 'still here')).resolves.toBe('still here');
      expect(pool.stats()).toMatchObject({ accepted: tasks.length + 1, running: 0, queued: 0, closed: 0 });
      await pool.close();
    }),
    { numRuns: 6 },
  );
}, 60_000);
