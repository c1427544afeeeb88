import { expect, test } from 'vitest';
import { FakeThreads, settleMicrotasks } from './test/fake-threads.ts';
import { FakeTime } from './test/fake-time.ts';
import { WorkerPools } from './worker-pools.ts';

interface Tasks {
  work(input: number): number;
}

const code = (name: string) => expect.objectContaining({ code: name });
const file = '/tasks.js';

test('pools take the defaults unless they say otherwise, and are told about in order', () => {
  const threads = new FakeThreads();
  const pools = new WorkerPools({ startThread: threads.start, minThreads: 2, maxThreads: 2 });
  pools.open<Tasks>('passwords', { file });
  pools.open<Tasks>('exports', { file, minThreads: 0 });
  expect(pools.stats().map(({ name, threads }) => [name, threads])).toEqual([
    ['passwords', 2],
    ['exports', 0],
  ]);
});

test('a name is taken once', () => {
  const pools = new WorkerPools({ startThread: new FakeThreads().start });
  pools.open<Tasks>('exports', { file });
  expect(() => pools.open<Tasks>('exports', { file })).toThrow(code('ERR_WORKERS_OPTIONS'));
});

test('a full pool does not stand in the way of another', async () => {
  const threads = new FakeThreads();
  const pools = new WorkerPools({ startThread: threads.start, maxThreads: 1, maxQueued: 1 });
  const [exports, passwords] = [pools.open<Tasks>('exports', { file }), pools.open<Tasks>('passwords', { file })];
  threads.readyAll();
  const stuck = Promise.allSettled([exports.run('work', 0), exports.run('work', 1)]);
  await expect(exports.run('work', 2)).rejects.toEqual(code('ERR_WORKERS_OVERLOADED'));
  const result = passwords.run('work', 3);
  threads.workingOn(3).finish(9);
  await expect(result).resolves.toBe(9);
  await pools.close({ graceMs: 0 });
  await stuck;
});

test('all are closed together, within one time of grace', async () => {
  const time = new FakeTime();
  const threads = new FakeThreads();
  const pools = new WorkerPools({ startThread: threads.start, clock: time, timers: time });
  const all = ['a', 'b'].map((name) => pools.open<Tasks>(name, { file }));
  threads.readyAll();
  const outcomes = Promise.allSettled(all.map((pool) => pool.run('work', 1)));
  const closed = pools.close({ graceMs: 100 });
  await settleMicrotasks();
  expect(threads.working).toHaveLength(2);
  expect(() => pools.open<Tasks>('c', { file })).toThrow(code('ERR_WORKERS_CLOSED'));
  time.advance(100);
  await closed;
  expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([code('ERR_WORKERS_CLOSED'), code('ERR_WORKERS_CLOSED')]);
  expect(threads.alive).toHaveLength(0);
  await pools[Symbol.asyncDispose]();
});
