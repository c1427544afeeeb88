import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database.ts';
import { Load } from './load.ts';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, connectionsAt, findLeaks, openTrial, startServer, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How often the pool changes its size under load. */
export interface ResizePlan {
  readonly clients: number;
  readonly rounds: number;
  /** How long each size stays. */
  readonly loadMs: number;
}

const timeoutMs = 10_000;
/** One after the other; most of them below or above the one before by a lot. */
const sizes: readonly number[] = [20, 1, 10, 2, 15];
/** The watch over the server has one connection beside the pool's. */
const watchConnections = 1;

/**
 * Changes the size of a pool while clients use it. Promised: nobody fails, the new bound holds as soon as those who borrowed have given
 * back, at the server too, and no connection is forgotten.
 */
export async function resizeUnderLoad({ clients, rounds, loadMs }: ResizePlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const database = await openTrial(stack, trialUrl(server), { timeoutMs });
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  load.start();
  let slowest = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const max of sizes) {
      database.resize({ max });
      slowest = Math.max(slowest, await until(`no more than ${max} connections`, () => madeBy(database) <= max));
      const most = await mostDuring(database, loadMs);
      findings.promise(`${most} connections lent at once, at most ${max}`, most <= max);
      findings.promise(`only ${most} of ${max} connections lent`, most >= Math.min(max, clients));
      await until('the server agrees', async () => (await connectionsAt(server)) <= max + watchConnections);
    }
    log(`sizes ${sizes.join(', ')}: ${round} of ${rounds}`);
  }
  await load.stop();
  auditErrors(findings, load, []);
  findings.note('sizes', rounds * sizes.length);
  findings.note('a smaller bound holds after, slowest, ms', slowest);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}

/** @returns connections that the pool has, lends or makes */
function madeBy(database: Database): number {
  return database.servers().reduce((sum, { pool }) => sum + pool.borrowed + pool.idle + pool.checking + pool.creating, 0);
}

async function mostDuring(database: Database, ms: number): Promise<number> {
  let most = 0;
  for (const end = performance.now() + ms; performance.now() < end; await sleep(1)) most = Math.max(most, madeBy(database));
  return most;
}
