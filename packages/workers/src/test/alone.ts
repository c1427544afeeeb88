/** A process with nothing else to do: it must live as long as its calls and no longer. */
import { IoLimiter } from '../io-limiter.ts';
import { WorkerPool } from '../worker-pool.ts';
import type * as tasks from './tasks.ts';

const limiter = new IoLimiter({ name: 'alone', maxRunning: 1, timeoutMs: 600_000 });
await Promise.all([limiter.run(async () => {}), limiter.run(async () => {})]);
const pool = new WorkerPool<typeof tasks>({ name: 'alone', file: new URL('./tasks.ts', import.meta.url), minThreads: 0, timeoutMs: 600_000, idleMs: 600_000 });
process.stdout.write(`${String(await pool.run('echo', 'done'))}\n`);
