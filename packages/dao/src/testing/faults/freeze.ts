import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database.ts';
import { Load } from './load.ts';
import { Findings, type Log, quantile, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, findLeaks, openTrial, startServer, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How often the server freezes, and how long it stays so after everyone has noticed. */
export interface FreezePlan {
  readonly clients: number;
  readonly rounds: number;
  readonly loadMs: number;
  readonly frozenMs: number;
}

const timeoutMs = 1500;
/** Least time that a COMMIT is given, which may begin in the last moment. */
const commitMs = 1000;
const healWithinMs = 5000;
/** Of the watch over the server: its connection, and the next attempt. */
const mostUnknown = 2;

/**
 * Stops the server's process (SIGSTOP) under load: connections stay open and nobody answers, as behind a network that swallows everything.
 * Promised: everyone is told in time, the process does not collect dead sockets, and within 5 s after the thaw all is well again.
 */
export async function freezeUnderLoad({ clients, rounds, loadMs, frozenMs }: FreezePlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const socketsBefore = openSockets();
  // Before the database is closed: that waits for what it is asked, and must not wait for ever.
  const database = await openTrial(stack, trialUrl(server), { timeoutMs });
  stack.defer(() => server.thaw());
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  load.start();
  const heals: number[] = [];
  const notices: number[] = [];
  let unknown = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(loadMs);
    await server.freeze();
    const frozenAt = performance.now();
    notices.push(await until('every client is told', () => load.isEveryClient('failed', frozenAt - timeoutMs - commitMs)));
    await sleep(frozenMs);
    const unknownNow = (): number => openSockets() - socketsBefore - connectionsOf(database);
    // One that is destroyed is gone a moment later.
    await until('no other sockets', () => unknownNow() <= mostUnknown, 2000).catch(() => undefined);
    unknown = Math.max(unknown, unknownNow());
    const thawedAt = performance.now();
    server.thaw();
    heals.push(await until('a call succeeds', () => load.isServedSince(thawedAt)));
    await until('every client is served', () => load.isEveryClient('well', thawedAt));
    log(`freeze ${round} of ${rounds}: served again ${Math.round(heals.at(-1) ?? 0)} ms after the thaw`);
  }
  await load.stop();
  auditErrors(findings, load, ['ERR_DAO_UNAVAILABLE', 'ERR_DAO_TIMEOUT']);
  findings.note('every client told after, slowest, ms', quantile(notices, 1));
  findings.atMost('beyond the time-out, ms', load.overrunMs, commitMs);
  findings.atMost('healed after, slowest, ms', quantile(heals, 1), healWithinMs);
  findings.atMost('sockets to the frozen server that no pool knows', unknown, mostUnknown);
  findings.exactly('stale reads', load.stale, 0);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}

function connectionsOf(database: Database): number {
  return database.servers().reduce((sum, { pool }) => sum + pool.idle + pool.borrowed + pool.checking + pool.creating + pool.destroying, 0);
}

/** Of this process (in a worker: of this thread), as far as it has not let go of them. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
}
