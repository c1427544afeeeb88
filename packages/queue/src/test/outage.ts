import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueError } from '../errors.ts';
import { RedisQueue } from '../redis-queue/redis-queue.ts';
import { Effects, type EffectFigures } from './effects.ts';
import { startRedis, type RedisServer } from '@midgard/test-services';
import { WorkerProcess, type WorkerSettings } from './worker-process.ts';

/** How the outage goes. */
export interface OutagePlan {
  /** How long Redis is away, killed as by a crash. */
  readonly seconds: number;
  readonly jobs: number;
  readonly workers: number;
  readonly workMs: number;
  readonly lockMs: number;
}

/** What came of it. */
export interface OutageFigures extends EffectFigures {
  /** How often `add` failed while Redis was away. */
  readonly refusals: number;
  /** The longest that a failing `add` took. */
  readonly slowestRefusalMs: number;
  readonly deadLetters: number;
  /** From Redis being back to the first effect, and to the last. */
  readonly firstEffectMs: number;
  readonly lastEffectMs: number;
}

const finishWithinMs = 120_000;

/**
 * Adds and does jobs, with several worker processes; kills Redis, and one worker with it, in the middle of the first half, tries to add
 * the second half meanwhile, starts both again after the outage, and waits until all is done. All jobs are confirmed in the end, since
 * the producer asks again under the same id.
 */
export async function runOutage(plan: OutagePlan, log: (line: string) => void = () => undefined): Promise<OutageFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-outage-'));
  const file = join(folder, 'effects.db');
  const effects = new Effects(file);
  const redis = await startRedis();
  const settings = { url: redis.url, file, workMs: plan.workMs, lockMs: plan.lockMs, concurrency: 10, graceMs: 5000 };
  const workers = Array.from({ length: plan.workers }, () => new WorkerProcess(settings));
  const queue = await RedisQueue.open({ url: redis.url, name: 'work', parse: (data) => data, attempts: 20 });
  try {
    const half = Math.ceil(plan.jobs / 2);
    await addAll(queue, 0, half);
    await until(() => effects.figures().effects >= half / 3);
    const crashing = crash(redis, workers, settings, plan.seconds, log);
    const adding = addAll(queue, half, plan.jobs);
    await crashing;
    const backAtMs = Date.now();
    const before = effects.figures().effects;
    await until(() => effects.figures().effects > before);
    const firstEffectMs = Date.now() - backAtMs;
    const added = await adding;
    await until(async () => {
      const { waiting, delayed, active } = await queue.counts();
      return waiting + delayed + active === 0;
    });
    const lastEffectMs = Date.now() - backAtMs;
    const { dead: deadLetters } = await queue.counts();
    return { ...effects.figures(), ...added, deadLetters, firstEffectMs, lastEffectMs };
  } finally {
    await queue.close();
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
    await redis.remove();
    effects.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function crash(redis: RedisServer, workers: WorkerProcess[], settings: WorkerSettings, seconds: number, log: (line: string) => void): Promise<void> {
  await redis.stop('SIGKILL');
  await workers.shift()?.end('SIGKILL');
  log(`Redis and one worker killed; Redis is away for ${seconds} s`);
  await sleep(seconds * 1000);
  await redis.start();
  workers.push(new WorkerProcess(settings));
  log('Redis is back, with a new worker');
}

/** Adds jobs one by one; what fails is tried again under the same id until it is confirmed. */
async function addAll(queue: RedisQueue<unknown>, from: number, to: number): Promise<Pick<OutageFigures, 'refusals' | 'slowestRefusalMs'>> {
  let refusals = 0;
  let slowestRefusalMs = 0;
  for (let n = from; n < to;) {
    const startMs = performance.now();
    try {
      await queue.add({ n }, { jobId: `job-${n}` });
      n += 1;
    } catch (error) {
      if (!(error instanceof QueueError) || error.code !== 'ERR_QUEUE_UNAVAILABLE') throw error;
      refusals += 1;
      slowestRefusalMs = Math.max(slowestRefusalMs, Math.round(performance.now() - startMs));
      await sleep(50);
    }
  }
  return { refusals, slowestRefusalMs };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + finishWithinMs; Date.now() < end; await sleep(20)) if (await condition()) return;
  throw new Error('never came true');
}
