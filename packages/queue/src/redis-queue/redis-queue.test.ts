import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue as BullQueue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import type { QueueOptions } from '../queue.ts';
import { redisForTests, until } from '@midgard/test-services';
import { parseTestData, queueConformance, type QueueUnderTest, type TestData } from '../testing/index.ts';
import { RedisQueue } from './redis-queue.ts';

const redis = await redisForTests();
const url = 'url' in redis ? redis.url : '';
const missing = 'missing' in redis ? `: ${redis.missing}` : '';
afterAll(() => ('url' in redis ? redis.remove() : undefined));

/** Queues of one name under a prefix of their own, and what is needed beside them. */
class Bench {
  readonly prefix = `test-${randomUUID()}`;
  readonly #opened: RedisQueue<TestData>[] = [];

  async open(options: QueueOptions = {}): Promise<RedisQueue<TestData>> {
    // The Redis that is given from outside may be anything; what settings it must have is tested elsewhere.
    const allow = { eviction: true, noAppendOnlyFile: true };
    const queue = await RedisQueue.open({ ...options, url, prefix: this.prefix, allow, name: 'jobs', parse: parseTestData, lockMs: 1000 });
    this.#opened.push(queue);
    return queue;
  }

  async withBull<R>(use: (queue: BullQueue) => Promise<R>): Promise<R> {
    const queue = new BullQueue('jobs', { connection: { url }, prefix: this.prefix });
    try {
      return await use(queue);
    } finally {
      await queue.close();
    }
  }

  async withRedis<R>(use: (client: Redis) => Promise<R>): Promise<R> {
    const client = new Redis(url);
    try {
      return await use(client);
    } finally {
      await client.quit();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((queue) => queue.close({ graceMs: 0 })));
    await this.withRedis(async (client) => {
      const keys = await client.keys(`${this.prefix}:*`);
      if (keys.length > 0) await client.del(...keys);
    });
  }
}

function underTest(): Promise<QueueUnderTest> {
  const bench = new Bench();
  return Promise.resolve({
    open: (options) => bench.open(options),
    async addForeign(_queue, data) {
      await bench.withBull((queue) => queue.add('job', data, { jobId: '_foreign' }));
      return 'foreign';
    },
    until,
    pass: (timeMs) => sleep(timeMs),
    now: Date.now,
    dispose: () => bench[Symbol.asyncDispose](),
  });
}

describe.skipIf(missing !== '')(`RedisQueue keeps the promises of a queue${missing}`, () => {
  test.concurrent.each(queueConformance(underTest))('$name', ({ run }) => run(), 60_000);
});

describe.skipIf(missing !== '')(`RedisQueue${missing}`, () => {
  test('what is not JSON is refused', async () => {
    await using bench = new Bench();
    const queue = await RedisQueue.open<unknown>({
      url,
      name: 'any',
      prefix: bench.prefix,
      allow: { eviction: true, noAppendOnlyFile: true },
      parse: (data) => data,
    });
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    for (const data of [undefined, () => 1, Symbol('s'), 1n, cyclic]) await expect(queue.add(data)).rejects.toMatchObject({ code: 'ERR_QUEUE_DATA' });
    for (const data of [null, 0, '', false, []]) await queue.add(data);
    expect(await queue.counts()).toMatchObject({ waiting: 5 });
    const seen: unknown[] = [];
    queue.process(({ data }) => void seen.push(data));
    await until(() => seen.length === 5);
    expect(seen).toEqual([null, 0, '', false, []]);
    await queue.close();
  });

  test('a job whose data is not even JSON is a dead letter that can be listed', async () => {
    await using bench = new Bench();
    const queue = await bench.open();
    await queue.add({ n: 1 }, { jobId: 'bad' });
    await queue.add({ n: 2 });
    await bench.withRedis((client) => client.hset(`${bench.prefix}:jobs:_bad`, 'data', '{broken'));
    const seen: number[] = [];
    queue.process(({ data }) => void seen.push(data.n));
    await until(async () => (await queue.counts()).dead === 1 && seen.length === 1);
    expect(seen).toEqual([2]);
    expect(await queue.deadLetters()).toMatchObject([{ id: 'bad', data: '{broken', reason: 'ERR_QUEUE_DATA: the data is not JSON', attempts: 1 }]);
  });

  test('a job of a program that told neither attempts nor back-off has those of the queue', async () => {
    await using bench = new Bench();
    const queue = await bench.open({ attempts: 2, backoff: { baseMs: 100, maxMs: 100 }, random: () => 0 });
    const starts: { readonly attempt: number; readonly maxAttempts: number; readonly at: number }[] = [];
    queue.process(({ attempt, maxAttempts }) => {
      starts.push({ attempt, maxAttempts, at: Date.now() });
      throw new Error('ill');
    });
    await bench.withBull((bull) => bull.add('job', { n: 1 }, { jobId: '_a' }));
    await until(async () => (await queue.counts()).dead === 1);
    expect(starts).toMatchObject([
      { attempt: 1, maxAttempts: 2 },
      { attempt: 2, maxAttempts: 2 },
    ]);
    expect((starts[1]?.at ?? 0) - (starts[0]?.at ?? 0)).toBeGreaterThanOrEqual(49);
  });

  test('a job that takes every worker with it is a dead letter after its last attempt', async () => {
    await using bench = new Bench();
    const starts: number[] = [];
    for (let worker = 1; worker <= 2; worker += 1) {
      const queue = await bench.open({ attempts: 2 });
      if (worker === 1) await queue.add({ n: 1 });
      queue.process(async ({ attempt }) => {
        starts.push(attempt);
        await new Promise(() => undefined);
      });
      await until(() => starts.length === worker);
      await queue.close({ graceMs: 0 });
    }
    const queue = await bench.open();
    queue.process(({ attempt }) => void starts.push(attempt));
    await until(async () => (await queue.counts()).dead === 1);
    expect(starts).toEqual([1, 2]);
    expect(await queue.deadLetters()).toMatchObject([{ attempts: 3, reason: 'died with its worker on the last of 2 attempts' }]);
  });

  test('a job whose worker died on the first of two attempts is not tried a third time', async () => {
    await using bench = new Bench();
    const first = await bench.open({ attempts: 2 });
    await first.add({ n: 1 });
    let isBegun = false;
    first.process(async () => {
      isBegun = true;
      await new Promise(() => undefined);
    });
    await until(() => isBegun);
    await first.close({ graceMs: 0 });
    const second = await bench.open();
    const starts: number[] = [];
    second.process(({ attempt }) => {
      starts.push(attempt);
      throw new Error('ill');
    });
    await until(async () => (await second.counts()).dead === 1);
    expect(starts).toEqual([2]);
  });

  test('a handler that runs longer than the lock keeps its job', async () => {
    await using bench = new Bench();
    const [queue, other] = [await bench.open(), await bench.open()];
    const starts: number[] = [];
    const handler = async ({ attempt }: { readonly attempt: number }): Promise<void> => {
      starts.push(attempt);
      await sleep(3000);
    };
    queue.process(handler);
    other.process(handler);
    await queue.add({ n: 1 });
    await until(async () => starts.length > 0 && (await queue.counts()).active === 0);
    expect(starts).toEqual([1]);
  });

  test('a handler whose job another worker may have is told to stop', async () => {
    await using bench = new Bench();
    const queue = await bench.open();
    const begun = Promise.withResolvers<AbortSignal>();
    const gate = Promise.withResolvers<void>();
    queue.process(({ signal, attempt }) => {
      if (attempt > 1) return undefined;
      begun.resolve(signal);
      return gate.promise;
    });
    await queue.add({ n: 1 }, { jobId: 'a' });
    const signal = await begun.promise;
    await bench.withRedis((client) => client.del(`${bench.prefix}:jobs:_a:lock`));
    await until(() => signal.aborted);
    gate.resolve();
  });

  test('a limit of the rate holds over all workers together', async () => {
    await using bench = new Bench();
    const starts: number[] = [];
    const queues = [await bench.open(), await bench.open()];
    for (let n = 0; n < 4; n += 1) await queues[0]?.add({ n });
    const beginMs = Date.now();
    for (const queue of queues) queue.process(() => void starts.push(Date.now() - beginMs), { concurrency: 4, rateLimit: { max: 2, perMs: 500 } });
    await until(() => starts.length === 4);
    expect(starts[2]).toBeGreaterThanOrEqual(499);
  });

  test('queues of another name or prefix are others', async () => {
    await using bench = new Bench();
    await using elsewhere = new Bench();
    await (await bench.open()).add({ n: 1 });
    expect(await (await elsewhere.open()).counts()).toMatchObject({ waiting: 0 });
  });
});

test('names, times and addresses that make no sense are refused before anything is connected', async () => {
  const good = { url: 'redis://127.0.0.1:1', name: 'jobs', parse: parseTestData };
  const bad = [{ name: '' }, { name: 'a:b' }, { prefix: '' }, { prefix: 'a b' }, { lockMs: 99 }, { timeoutMs: 0 }, { url: '' }, { url: 'http://127.0.0.1' }];
  for (const options of bad) await expect(RedisQueue.open({ ...good, ...options })).rejects.toMatchObject({ code: 'ERR_QUEUE_OPTIONS' });
});
