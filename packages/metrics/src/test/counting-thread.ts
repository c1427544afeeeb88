/** A thread that counts what it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { Registry } from '../registry.ts';
import { shareThread } from '../threads.ts';

/** What it is told: how many to count, or to end. */
export type ThreadOrder = { readonly count: number } | { readonly end: 'orderly' | 'crash' };

const registry = new Registry();
const { channel }: { readonly channel: string } = workerData;
shareThread(registry, { channel });
const counter = registry.counter({ name: 'work_total', help: 'x', labels: ['kind'] });
const seconds = registry.histogram({ name: 'work_seconds', help: 'x', buckets: [1] }).labels({});
const players = registry.distinct({ name: 'players', help: 'x' }).labels({});
const busy = registry.gauge({ name: 'busy', help: 'x' }).labels({});
busy.set(1);
parentPort?.on('message', (order: ThreadOrder) => {
  if ('end' in order) {
    if (order.end === 'crash') throw new Error('told to');
    parentPort?.close();
    return;
  }
  for (let n = 0; n < order.count; n += 1) {
    counter.labels({ kind: String(n % 2) }).add();
    seconds.observe(0.5);
    players.add(n);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage('counted');
});
