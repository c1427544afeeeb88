import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Session, TransactionOptions } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { account, entry, firstEntryOf } from './books.ts';
import { Load } from './load.ts';
import { type Cut, Proxy } from './proxy.ts';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, entriesAt, findLeaks, openTrial, startServer, trialUrlAt } from './trial.ts';
import { until } from './until.ts';

/** How often connections are cut. */
export interface CutPlan {
  readonly clients: number;
  /** How often every single cut is tried, and how often all connections are cut under load. */
  readonly rounds: number;
  readonly loadMs: number;
}

const timeoutMs = 2000;
/** Least time that a COMMIT is given. */
const commitMs = 2000;
/** What a loaded machine is late. */
const graceMs = 1000;
const healWithinMs = 5000;
/** Of the entries that are written one by one, beside those of the clients. */
const nobodysAccount = 1_000_000n;

/** One way to lose a connection in a transaction. */
interface Case {
  readonly name: string;
  /** At which command; undefined: between two statements of the work. */
  readonly at: 'commit' | undefined;
  readonly cut: Cut;
  readonly isSilent: boolean;
  readonly isRepeatable: boolean;
  /** How often the work runs. */
  readonly runs: number;
  /** What the caller is told; undefined: it succeeded. */
  readonly code: string | undefined;
  /** Whether the entry is there in the end. */
  readonly isThere: boolean;
}

const told = 'ERR_DAO_UNAVAILABLE';
const once = { isRepeatable: false, runs: 1, code: told };
const again = { isRepeatable: true, runs: 2, code: undefined, isThere: true };

const cases: readonly Case[] = [
  { name: 'between two statements', at: undefined, cut: 'before', isSilent: false, ...once, isThere: false },
  { name: 'between two statements, repeatable', at: undefined, cut: 'before', isSilent: false, ...again },
  { name: 'before the COMMIT arrives', at: 'commit', cut: 'before', isSilent: false, ...once, isThere: false },
  { name: 'before the COMMIT arrives, repeatable', at: 'commit', cut: 'before', isSilent: false, ...again },
  { name: 'before the answer of the COMMIT', at: 'commit', cut: 'after', isSilent: false, ...once, isThere: true },
  { name: 'before the answer of the COMMIT, repeatable', at: 'commit', cut: 'after', isSilent: false, ...again },
  { name: 'silence instead of the answer of the COMMIT', at: 'commit', cut: 'after', isSilent: true, ...once, isThere: true },
];

/**
 * Cuts connections at every place of a transaction, through what stands between client and server. Promised: the caller is told in time,
 * what was not committed is rolled back, and only work that says it may runs again, to count once.
 */
export async function cutConnections({ clients, rounds, loadMs }: CutPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const proxy = stack.use(await Proxy.start(server.port));
  const database = await openTrial(stack, trialUrlAt(proxy.port), { timeoutMs });
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  let slowest = 0;
  let entryId = firstEntryOf(nobodysAccount);
  for (const each of cases) {
    for (let round = 1; round <= rounds; round += 1) {
      const { runs, code, durationMs } = await cutOnce(database, proxy, each, (entryId += 1n));
      slowest = Math.max(slowest, durationMs);
      const isThere = (await entriesAt(server)).has(entryId);
      const seen = `${each.name}: ran ${runs} times, told ${code ?? 'that all is well'}, ${isThere ? 'there' : 'not there'}`;
      findings.promise(seen, runs === each.runs && code === each.code && isThere === each.isThere);
    }
    log(`${each.name}: ${rounds} times`);
  }
  findings.note('cuts one by one', cases.length * rounds);
  findings.atMost('told after, slowest, ms', slowest, timeoutMs + commitMs + graceMs);
  await cutUnderLoad(findings, { load, proxy, rounds, loadMs }, log);
  auditErrors(findings, load, [told]);
  findings.exactly('stale reads', load.stale, 0);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}

interface Told {
  readonly runs: number;
  readonly code: string | undefined;
  readonly durationMs: number;
}

async function cutOnce(database: Database, proxy: Proxy, { at, cut, isSilent, isRepeatable }: Case, entryId: bigint): Promise<Told> {
  let runs = 0;
  const work = async (session: Session): Promise<void> => {
    runs += 1;
    const isFirst = runs === 1;
    // Idempotent, as work that may run again must be.
    await session.dao(entry).upsert({ id: entryId, account: nobodysAccount });
    if (isFirst && at === undefined) proxy.cutAll();
    if (isFirst && at !== undefined) proxy.arm(at, cut, isSilent);
    await session.dao(account).get(0n);
  };
  const options: TransactionOptions = { timeoutMs, isRepeatable };
  const startedAt = performance.now();
  const code = await database.transaction(work, options).then(
    () => undefined,
    (error: unknown) => (error instanceof DaoError ? error.code : String(error)),
  );
  return { runs, code, durationMs: performance.now() - startedAt };
}

interface Storm {
  readonly load: Load;
  readonly proxy: Proxy;
  readonly rounds: number;
  readonly loadMs: number;
}

async function cutUnderLoad(findings: Findings, { load, proxy, rounds, loadMs }: Storm, log: Log): Promise<void> {
  load.start();
  let slowest = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(loadMs);
    const cutAt = performance.now();
    proxy.cutAll();
    slowest = Math.max(slowest, await until('every client is served', () => load.isEveryClient('well', cutAt)));
    log(`all connections cut under load, ${round} of ${rounds}: every client served again after ${Math.round(slowest)} ms at most`);
  }
  await load.stop();
  findings.atMost('every client served again after, slowest, ms', slowest, healWithinMs);
}
