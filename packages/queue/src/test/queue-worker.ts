/**
 * A worker in a process of its own, which a test can kill: `node queue-worker.ts '{"url": …}'`. Does jobs of the queue `work` until
 * SIGTERM, each in `workMs`, with its effect in the database at `file`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisQueue } from '../redis-queue/redis-queue.ts';
import { Effects } from './effects.ts';
import type { WorkerSettings } from './worker-process.ts';

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '');
const effects = new Effects(settings.file);
const queue = await RedisQueue.open({ url: settings.url, name: 'work', parse: (data) => data, lockMs: settings.lockMs });
const handle = async ({ id, attempt, signal }: { readonly id: string; readonly attempt: number; readonly signal: AbortSignal }): Promise<void> => {
  effects.noteStart(id, attempt);
  await sleep(settings.workMs, undefined, { signal });
  effects.payOnce(id);
};
queue.process(handle, { concurrency: settings.concurrency });
// The end of the pipe is the end of the test, however that ended.
process.stdin.on('end', () => process.exit(1)).resume();
process.stdin.unref();
process.once('SIGTERM', () => void queue.close({ graceMs: settings.graceMs }).then(() => effects.close()));
