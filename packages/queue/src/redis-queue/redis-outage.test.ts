import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { effectsOfTest, redisOfTest, workerOfTest } from '../test/servers.ts';
import { findRedis, until } from '@midgard/test-services';
import { runOutage } from '../test/outage.ts';
import { RedisQueue, type RedisQueueOptions } from './redis-queue.ts';

const timeoutMs = 90_000;
/** What a question gets that is to fail for want of an answer. */
const shortMs = 500;

async function open(url: string, options: Partial<RedisQueueOptions<unknown>> = {}): Promise<RedisQueue<unknown>> {
  const queue = await RedisQueue.open({ url, name: 'work', parse: (data) => data, timeoutMs: 15_000, ...options });
  onTestFinished(async () => void (await queue.close({ graceMs: 0 })));
  return queue;
}

/** Opens it with a time-out that a busy machine may miss: then again. */
async function openSoon(url: string, options: Partial<RedisQueueOptions<unknown>>): Promise<RedisQueue<unknown>> {
  const opened: RedisQueue<unknown>[] = [];
  await until(async () => opened.push(await open(url, options)) > 0);
  const [queue] = opened;
  return queue ?? Promise.reject(new Error('never opened'));
}

describe.skipIf(findRedis() === undefined)('RedisQueue when processes die (needs a redis-server binary)', () => {
  test('a job whose worker is killed is done by another worker, which is told that it is the second attempt', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    const { effects, file } = effectsOfTest();
    const settings = { url: redis.url, file, lockMs: 500, concurrency: 1, graceMs: 0 };
    const queue = await open(redis.url);
    const first = workerOfTest({ ...settings, workMs: timeoutMs });
    await queue.add({ n: 1 });
    await until(() => effects.starts().length === 1);
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    const second = workerOfTest({ ...settings, workMs: 1 });
    await until(() => effects.figures().effects === 1);
    expect(effects.starts()).toEqual([
      { attempt: 1, pid: first.pid },
      { attempt: 2, pid: second.pid },
    ]);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  test('a worker that is asked to end while Redis is away ends by itself', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    const { effects, file } = effectsOfTest();
    const settings = { url: redis.url, file, lockMs: 500, concurrency: 1, graceMs: 200 };
    const idle = workerOfTest({ ...settings, workMs: 1 });
    const queue = await open(redis.url);
    await queue.add({ n: 1 });
    await until(() => effects.figures().effects === 1);
    const busy = workerOfTest({ ...settings, workMs: timeoutMs });
    expect(await idle.end('SIGTERM')).toBe(0);
    await queue.add({ n: 2 });
    await until(() => effects.starts().length === 2);
    const alsoIdle = workerOfTest({ ...settings, workMs: 1 });
    await queue.add({ n: 3 });
    await until(() => effects.figures().effects === 2);
    await redis.stop('SIGKILL');
    expect(await Promise.all([busy.end('SIGTERM'), alsoIdle.end('SIGTERM'), queue.close()])).toEqual([0, 0, []]);
  });

  test('Redis away during work: nothing is lost, and nothing is done twice in effect', { timeout: timeoutMs }, async () => {
    const figures = await runOutage({ seconds: 1, jobs: 300, workers: 2, workMs: 20, lockMs: 500 });
    expect(figures).toMatchObject({ effects: 300, gold: 300, deadLetters: 0 });
    expect(figures.refusals).toBeGreaterThan(0);
    expect(figures.starts).toBeGreaterThanOrEqual(300);
  });
});

describe.skipIf(findRedis() === undefined)('RedisQueue without its Redis (needs a redis-server binary)', () => {
  test('opening fails where there is no Redis, and where it does not answer', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    await redis.freeze();
    await expect(open(redis.url, { timeoutMs: shortMs })).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' });
    await redis.stop();
    await expect(open(redis.url)).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' });
  });

  test('every question fails in time while Redis is silent or away, and is answered again after', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    const errors: Error[] = [];
    const queue = await openSoon(redis.url, { timeoutMs: shortMs, listener: { onError: (error) => void errors.push(error) } });
    const seen: unknown[] = [];
    queue.process(({ data }) => void seen.push(data));
    const questions = [
      () => queue.add('lost or not', { jobId: 'a' }),
      () => queue.counts(),
      () => queue.deadLetters(),
      () => queue.retryDeadLetter('a'),
      () => queue.removeDeadLetter('a'),
    ];
    await redis.freeze();
    for (const ask of questions) await expect(ask()).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' });
    await redis.stop('SIGKILL');
    for (const ask of questions) await expect(ask()).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' });
    await redis.start();
    await until(() => queue.add('again', { jobId: 'b' }).then(Boolean, () => false));
    await until(() => seen.includes('again'));
    // What has failed is not sent after all, behind the back of who asked.
    expect(seen).toEqual(['again']);
    expect(errors.length).toBeGreaterThan(0);
  });

  test('what is under way when Redis dies fails then, and is not sent again', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    const queue = await open(redis.url, { timeoutMs: 10 * timeoutMs });
    await redis.freeze();
    const adding = queue.add(1);
    adding.catch(() => undefined);
    await redis.stop('SIGKILL');
    await expect(adding).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' });
    await redis.start();
    await until(() =>
      queue.counts().then(
        ({ waiting }) => waiting === 0,
        () => false,
      ),
    );
  });

  test('no error tells the password', { timeout: timeoutMs }, async () => {
    const redis = await redisOfTest();
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>right:secret', '~*', '&*', '+@all');
    const errors: unknown[] = [];
    const caught = (error: unknown): void => void errors.push(error);
    const url = (password: string): string => redis.url.replace('//', `//app:${password}@`);
    await open(url('wrong%3Asecret')).catch(caught);
    await open(url('wrong%3Asecret').replace('redis:', 'rediss:'), { timeoutMs: shortMs }).catch(caught);
    await open(url('wrong%3Asecret').replace('redis:', 'http:')).catch(caught);
    await open('redis://app:wrong%3Asecret@[not a host').catch(caught);
    await open(redis.url.replace(/:\d+$/, ':70000/wrong%3Asecret')).catch(caught);
    expect(errors).toHaveLength(5);

    const queue = await open(url('right%3Asecret'), { listener: { onError: caught } });
    queue.process(() => undefined);
    await admin.call('ACL', 'SETUSER', 'app', '>other', '<right:secret');
    await admin.call('CLIENT', 'KILL', 'USER', 'app');
    await until(async () => {
      await queue.counts().catch(caught);
      return errors.length > 12;
    });
    const told = inspect(errors, { depth: 20, showHidden: true });
    expect(told).toContain('ERR_QUEUE_UNAVAILABLE');
    expect(told).not.toMatch(/(wrong|right)(:|%3A)secret/);
  });
});
