import { strict as assert } from 'node:assert';
import type { Job } from '../queue.ts';
import { handled, isEmpty, type Case, type TestData } from './queue-under-test.ts';

/** What is done, and in which order. */
export const orderCases: Readonly<Record<string, Case>> = {
  'a job is handed over once, with its data, its id and the number of the attempt': async (test) => {
    const done: string[] = [];
    const queue = await test.open({ listener: { onDone: (id) => void done.push(id) } });
    const seen: Omit<Job<TestData>, 'signal'>[] = [];
    queue.process(({ id, data, attempt, maxAttempts, signal }) => {
      assert.equal(signal.aborted, false);
      seen.push({ id, data, attempt, maxAttempts });
    });
    const first = await queue.add({ n: 7 });
    const second = await queue.add({ n: 8 }, { attempts: 4 });
    await test.until(() => done.length === 2);
    await isEmpty(test, queue);
    assert.notEqual(first, second);
    assert.deepEqual(done, [first, second]);
    assert.deepEqual(seen, [
      { id: first, data: { n: 7 }, attempt: 1, maxAttempts: 3 },
      { id: second, data: { n: 8 }, attempt: 1, maxAttempts: 4 },
    ]);
  },
  'the lowest priority goes first, and equals in the order in which they came': async (test) => {
    const queue = await test.open();
    for (const [n, priority] of [5, 0, 3, 5, 0, 3, 2_097_151].entries()) await queue.add({ n }, { priority });
    assert.deepEqual(await handled(test, queue, 7), [1, 4, 2, 5, 0, 3, 6]);
  },
  'a delayed job does not start before its time, and holds up nobody': async (test) => {
    const queue = await test.open();
    // So long that it is not over before the handler is there, also where each question takes its time.
    const delayMs = 2000;
    const addedAt = test.now();
    const startedAfter = new Map<number, number>();
    await queue.add({ n: 1 }, { delayMs });
    await queue.add({ n: 2 });
    assert.deepEqual(await queue.counts(), { waiting: 1, delayed: 1, active: 0, dead: 0 });
    queue.process(({ data }) => void startedAfter.set(data.n, test.now() - addedAt));
    await test.until(() => startedAfter.size === 2);
    assert.deepEqual([...startedAfter.keys()], [2, 1]);
    assert.ok((startedAfter.get(1) ?? 0) >= delayMs, `started after ${startedAfter.get(1)} ms`);
  },
  'a delayed job takes its place by priority when its time has come': async (test) => {
    const queue = await test.open();
    const gate = Promise.withResolvers<void>();
    const order: number[] = [];
    queue.process(async ({ data }) => {
      order.push(data.n);
      if (data.n === 0) await gate.promise;
    });
    await queue.add({ n: 0 });
    await test.until(() => order.length === 1);
    await queue.add({ n: 3 }, { priority: 3 });
    await queue.add({ n: 2 }, { priority: 2, delayMs: 50 });
    await queue.add({ n: 1 }, { priority: 1 });
    await test.pass(200);
    gate.resolve();
    await test.until(() => order.length === 4);
    assert.deepEqual(order, [0, 1, 2, 3]);
  },
};

/** When two jobs are one. */
export const identityCases: Readonly<Record<string, Case>> = {
  'a job that is there is not added again, be it waiting, active, done or dead': async (test) => {
    const queue = await test.open({ attempts: 1 });
    const gate = Promise.withResolvers<void>();
    const seen: number[] = [];
    const again = (n: number): Promise<string> => queue.add({ n }, { jobId: n === 0 ? 'order:1' : 'order:2' });
    assert.equal(await again(0), 'order:1');
    assert.equal(await again(0), 'order:1');
    assert.equal((await queue.counts()).waiting, 1);
    queue.process(async ({ data }) => {
      seen.push(data.n);
      if (data.n === 1) throw new Error('dies');
      await gate.promise;
    });
    await test.until(() => seen.length === 1);
    await again(0); // active
    assert.equal((await queue.counts()).waiting, 0);
    gate.resolve();
    await isEmpty(test, queue);
    await again(0); // done
    await again(1);
    await test.until(async () => (await queue.counts()).dead === 1);
    await again(1); // dead
    await queue.add({ n: 2 });
    await test.until(() => seen.includes(2));
    assert.deepEqual(seen, [0, 1, 2]);
  },
  'only the last ids of jobs that were done are remembered': async (test) => {
    const queue = await test.open({ keepDone: 2 });
    const seen: number[] = [];
    queue.process(({ data }) => void seen.push(data.n));
    for (const n of [1, 2, 3, 1, 3]) {
      await queue.add({ n }, { jobId: `order-${n}` });
      await isEmpty(test, queue);
    }
    assert.deepEqual(seen, [1, 2, 3, 1]);
  },
  'any text may be an id': async (test) => {
    const queue = await test.open();
    const ids = ['1', '0', '0:1', 'a:b:c', '%3A', '%253A', 'ä ö', '__proto__', 'x'.repeat(256)];
    const seen: string[] = [];
    queue.process(({ id }) => void seen.push(id));
    for (const jobId of ids) assert.equal(await queue.add({ n: 1 }, { jobId }), jobId);
    await test.until(() => seen.length === ids.length);
    assert.deepEqual(seen, ids);
  },
};
