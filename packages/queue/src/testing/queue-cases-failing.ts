import { strict as assert } from 'node:assert';
import { QueueError } from '../errors.ts';
import type { Queue } from '../queue.ts';
import { handled, isEmpty, longMs, parseTestData, quickly, type Case, type TestData } from './queue-under-test.ts';

/** What becomes of jobs that fail. */
export const failureCases: Readonly<Record<string, Case>> = {
  'a job that failed is tried again after the back-off, and told the number of the attempt': async (test) => {
    const retries: { readonly id: string; readonly delayMs: number }[] = [];
    const onRetry = (id: string, _error: unknown, delayMs: number): void => void retries.push({ id, delayMs });
    const queue = await test.open({ attempts: 3, backoff: { baseMs: 100, maxMs: 150 }, random: () => 0, listener: { onRetry } });
    const starts: { readonly attempt: number; readonly at: number }[] = [];
    queue.process(({ attempt }) => {
      starts.push({ attempt, at: test.now() });
      if (attempt < 3) throw new Error('not yet');
    });
    const id = await queue.add({ n: 1 });
    await test.until(() => starts.length === 3);
    await isEmpty(test, queue);
    assert.deepEqual(
      starts.map(({ attempt }) => attempt),
      [1, 2, 3],
    );
    assert.deepEqual(retries, [
      { id, delayMs: 50 },
      { id, delayMs: 75 },
    ]);
    const [first = 0, second = 0, third = 0] = starts.map(({ at }) => at);
    assert.ok(second - first >= 49 && third - second >= 74, `${second - first} and ${third - second} ms between the attempts`);
  },
  'a job without attempts left is a dead letter that says what it died of, and is left alone': async (test) => {
    const dead: string[] = [];
    const queue = await test.open({ attempts: 2, backoff: quickly, listener: { onDeadLetter: (id, reason) => void dead.push(`${id} ${reason}`) } });
    const starts: number[] = [];
    queue.process(({ data, attempt }) => {
      if (data.n === 1) starts.push(attempt);
      throw new Error(`cannot do ${data.n}`);
    });
    const id = await queue.add({ n: 1 });
    await test.until(() => dead.length === 1);
    const [letter, ...others] = await queue.deadLetters();
    assert.deepEqual(others, []);
    assert.deepEqual({ ...letter, diedAtMs: 0 }, { id, data: { n: 1 }, reason: 'cannot do 1', attempts: 2, diedAtMs: 0 });
    assert.ok((letter?.diedAtMs ?? 0) > 0);
    await queue.add({ n: 2 });
    await test.until(() => dead.length === 2);
    assert.deepEqual(starts, [1, 2]);
    assert.deepEqual(dead[0], `${id} cannot do 1`);
    assert.deepEqual(await queue.counts(), { waiting: 0, delayed: 0, active: 0, dead: 2 });
    assert.deepEqual(await pagesOfDead(queue), [1, 2]);
  },
  'what a handler throws may be anything': async (test) => {
    const queue = await test.open({ attempts: 1 });
    // The names and the message have a meaning of their own to BullMQ.
    const thrown: readonly unknown[] = [
      undefined,
      'text',
      Object.create(null),
      Object.assign(new Error('delayed'), { name: 'DelayedError' }),
      Object.assign(new Error('waiting'), { name: 'WaitingError' }),
      new Error('bullmq:rateLimitExceeded'),
    ];
    queue.process(({ data }) => {
      throw thrown[data.n];
    });
    for (const n of thrown.keys()) await queue.add({ n });
    await test.until(async () => (await queue.counts()).dead === thrown.length);
  },
  'a dead letter that is retried has all its attempts again': async (test) => {
    const queue = await test.open({ attempts: 2, backoff: quickly });
    let isHealed = false;
    const attempts: number[] = [];
    queue.process(({ attempt }) => {
      attempts.push(attempt);
      if (!isHealed || attempt === 1) throw new Error('ill');
    });
    const id = await queue.add({ n: 1 });
    await test.until(async () => (await queue.counts()).dead === 1);
    isHealed = true;
    assert.equal(await queue.retryDeadLetter(id), true);
    await test.until(() => attempts.length === 4);
    await isEmpty(test, queue);
    assert.deepEqual(attempts, [1, 2, 1, 2]);
    assert.equal(await queue.retryDeadLetter(id), false);
    assert.equal(await queue.retryDeadLetter('nobody'), false);
  },
  'a dead letter that is removed is gone, and nothing else can be removed': async (test) => {
    const queue = await test.open({ attempts: 1 });
    const waiting = await queue.add({ n: 2 }, { delayMs: longMs, jobId: 'waiting' });
    const id = await queue.add({ n: 1 }, { jobId: 'mine' });
    queue.process(() => {
      throw new Error('ill');
    });
    await test.until(async () => (await queue.counts()).dead === 1);
    assert.equal(await queue.removeDeadLetter(waiting), false);
    assert.equal(await queue.removeDeadLetter(id), true);
    assert.equal(await queue.removeDeadLetter(id), false);
    assert.deepEqual(await queue.counts(), { waiting: 0, delayed: 1, active: 0, dead: 0 });
    await queue.add({ n: 2 }, { jobId: 'waiting' });
    await queue.add({ n: 1 }, { jobId: 'mine' });
    await test.until(async () => (await queue.counts()).dead === 1);
    assert.equal((await queue.counts()).delayed, 1);
  },
  'a job that does not parse is a dead letter, and the handler neither sees it nor stops': async (test) => {
    const queue = await test.open({ attempts: 5 });
    const id = await test.addForeign(queue, { version: 2 });
    await queue.add({ n: 1 });
    assert.deepEqual(await handled(test, queue, 1), [1]);
    await test.until(async () => (await queue.counts()).dead === 1);
    const [letter] = await queue.deadLetters();
    assert.deepEqual(
      { ...letter, diedAtMs: 0 },
      {
        id,
        data: { version: 2 },
        reason: 'ERR_QUEUE_DATA: the data does not parse: n is not there',
        attempts: 1,
        diedAtMs: 0,
      },
    );
  },
  'a handler that finds the data without sense is not tried again': async (test) => {
    const queue = await test.open({ attempts: 5, backoff: quickly });
    let starts = 0;
    queue.process(() => {
      starts += 1;
      throw new QueueError('ERR_QUEUE_DATA', 'no such player');
    });
    await queue.add({ n: 1 });
    await test.until(async () => (await queue.counts()).dead === 1);
    assert.equal(starts, 1);
    assert.equal((await queue.deadLetters())[0]?.reason, 'ERR_QUEUE_DATA: no such player');
  },
};

async function pagesOfDead(queue: Queue<TestData>): Promise<readonly number[]> {
  const pages = [await queue.deadLetters({ limit: 1 }), await queue.deadLetters({ offset: 1, limit: 1 }), await queue.deadLetters({ offset: 2 })];
  return pages.flat().map(({ data }) => parseTestData(data).n);
}
