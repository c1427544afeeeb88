/**
 * LocalQueue against the least that a queue in memory can be (an array of jobs and as many loops over it as handlers may run), and
 * RedisQueue against bare BullMQ on a private Redis: what the face costs.
 *
 * One round adds all jobs and waits until all are done; they take turns, each round in the other order, and the median of the rounds counts. The ratio is the peer's
 * over ours: above 1 is better. Beside the time stands the processor time of this process, which other work on the machine disturbs less.
 */
import { machineLine, record, type BenchResult } from '@midgard/bench';
import { Queue as BullQueue, Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { LocalQueue, type Queue } from './index.ts';
import { RedisQueue } from './redis-queue/index.ts';
import { findRedis, startRedis } from '@midgard/test-services';

/** Microseconds a job. */
interface Cost {
  readonly time: number;
  readonly processor: number;
}

interface Entry {
  readonly name: string;
  readonly round: () => Promise<Cost>;
}

const concurrency = 10;
const localJobs = 200_000;
const burstOf = 1_000;
const localRounds = 9;
const redisJobs = 5_000;
const redisRounds = 7;
// As many adds under way at a time as a busy instance has.
const addsAtATime = 50;

async function timed(jobs: number, work: () => Promise<void>): Promise<Cost> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const time = ((performance.now() - startMs) * 1000) / jobs;
  const { user, system } = process.cpuUsage(before);
  return { time, processor: (user + system) / jobs };
}

/** Counts calls, and tells when the last one came. */
function countdown(jobs: number): { readonly done: Promise<void>; readonly handle: () => Promise<void> } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let left = jobs;
  // eslint-disable-next-line typescript/require-await -- a handler is asynchronous
  const handle = async (): Promise<void> => {
    left -= 1;
    if (left === 0) resolve();
  };
  return { done, handle };
}

class NaiveQueue {
  readonly #jobs: number[] = [];
  readonly #handle: (data: number) => Promise<void>;
  #running = 0;

  constructor(handle: (data: number) => Promise<void>) {
    this.#handle = handle;
  }

  // eslint-disable-next-line typescript/require-await -- as the queue that it stands beside
  async add(data: number): Promise<void> {
    this.#jobs.push(data);
    if (this.#running < concurrency) void this.#loop();
  }

  async #loop(): Promise<void> {
    this.#running += 1;
    for (let data = this.#jobs.shift(); data !== undefined; data = this.#jobs.shift()) await this.#handle(data);
    this.#running -= 1;
  }
}

/** Adds a burst, waits until it is done, and so on: as many jobs wait at a time as are in a burst. */
function inMemory(name: string, make: (handle: () => Promise<void>) => (n: number) => Promise<unknown>): Entry {
  const round = (): Promise<Cost> =>
    timed(localJobs, async () => {
      let burst = countdown(burstOf);
      const add = make(() => burst.handle());
      for (let n = 0; n < localJobs; n += 1) {
        await add(n);
        if (n % burstOf !== burstOf - 1) continue;
        await burst.done;
        burst = countdown(burstOf);
      }
    });
  return { name, round };
}

function local(name: string, priorityOf: (n: number) => number): Entry {
  return inMemory(name, (handle) => {
    const queue = new LocalQueue<number>();
    queue.process(handle, { concurrency });
    return (n) => queue.add(n, { priority: priorityOf(n) });
  });
}

const naive = inMemory('an array and loops', (handle) => {
  const queue = new NaiveQueue(handle);
  return (n) => queue.add(n);
});

async function addAll(add: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < redisJobs; n += addsAtATime) await Promise.all(Array.from({ length: addsAtATime }, (_, i) => add(n + i)));
}

function newPrefix(): string {
  return `bench-${Math.random()}`;
}

function face(url: string): readonly Entry[] {
  const both = async (work: (queue: Queue<number>) => Promise<Cost>): Promise<Cost> => {
    const queue = await RedisQueue.open({ url, name: 'bench', prefix: newPrefix(), parse: Number });
    const result = await work(queue);
    await queue.close();
    return result;
  };
  return [
    {
      name: 'RedisQueue',
      round: () =>
        both((queue) => {
          const { handle, done } = countdown(redisJobs);
          return timed(redisJobs, async () => {
            await addAll((n) => queue.add(n));
            queue.process(handle, { concurrency });
            await done;
          });
        }),
    },
    {
      name: 'bare BullMQ',
      async round() {
        const connection = new Redis(url, { maxRetriesPerRequest: null });
        const place = { connection, prefix: newPrefix() };
        const queue = new BullQueue('bench', place);
        const { handle, done } = countdown(redisJobs);
        const workers: BullWorker[] = [];
        const result = await timed(redisJobs, async () => {
          await addAll((n) => queue.add('job', n, { attempts: 3, removeOnComplete: { count: 1000 }, backoff: { type: 'exponential', delay: 1000 } }));
          workers.push(new BullWorker('bench', handle, { ...place, concurrency }));
          await done;
        });
        await Promise.all([...workers, queue].map((part) => part.close()));
        connection.disconnect();
        return result;
      },
    },
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function compare(title: string, entries: readonly Entry[], rounds: number): Promise<BenchResult[]> {
  console.log(title);
  const runs = entries.map(({ name, round }) => ({ name, round, costs: [] as Cost[] }));
  for (let i = 0; i < rounds; i += 1) {
    for (const run of i % 2 === 0 ? runs : runs.toReversed()) run.costs.push(await run.round());
  }
  const medians = runs.map(({ name, costs }) => ({
    name,
    time: median(costs.map(({ time }) => time)),
    processor: median(costs.map((cost) => cost.processor)),
  }));
  const peer = medians.at(-1) ?? { name: '', time: Number.NaN, processor: Number.NaN };
  return medians.flatMap(({ name, time, processor }) => {
    const ratios = { time: peer.time / time, processor: peer.processor / processor };
    console.log(
      `  ${name.padEnd(36)} ${time.toFixed(2).padStart(8)} µs a job, ratio ${ratios.time.toFixed(2)}   ${processor.toFixed(2).padStart(8)} µs of processor, ratio ${ratios.processor.toFixed(2)}`,
    );
    return [
      { what: `${name}: ${title}`, value: time, unit: 'µs', peer: { what: peer.name, value: peer.time }, ratio: ratios.time },
      { what: `${name}, processor: ${title}`, value: processor, unit: 'µs', peer: { what: peer.name, value: peer.processor }, ratio: ratios.processor },
    ];
  });
}

console.log(machineLine());
const spread = (n: number): number => Math.imul(n, 2_654_435_761) & 1023;
const ours = [local('LocalQueue', () => 0), local('LocalQueue, a thousand priorities', spread)];
const results = await compare(`add and do ${localJobs} jobs in memory, in bursts of ${burstOf}, ${concurrency} at a time`, [...ours, naive], localRounds);
if (findRedis() === undefined) {
  console.log('RedisQueue: skipped, no redis-server binary');
} else {
  const redis = await startRedis();
  const title = `add and do ${redisJobs} jobs on Redis, ${concurrency} at a time, ${addsAtATime} adds under way`;
  results.push(...(await compare(title, face(redis.url), redisRounds)));
  await redis.remove();
}
record('queue-jobs', results);
