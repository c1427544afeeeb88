import { setTimeout as sleep } from 'node:timers/promises';
import { administer, type PairedMariaDb, startMariaDbPair } from '@midgard/test-services';
import type { Database } from '../../database.ts';
import { Load } from './load.ts';
import { Findings, type Log, quantile, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, createTrialDatabase, entriesAt, findLeaks, openTrial, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How often the primary is lost and comes back. */
export interface FailoverPlan {
  readonly clients: number;
  readonly rounds: number;
  readonly loadMs: number;
  /** In the first of each three rounds replication has stood still for so long when the primary is lost, so that there is something to lose. */
  readonly behindMs: number;
  /** How long a server must be fit to get the writes back. */
  readonly returnAfterMs: number;
}

const timeoutMs = 5000;
/** As a game reads. A server that comes back applies what it missed one after the other: where clients write faster it never gets the writes back. */
const readsPerWrite = 10;
const goOnWithinMs = 10_000;
/** The rule itself, two looks at each server and the handover. */
const returnGraceMs = 15_000;

/** How a primary is lost. */
interface Way {
  readonly name: string;
  readonly isBehind: boolean;
  /** It stands still, and goes on later as if nothing had been; nobody has told it that it is no primary any more. */
  readonly isFrozen: boolean;
}

const ways: readonly [Way, Way, Way] = [
  { name: 'killed, replication standing still before', isBehind: true, isFrozen: false },
  { name: 'killed', isBehind: false, isFrozen: false },
  { name: 'frozen', isBehind: false, isFrozen: true },
];

/**
 * Kills or freezes the primary under load and makes its standby the primary, as an operator would, then lets it come back. Promised: writes go on
 * within 10 s of the loss, go back by rule once the first one has everything, and nothing that the standby acknowledged is lost. What the
 * primary had acknowledged and not handed on is measured: no asynchronous replication can promise it.
 */
export async function failoverUnderLoad(plan: FailoverPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const { clients, rounds, loadMs, returnAfterMs } = plan;
  const findings = new Findings();
  const { primary, replica: standby } = stack.use(await startMariaDbPair({ circular: true }));
  await createTrialDatabase(primary);
  await standby.waitForReplica();
  const database = await openTrial(stack, trialUrl(primary), { timeoutMs, standbys: [trialUrl(standby)], failover: { returnAfterMs } });
  // Before the database is closed: that waits for what it is asked, and must not wait for ever.
  stack.defer(() => primary.thaw());
  const load = stack.use(new Load(database, { clients, timeoutMs, readsPerWrite }));
  const trial: Trial = { primary, standby, database, load, plan };
  await load.prepare();
  load.start();
  const losses: Loss[] = [];
  const returns: Return[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(loadMs);
    const way = ways[(round - 1) % ways.length] ?? ways[0];
    const loss = await losePrimary(trial, way);
    losses.push(loss);
    await sleep(loadMs);
    const back = await bringBack(trial, loss);
    returns.push(back);
    log(
      `${way.name}, ${round} of ${rounds}: writes went on after ${Math.round(loss.gapMs)} ms, ${loss.missing} acknowledged were not handed on; back ${Math.round(back.afterMs)} ms after the return`,
    );
  }
  await load.stop();
  auditErrors(findings, load, ['ERR_DAO_UNAVAILABLE', 'ERR_DAO_TIMEOUT']);
  noteMoves(findings, plan, losses, returns);
  findings.exactly('stale reads of what was not lost', load.stale, 0);
  await auditLoad(findings, load, database);
  await standby.waitForReplica();
  findings.exactly('entries in which the two servers differ', differencesOf(await entriesAt(primary), await entriesAt(standby)), 0);
  await findLeaks(findings, database, [primary, standby]);
  return findings;
}

interface Trial {
  readonly primary: PairedMariaDb;
  readonly standby: PairedMariaDb;
  readonly database: Database;
  readonly load: Load;
  readonly plan: FailoverPlan;
}

/** What the loss of the primary did. */
interface Loss {
  /** From the kill to the first write that was begun after it and acknowledged. */
  readonly gapMs: number;
  /** Entries that the primary had acknowledged and the standby has not. */
  readonly missing: number;
  readonly way: Way;
  readonly lostAt: number;
}

/** What the return of the primary did. */
interface Return {
  /** From the moment in which it answers again to the moment in which it gets the writes. */
  readonly afterMs: number;
  /** Longest time meanwhile in which no write was acknowledged. */
  readonly pauseMs: number;
  /** How many entries the standby had acknowledged. */
  readonly acknowledged: number;
}

async function losePrimary({ primary, standby, load, plan }: Trial, way: Way): Promise<Loss> {
  if (way.isBehind) {
    await standby.stopReplication();
    await sleep(plan.behindMs);
  }
  const killedAt = performance.now();
  await (way.isFrozen ? primary.freeze() : primary.stop('SIGKILL'));
  // As an operator would: first the standby applies what it has received.
  await standby.applyReceived();
  const there = await entriesAt(standby);
  const missing = [...load.books.acknowledged].filter((entryId) => !there.has(entryId));
  load.books.writeOff(missing);
  await standby.promote();
  await until('a write succeeds', () => load.ended({ since: killedAt, kind: 'write', isWell: true }).length > 0);
  const gapMs = performance.now() - killedAt;
  await until('every client is served', () => load.isEveryClient('well', killedAt));
  return { gapMs, missing: missing.length, way, lostAt: killedAt };
}

async function bringBack({ primary, standby, database, load, plan }: Trial, { way, lostAt }: Loss): Promise<Return> {
  if (way.isFrozen) primary.thaw();
  else await primary.start();
  await standby.startReplication();
  const since = performance.now();
  await until('the writes return', () => isPrimaryActive(database), plan.returnAfterMs + returnGraceMs);
  const returnedAt = performance.now();
  await administer(standby, ['set global read_only = 1']);
  const acknowledged = load.ended({ since: lostAt, until: returnedAt, kind: 'write', isWell: true }).length;
  await until('every client is served', () => load.isEveryClient('well', returnedAt));
  const pauseMs = load.longestPause('write', since);
  await standby.waitForReplica();
  return { afterMs: returnedAt - since, pauseMs, acknowledged };
}

function differencesOf(one: ReadonlySet<bigint>, other: ReadonlySet<bigint>): number {
  return [...one, ...other].filter((entryId) => one.has(entryId) !== other.has(entryId)).length;
}

function isPrimaryActive(database: Database): boolean {
  return database.servers()[0]?.state === 'active';
}

function most(values: readonly number[]): number {
  return quantile(values, 1);
}

function noteMoves(findings: Findings, { returnAfterMs }: FailoverPlan, losses: readonly Loss[], returns: readonly Return[]): void {
  for (const way of ways) {
    const suffered = losses.filter((loss) => loss.way === way);
    if (suffered.length === 0) continue;
    const gaps = suffered.map(({ gapMs }) => gapMs);
    findings.note(`${way.name}: writes went on after, median, ms`, quantile(gaps, 0.5));
    findings.atMost(`${way.name}: writes went on after, slowest, ms`, most(gaps), goOnWithinMs);
    findings.note(`${way.name}: acknowledged and not on the standby`, suffered.map(({ missing }) => missing).join(', '));
    // Else the trial would not notice what is missing.
    findings.promise(`${way.name}: nothing was missing on the standby`, !way.isBehind || suffered.every(({ missing }) => missing > 0));
  }
  findings.promise(
    'the standby acknowledged nothing',
    returns.every(({ acknowledged }) => acknowledged > 0),
  );
  const backs = returns.map(({ afterMs }) => afterMs);
  findings.atMost('writes returned after, slowest, ms', most(backs), returnAfterMs + returnGraceMs);
  findings.note('longest pause of writes at the return, ms', most(returns.map(({ pauseMs }) => pauseMs)));
}
