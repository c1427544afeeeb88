import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { expect, onTestFinished, test } from 'vitest';
import { Registry } from './registry.ts';
import type { ThreadOrder } from './test/counting-thread.ts';
import { gatherThreads } from './threads.ts';

const file = new URL('test/counting-thread.ts', import.meta.url);
let channels = 0;

function gathered(): { registry: Registry; channel: string } {
  channels += 1;
  // Other tests run in other threads of this process.
  const channel = `threads.test ${process.pid} ${performance.timeOrigin} ${channels}`;
  const registry = new Registry();
  onTestFinished(gatherThreads(registry, { channel }));
  return { registry, channel };
}

function start(channel: string): Worker {
  const worker = new Worker(file, { workerData: { channel }, execArgv: ['--conditions=@midgard/source'] });
  onTestFinished(async () => void (await worker.terminate()));
  worker.on('error', () => {});
  return worker;
}

async function tell(worker: Worker, order: ThreadOrder): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  worker.postMessage(order);
  await ('end' in order ? new Promise((resolve) => void worker.once('exit', resolve)) : once(worker, 'message'));
}

function valuesOf(registry: Registry): Record<string, number> {
  const lines = registry
    .expose()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('what threads count is on one page as soon as it is counted, and after they have ended', async () => {
  const { registry, channel } = gathered();
  const workers = [start(channel), start(channel), start(channel)] as const;
  await Promise.all(workers.map((worker) => tell(worker, { count: 100 })));
  await expect.poll(() => valuesOf(registry)['busy']).toBe(3);
  await Promise.all(workers.map((worker) => tell(worker, { count: 10 })));
  // No message brought it: it is read where they wrote it.
  const values = { 'work_total{kind="0"}': 165, 'work_total{kind="1"}': 165, work_seconds_count: 330, work_seconds_sum: 165, players: 100 };
  expect(valuesOf(registry)).toMatchObject({ ...values, busy: 3 });

  await tell(workers[0], { end: 'orderly' });
  expect(valuesOf(registry)).toMatchObject({ ...values, busy: 2 });
  await tell(workers[1], { end: 'crash' });
  await workers[2].terminate();
  expect(valuesOf(registry)).toMatchObject({ ...values, busy: 0 });
  await tell(start(channel), { count: 2 });
  await expect.poll(() => valuesOf(registry)).toMatchObject({ 'work_total{kind="0"}': 166, players: 100, busy: 1 });
});

test('what is counted by the tasks of a tinypool is gathered, whichever threads run them', async () => {
  const { registry, channel } = gathered();
  const pool = new Tinypool({
    filename: new URL('test/counting-task.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: 3,
    idleTimeout: 1,
    execArgv: ['--conditions=@midgard/source'],
  });
  const run = (): Promise<unknown[]> => Promise.all(Array.from({ length: 20 }, () => pool.run({ amount: 2, channel })));
  await run();
  await expect.poll(() => valuesOf(registry)['work_total']).toBe(40);
  await run();
  await pool.destroy();
  await expect.poll(() => valuesOf(registry)['work_total']).toBe(80);
});
