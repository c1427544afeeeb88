import { setTimeout as sleep } from 'node:timers/promises';
import { type PairedMariaDb, startMariaDbPair } from '@midgard/test-services';
import type { Database } from '../../database.ts';
import { Load } from './load.ts';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, createTrialDatabase, findLeaks, openTrial, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How long each trouble of the replica lasts. */
export interface ReplicasPlan {
  readonly clients: number;
  /** How often the replica goes through all its troubles. */
  readonly rounds: number;
  readonly loadMs: number;
}

const timeoutMs = 5000;
const maxLagMs = 1000;
/** Of replication, in whole seconds as the server takes it: well above what is allowed. */
const delaySeconds = 3;
/** As a game reads: with as many writes as reads a replica, which applies one after the other, would never be new enough. */
const readsPerWrite = 10;
/** Two looks at a replica, the lag that is allowed and what a loaded machine adds. */
const leaveWithinMs = 10_000;
const returnWithinMs = 15_000;
const readsGoOnWithinMs = 5000;
/** Where nobody says that the server is gone, three pings in vain tell it. */
const silentReadsGoOnWithinMs = 10_000;

const sentOnMs = 500;

/** One thing that happens to a replica. */
interface Trouble {
  readonly name: string;
  /** What the database is to say of it. */
  readonly state: string;
  readonly begin: (replica: PairedMariaDb) => Promise<void>;
  readonly end: (replica: PairedMariaDb) => Promise<void> | void;
  /** Whether nobody answers and nobody says so: then reads that were under way there, at most one of each client, may run out of time. */
  readonly isSilent: boolean;
}

const troubles: readonly Trouble[] = [
  {
    name: 'replication stopped',
    state: 'stopped',
    begin: (replica) => replica.stopReplication(),
    end: (replica) => replica.startReplication(),
    isSilent: false,
  },
  { name: 'replication behind', state: 'behind', begin: (replica) => replica.delayBy(delaySeconds), end: (replica) => replica.delayBy(0), isSilent: false },
  { name: 'killed', state: 'down', begin: (replica) => replica.stop('SIGKILL'), end: (replica) => replica.start(), isSilent: false },
  { name: 'frozen', state: 'down', begin: (replica) => replica.freeze(), end: (replica) => replica.thaw(), isSilent: true },
];

/**
 * Gives a replica every trouble that there is, while clients read their own writes. Promised: reads go on, none misses what its client was
 * told is written, and a replica in trouble is not read from until it is well again.
 */
export async function replicasUnderLoad({ clients, rounds, loadMs }: ReplicasPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const { primary, replica } = stack.use(await startMariaDbPair());
  await createTrialDatabase(primary);
  await replica.waitForReplica();
  const counts = { atReplica: 0, atPrimary: 0 };
  const database = await openTrial(stack, trialUrl(primary), {
    timeoutMs,
    replicas: [{ url: trialUrl(replica) }],
    reads: { maxLagMs },
    listener: {
      connections: {
        acquired: ({ role }) => void (counts.atReplica += role === 'replica' ? 1 : 0),
        readFellBack: () => void (counts.atPrimary += 1),
      },
    },
  });
  // Before the database is closed: that waits for what it is asked, and must not wait for ever.
  stack.defer(() => replica.thaw());
  const load = stack.use(new Load(database, { clients, timeoutMs, readsPerWrite }));
  await load.prepare();
  await replica.waitForReplica();
  await until('the replica serves', () => stateOf(database) === 'serving');
  load.start();
  let [atReplica, atPrimary] = [0, 0];
  for (let round = 1; round <= rounds; round += 1) {
    for (const trouble of troubles) {
      const before = { ...counts };
      await sleep(loadMs);
      atReplica += counts.atReplica - before.atReplica;
      atPrimary += counts.atPrimary - before.atPrimary;
      const outcome = await suffer(trouble, { replica, database, load, counts, loadMs });
      judge(findings, trouble, outcome, { round, clients });
      log(`${trouble.name}, ${round} of ${rounds}: out after ${Math.round(outcome.leftAfterMs)} ms, longest pause of reads ${Math.round(outcome.pauseMs)} ms`);
    }
  }
  await load.stop();
  auditErrors(findings, load, ['ERR_DAO_UNAVAILABLE', 'ERR_DAO_TIMEOUT']);
  findings.exactly('stale reads', load.stale, 0);
  findings.atLeast('reads at the replica while it was well', atReplica, clients);
  findings.note('reads at the primary while the replica was well', atPrimary);
  await auditLoad(findings, load, database);
  await replica.waitForReplica();
  await findLeaks(findings, database, [primary, replica]);
  return findings;
}

interface Bench {
  readonly replica: PairedMariaDb;
  readonly database: Database;
  readonly load: Load;
  readonly counts: { readonly atReplica: number };
  readonly loadMs: number;
}

interface Outcome {
  readonly leftAfterMs: number;
  readonly returnedAfterMs: number;
  /** Longest time in which no read of any client ended well. */
  readonly pauseMs: number;
  readonly failedReads: number;
  /** Reads that were sent to it while it was out. */
  readonly readsWhileOut: number;
}

async function suffer({ state, begin, end }: Trouble, { replica, database, load, counts, loadMs }: Bench): Promise<Outcome> {
  const since = performance.now();
  await begin(replica);
  await until(`the replica is ${state}`, () => stateOf(database) === state);
  const leftAfterMs = performance.now() - since;
  // Who waited for one of its connections gets it, looks again and goes elsewhere.
  await sleep(sentOnMs);
  const before = counts.atReplica;
  await sleep(loadMs);
  const readsWhileOut = counts.atReplica - before;
  const endsAt = performance.now();
  await end(replica);
  const isWell = await until('the replica serves again', () => stateOf(database) === 'serving').then(() => performance.now());
  await until('every client is served', () => load.isEveryClient('well', isWell));
  // Also those that had begun before and ended meanwhile.
  const failed = load.calls.filter(({ kind, code, endedAt }) => kind === 'read' && code !== undefined && endedAt >= since);
  return {
    leftAfterMs,
    returnedAfterMs: isWell - endsAt,
    pauseMs: load.longestPause('read', since),
    failedReads: failed.length,
    readsWhileOut,
  };
}

function judge(
  findings: Findings,
  { name, isSilent }: Trouble,
  outcome: Outcome,
  { round, clients }: { readonly round: number; readonly clients: number },
): void {
  const of = (what: string): string => (round === 1 ? `${name}: ${what}` : `${name} (${round}): ${what}`);
  findings.atMost(of('out of the rotation after, ms'), outcome.leftAfterMs, leaveWithinMs);
  findings.atMost(of('back in it after, ms'), outcome.returnedAfterMs, returnWithinMs);
  findings.atMost(of('longest pause of all reads, ms'), outcome.pauseMs, isSilent ? silentReadsGoOnWithinMs : readsGoOnWithinMs);
  findings.exactly(of('reads sent to it while it was out'), outcome.readsWhileOut, 0);
  findings.atMost(of('reads that failed'), outcome.failedReads, isSilent ? clients : 0);
}

function stateOf(database: Database): string {
  return database.servers().find(({ role }) => role === 'replica')?.state ?? 'none';
}
