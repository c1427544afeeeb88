import { describe, expect, test } from 'vitest';
import { LocalQueue, type LocalQueueOptions } from './local-queue.ts';
import { FakeTime, settle } from './test/fake-time.ts';
import { maxTimerMs } from './timers.ts';
import { parseTestData, queueConformance, type QueueUnderTest, type TestData } from './testing/index.ts';

function underTest(): Promise<QueueUnderTest> {
  const time = new FakeTime();
  return Promise.resolve({
    // eslint-disable-next-line typescript/require-await -- what the constructor throws must reject
    open: async (options) => new LocalQueue<TestData>({ ...options, clock: time, timers: time, parse: parseTestData }),
    addForeign: (queue, data) => queue.add(JSON.parse(JSON.stringify(data))),
    async until(condition) {
      for (let steps = 0; steps < 1000; steps += 1) {
        await settle();
        if (await condition()) return;
        await time.advanceAsync(5);
      }
      throw new Error('never came true');
    },
    pass: (timeMs) => time.advanceAsync(timeMs),
    now: () => time.now(),
    dispose: () => Promise.resolve(),
  });
}

describe('LocalQueue keeps the promises of a queue', () => {
  test.each(queueConformance(underTest))('$name', ({ run }) => run());
});

function createQueue(options: LocalQueueOptions<number> = {}): { readonly queue: LocalQueue<number>; readonly time: FakeTime; readonly seen: number[] } {
  const time = new FakeTime();
  return { queue: new LocalQueue<number>({ ...options, clock: time, timers: time }), time, seen: [] };
}

test('a delayed job starts at its very millisecond, and one timer waits for all of them', async () => {
  const { queue, time, seen } = createQueue();
  queue.process((job) => void seen.push(job.data));
  for (const delayMs of [300, 100, 200]) await queue.add(delayMs, { delayMs });
  expect(time.pending.map(({ delayMs }) => delayMs)).toEqual([100]);
  expect(time.timersSet).toBe(2);
  await time.advanceAsync(99);
  expect(seen).toEqual([]);
  await time.advanceAsync(1);
  expect(seen).toEqual([100]);
  await time.advanceAsync(200);
  expect(seen).toEqual([100, 200, 300]);
  expect(time.pending).toEqual([]);
});

test('a delay longer than a process timer can wait is waited for in parts', async () => {
  const { queue, time, seen } = createQueue();
  queue.process((job) => void seen.push(job.data));
  const delayMs = 3 * 2 ** 31;
  await queue.add(1, { delayMs });
  expect(time.pending).toMatchObject([{ delayMs: maxTimerMs }]);
  await time.advanceAsync(delayMs - 1);
  expect(seen).toEqual([]);
  await time.advanceAsync(1);
  expect(seen).toEqual([1]);
});

test('a queue without a handler, and one that is closed, sets no timers', async () => {
  const { queue, time } = createQueue();
  await queue.add(1, { delayMs: 10 });
  expect(time.pending).toEqual([]);
  queue.process(() => undefined);
  expect(time.pending).toHaveLength(1);
  await queue.close();
  expect(time.pending).toEqual([]);
});

test('jobs that are due count as waiting, also where nobody takes them', async () => {
  const { queue, time } = createQueue();
  await queue.add(1, { delayMs: 10 });
  await time.advanceAsync(10);
  expect(await queue.counts()).toEqual({ waiting: 1, delayed: 0, active: 0, dead: 0 });
});

test('the window of the rate limit opens with the first start after the last one, and no idle time is saved up', async () => {
  const { queue, time, seen } = createQueue();
  queue.process(() => void seen.push(time.now()), { concurrency: 10, rateLimit: { max: 2, perMs: 100 } });
  const startMs = time.now() + 250;
  await time.advanceAsync(250);
  for (let n = 0; n < 5; n += 1) await queue.add(n);
  await time.advanceAsync(1000);
  for (let n = 0; n < 3; n += 1) await queue.add(n);
  await time.advanceAsync(100);
  expect(seen.map((at) => at - startMs)).toEqual([0, 0, 100, 100, 200, 1000, 1000, 1100]);
  expect(time.pending).toEqual([]);
});

test('a queue held by its rate sets no timer while all its handlers are busy', async () => {
  const { queue, time } = createQueue();
  const gate = Promise.withResolvers<void>();
  queue.process(() => gate.promise, { rateLimit: { max: 1, perMs: 100 } });
  for (let n = 0; n < 3; n += 1) await queue.add(n);
  expect(time.pending).toEqual([]);
  gate.resolve();
  await settle();
  expect(time.pending.map(({ delayMs }) => delayMs)).toEqual([100]);
});

test('closing an idle queue does not wait, and gives back waiting jobs in order and delayed ones after them', async () => {
  const { queue, time } = createQueue();
  await queue.add(1, { delayMs: 10, jobId: 'a' });
  await queue.add(2, { priority: 2, jobId: 'b' });
  await queue.add(3, { jobId: 'c' });
  expect(await queue.close()).toEqual([
    { id: 'c', data: 3, attempts: 0 },
    { id: 'b', data: 2, attempts: 0 },
    { id: 'a', data: 1, attempts: 0 },
  ]);
  expect(time.timersSet).toBe(0);
});

test('closing ends as soon as the last handler does, and leaves no timer', async () => {
  const { queue, time } = createQueue();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  queue.process(({ data }) => gates[data]?.promise, { concurrency: 2 });
  await queue.add(0);
  await queue.add(1);
  const closing = queue.close({ graceMs: 1000 });
  gates[0]?.resolve();
  await settle();
  gates[1]?.resolve();
  expect(await closing).toEqual([]);
  expect(time.pending).toEqual([]);
});

test('a handler that ends after its job was given back changes nothing', async () => {
  const told: string[] = [];
  const { queue, time } = createQueue({
    listener: { onDone: (id) => void told.push(id), onRetry: (id) => void told.push(id), onDeadLetter: (id) => void told.push(id) },
  });
  const gate = Promise.withResolvers<void>();
  queue.process(() => gate.promise);
  await queue.add(1, { jobId: 'mine' });
  const closing = queue.close({ graceMs: 100 });
  await time.advanceAsync(100);
  expect(await closing).toEqual([{ id: 'mine', data: 1, attempts: 1 }]);
  gate.resolve();
  await settle();
  expect(told).toEqual([]);
});

test('ten thousand dead letters fit, unless told otherwise', async () => {
  const { queue } = createQueue({ attempts: 1 });
  queue.process(() => {
    throw new Error('ill');
  });
  for (let n = 0; n <= 10_000; n += 1) await queue.add(n);
  await settle();
  expect((await queue.counts()).dead).toBe(10_000);
  expect((await queue.deadLetters())[0]).toMatchObject({ data: 1 });
});

test('without a back-off of its own a job is tried again after about a second, then two', async () => {
  const delays: number[] = [];
  const { queue, time } = createQueue({ random: () => 1, listener: { onRetry: (_id, _error, delayMs) => void delays.push(delayMs) } });
  queue.process(() => {
    throw new Error('ill');
  });
  await queue.add(1);
  await time.advanceAsync(3000);
  expect(delays).toEqual([1000, 2000]);
});

test('the process has a clock and timers of its own', async () => {
  const queue = new LocalQueue<number>();
  const done = Promise.withResolvers<number>();
  queue.process((job) => done.resolve(job.data));
  await queue.add(1, { delayMs: 1 });
  expect(await done.promise).toBe(1);
  expect(await queue.close()).toEqual([]);
});

test('dead letters can be read after the queue was closed, with the time of day', async () => {
  const queue = new LocalQueue<number>({ attempts: 1 });
  const dead = Promise.withResolvers<void>();
  const before = Date.now();
  queue.process(() => {
    dead.resolve();
    throw new Error('ill');
  });
  await queue.add(1);
  await dead.promise;
  await queue.close();
  const [letter] = await queue.deadLetters();
  expect(letter).toMatchObject({ data: 1, reason: 'ill', attempts: 1 });
  expect(Math.abs((letter?.diedAtMs ?? 0) - before)).toBeLessThan(60_000);
});
