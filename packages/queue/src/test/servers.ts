import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Effects } from './effects.ts';
import { startRedis, type RedisServer, type RedisSettings } from '@midgard/test-services';
import { WorkerProcess, type WorkerSettings } from './worker-process.ts';

// By onTestFinished and not by `finally`: a test that times out never comes to its `finally`, and would leave processes behind.

/** A Redis of its own for the test that runs. */
export async function redisOfTest(settings?: RedisSettings): Promise<RedisServer> {
  const redis = await startRedis(settings);
  onTestFinished(() => redis.remove());
  return redis;
}

/** A worker process for the test that runs. */
export function workerOfTest(settings: WorkerSettings): WorkerProcess {
  const worker = new WorkerProcess(settings);
  onTestFinished(async () => void (await worker.end('SIGKILL')));
  return worker;
}

/** A database of effects for the test that runs, and the file that others open it by. */
export function effectsOfTest(): { readonly effects: Effects; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-effects-'));
  const file = join(folder, 'effects.db');
  const effects = new Effects(file);
  onTestFinished(() => {
    effects.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { effects, file };
}
