import { strict as assert } from 'node:assert';
import { isIdle, longMs, quickly, rejectsWith, type Case } from './queue-under-test.ts';

/** How much and how fast. */
export const boundCases: Readonly<Record<string, Case>> = {
  'as many handlers run at a time as were allowed, and no more': async (test) => {
    const queue = await test.open();
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    let done = 0;
    for (let n = 0; n < 7; n += 1) await queue.add({ n }, { priority: n % 2 });
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
      done += 1;
    };
    queue.process(work, { concurrency: 3 });
    await test.until(() => running === 3);
    assert.deepEqual(await queue.counts(), { waiting: 4, delayed: 0, active: 3, dead: 0 });
    gate.resolve();
    await test.until(() => done === 7);
    assert.equal(most, 3);
  },
  'no more jobs start in a time than were allowed': async (test) => {
    const queue = await test.open();
    const starts: number[] = [];
    for (let n = 0; n < 6; n += 1) await queue.add({ n });
    const beginMs = test.now();
    queue.process(() => void starts.push(test.now() - beginMs), { concurrency: 6, rateLimit: { max: 2, perMs: 300 } });
    await test.until(() => starts.length === 6);
    // A millisecond for clocks that round.
    const [, , third = 0, , fifth = 0] = starts;
    assert.ok(third >= 299 && fifth >= 598, `the third came after ${third} ms, the fifth after ${fifth}`);
  },
  'a full queue refuses, counting delayed jobs too, and takes again when there is room': async (test) => {
    const queue = await test.open({ maxWaiting: 2 });
    await queue.add({ n: 1 });
    await queue.add({ n: 2 }, { delayMs: longMs });
    await rejectsWith('ERR_QUEUE_FULL', queue.add({ n: 3 }));
    queue.process(() => undefined);
    await test.until(async () => (await queue.counts()).waiting === 0);
    await queue.add({ n: 4 });
  },
  'a bounded store of dead letters forgets the oldest': async (test) => {
    const queue = await test.open({ attempts: 1, maxDead: 2 });
    queue.process(({ data }) => {
      throw new Error(`no ${data.n}`);
    });
    for (let n = 0; n < 3; n += 1) {
      await queue.add({ n }, { jobId: `job-${n}` });
      await isIdle(test, queue);
    }
    assert.deepEqual(
      (await queue.deadLetters()).map(({ id }) => id),
      ['job-1', 'job-2'],
    );
    await queue.add({ n: 0 }, { jobId: 'job-0' });
    await test.until(async () => (await queue.deadLetters()).some(({ id }) => id === 'job-0'));
  },
  'numbers that make no sense are refused': async (test) => {
    const queue = await test.open();
    const options = 'ERR_QUEUE_OPTIONS';
    for (const bad of [{ priority: -1 }, { priority: 0.5 }, { priority: 2_097_152 }, { delayMs: -1 }, { delayMs: Number.NaN }, { attempts: 0 }]) {
      await rejectsWith(options, queue.add({ n: 1 }, bad));
    }
    for (const bad of [{ backoff: { baseMs: -1, maxMs: 1 } }, { backoff: { baseMs: 2, maxMs: 1 } }, { jobId: '' }, { jobId: 'x'.repeat(257) }]) {
      await rejectsWith(options, queue.add({ n: 1 }, bad));
    }
    for (const bad of [{ concurrency: 0 }, { rateLimit: { max: 0, perMs: 1 } }, { rateLimit: { max: 1, perMs: 0 } }]) {
      assert.throws(() => queue.process(() => undefined, bad), { code: options });
    }
    for (const bad of [{ offset: -1 }, { limit: 0 }]) await rejectsWith(options, queue.deadLetters(bad));
    for (const bad of [{ attempts: 0 }, { maxWaiting: 0 }, { keepDone: -1 }, { maxDead: 0 }, { backoff: { baseMs: 1, maxMs: 0 } }]) {
      await rejectsWith(options, test.open(bad));
    }
    await rejectsWith(options, queue.close({ graceMs: -1 }));
    queue.process(() => undefined);
    assert.throws(() => queue.process(() => undefined), { code: options });
  },
};

/** What becomes of jobs when a queue is closed. */
export const closingCases: Readonly<Record<string, Case>> = {
  'closing waits for the handlers that run, and takes no more': async (test) => {
    const queue = await test.open();
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    queue.process(async ({ data, signal }) => {
      seen.push(`${data.n} begun`);
      await gate.promise;
      seen.push(`${data.n} ${signal.aborted ? 'aborted' : 'done'}`);
    });
    await queue.add({ n: 1 });
    await queue.add({ n: 2 });
    await test.until(() => seen.length === 1);
    const closing = queue.close({ graceMs: longMs });
    const closingAgain = queue.close({ graceMs: 0 });
    await rejectsWith('ERR_QUEUE_CLOSED', queue.add({ n: 3 }));
    await rejectsWith('ERR_QUEUE_CLOSED', queue.retryDeadLetter('any'));
    assert.throws(() => queue.process(() => undefined), { code: 'ERR_QUEUE_CLOSED' });
    await test.pass(20);
    gate.resolve();
    const found = (await closing).map(({ data }) => data.n);
    assert.deepEqual(await closingAgain, await closing);
    assert.deepEqual(seen, ['1 begun', '1 done']);
    const next = await test.open();
    next.process(({ data }) => void found.push(data.n));
    await test.until(() => found.length === 1);
    assert.deepEqual(found, [2]);
  },
  'a handler that outlasts the grace is told to stop, and no job is lost': async (test) => {
    const queue = await test.open();
    const signals: AbortSignal[] = [];
    const never = Promise.withResolvers<void>();
    queue.process(async ({ signal, data }) => {
      if (data.n !== 0) return;
      signals.push(signal);
      await never.promise;
    });
    await queue.add({ n: 0 }, { jobId: 'job-0' });
    await test.until(() => signals.length === 1);
    await queue.add({ n: 1 }, { jobId: 'job-1', priority: 1 });
    await queue.add({ n: 2 }, { jobId: 'job-2', delayMs: 100 });
    const closing = queue.close({ graceMs: 50 });
    await test.pass(50);
    const left = await closing;
    assert.equal(signals[0]?.aborted, true);
    never.resolve();
    const found = new Map(left.map(({ id, attempts }) => [id, attempts]));
    const next = await test.open();
    next.process(({ id, attempt }) => void found.set(id, attempt - 1));
    await test.until(() => found.size === 3);
    assert.deepEqual(
      [...found].sort(([a], [b]) => a.localeCompare(b)),
      [
        ['job-0', 1],
        ['job-1', 0],
        ['job-2', 0],
      ],
    );
  },
  'a job that fails while the queue closes is not lost': async (test) => {
    const queue = await test.open({ backoff: quickly });
    const gate = Promise.withResolvers<void>();
    let isBegun = false;
    queue.process(async () => {
      isBegun = true;
      await gate.promise;
      throw new Error('again');
    });
    await queue.add({ n: 5 });
    await test.until(() => isBegun);
    const closing = queue.close({ graceMs: longMs });
    gate.resolve();
    const found = (await closing).map(({ data, attempts }) => ({ data, attempts }));
    const next = await test.open();
    next.process(({ data, attempt }) => void found.push({ data, attempts: attempt - 1 }));
    await test.until(() => found.length === 1);
    assert.deepEqual(found, [{ data: { n: 5 }, attempts: 1 }]);
  },
};
