import { setTimeout as sleep } from 'node:timers/promises';
import type { MariaDbServer } from '@midgard/test-services';
import { Load } from './load.ts';
import { Findings, type Log, quantile, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, findLeaks, openTrial, startServer, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How long a crash takes and how many there are. */
export interface CrashPlan {
  readonly clients: number;
  /** How often the server is killed. */
  readonly rounds: number;
  readonly loadMs: number;
  /** How long it stays away. */
  readonly downMs: number;
}

/** Short enough that a client who waits in vain is told while the server is away. */
const timeoutMs = 2000;
const healWithinMs = 5000;

/**
 * Kills the server (`kill -9`) under load and starts it again. Promised: who calls meanwhile is told `ERR_DAO_UNAVAILABLE` in time and
 * nothing else; within 5 s after the server answers so does the database; nothing acknowledged is lost, nothing done twice, nothing leaks.
 */
export async function crashUnderLoad({ clients, rounds, loadMs, downMs }: CrashPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const database = await openTrial(stack, trialUrl(server), { timeoutMs });
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  load.start();
  const heals: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(loadMs);
    heals.push(await crash(server, load, downMs));
    log(`kill ${round} of ${rounds}: served again ${Math.round(heals.at(-1) ?? 0)} ms after the server answered`);
  }
  await load.stop();
  auditErrors(findings, load, ['ERR_DAO_UNAVAILABLE']);
  findings.atMost('beyond the time-out, ms', load.overrunMs, 0);
  findings.atMost('healed after, slowest, ms', quantile(heals, 1), healWithinMs);
  findings.note('healed after, median, ms', quantile(heals, 0.5));
  findings.exactly('stale reads', load.stale, 0);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}

/** @returns milliseconds from the server's answer to the first call that succeeded */
async function crash(server: MariaDbServer, load: Load, downMs: number): Promise<number> {
  const killedAt = performance.now();
  await server.stop('SIGKILL');
  await until('every client is told', () => load.isEveryClient('failed', killedAt));
  await sleep(downMs);
  await server.start();
  const answersAt = performance.now();
  await until('a call succeeds', () => load.isServedSince(answersAt, killedAt));
  const healedMs = performance.now() - answersAt;
  await until('every client is served', () => load.isEveryClient('well', answersAt));
  return healedMs;
}
