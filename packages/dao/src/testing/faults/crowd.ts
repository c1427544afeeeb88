import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, Load } from './load.ts';
import { Findings, type Log, quantile, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, findLeaks, openTrial, startServer, trialUrl } from './trial.ts';

/** How many clients share how few connections. */
export interface CrowdPlan {
  readonly clients: number;
  /** Of the other part of the run, to compare with. */
  readonly few: number;
  readonly rounds: number;
  /** Of each part of a round; the crowd gets at least ten turns each. */
  readonly loadMs: number;
  /** Share of the few clients' throughput that the crowd must reach: who waits must cost next to nothing. Rounds of a second show a collapse and no more. */
  readonly leastPercent: number;
  /** A client's turns may differ so much from the median, in percent, besides one that had begun. Ten turns each show who starves, and no more. */
  readonly mostSpread: number;
}

const max = 10;
const timeoutMs = 10_000;
/** Calls that a client of the crowd gets in each round; fewer say nothing about fairness. */
const leastTurns = 10;

/**
 * Lets a crowd of clients share the connections of a small pool, in turns with as few clients as there are connections. Promised: everyone
 * is served as often as everyone else, nobody runs out of time, and as much is done as without the crowd.
 */
export async function crowdOnSmallPool({ clients, few, rounds, loadMs, leastPercent, mostSpread }: CrowdPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack);
  const database = await openTrial(stack, trialUrl(server), { timeoutMs, pool: { max } });
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  const rates: { readonly few: number[]; readonly crowd: number[] } = { few: [], crowd: [] };
  const waits: number[] = [];
  let spread = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const calm = await part(load, few, loadMs, 1);
    const crowded = await part(load, clients, loadMs, leastTurns);
    rates.few.push(calm.perSecond);
    rates.crowd.push(crowded.perSecond);
    const turns = turnsOf(crowded.calls, clients);
    spread = Math.max(spread, spreadOf(turns));
    waits.push(...crowded.calls.map(({ startedAt, endedAt }) => endedAt - startedAt));
    const [ofCrowd, ofFew] = [Math.round(crowded.perSecond), Math.round(calm.perSecond)];
    log(
      `round ${round} of ${rounds}: ${ofCrowd} calls a second of ${clients} clients, ${ofFew} of ${few}; turns ${Math.min(...turns)} to ${Math.max(...turns)}`,
    );
  }
  auditErrors(findings, load, []);
  const [ofFew, ofCrowd] = [quantile(rates.few, 0.5), quantile(rates.crowd, 0.5)];
  findings.note(`calls a second, ${few} clients, median`, ofFew);
  findings.note(`calls a second, ${clients} clients, median`, ofCrowd);
  findings.atLeast('throughput of the crowd, percent of the few', (ofCrowd / ofFew) * 100, leastPercent);
  findings.atMost('turns of a client off the median, percent', spread, mostSpread);
  findings.note('time of a call in the crowd, median, ms', quantile(waits, 0.5));
  findings.note('time of a call in the crowd, slowest of 1000, ms', quantile(waits, 0.999));
  findings.exactly('stale reads', load.stale, 0);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}

interface Part {
  readonly calls: readonly Call[];
  readonly perSecond: number;
}

async function part(load: Load, clients: number, loadMs: number, turns: number): Promise<Part> {
  const since = performance.now();
  const before = load.calls.length;
  load.start(clients);
  while (performance.now() - since < loadMs || load.calls.length - before < turns * clients) await sleep(10);
  const until = performance.now();
  const calls = load.calls.slice(before);
  await load.stop();
  return { calls, perSecond: (calls.length / (until - since)) * 1000 };
}

/** @returns how many calls of each client ended */
function turnsOf(calls: readonly Call[], clients: number): readonly number[] {
  const turns = new Map(Array.from({ length: clients }, (_, client) => [client, 0]));
  for (const { client } of calls) turns.set(client, (turns.get(client) ?? 0) + 1);
  return [...turns.values()];
}

/** @returns by how many percent of the median a client's turns are off it at most, the one that he is in left out */
function spreadOf(turns: readonly number[]): number {
  const median = quantile(turns, 0.5);
  return Math.max(...turns.map((count) => Math.max(0, Math.abs(count - median) - 1) / Math.max(1, median))) * 100;
}
