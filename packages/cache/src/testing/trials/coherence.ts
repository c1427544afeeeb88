import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisServer, startRedis, startTcpProxy, type TcpProxy } from '@midgard/test-services';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { CoherenceChecker } from '../coherence-checker.ts';
import { Instances, Source } from './instances.ts';
import type { ChurnPlan, ChurnResult } from './plans.ts';

/** How the instances are held against each other. */
export interface CoherencePlan extends Omit<ChurnPlan, 'seconds'> {
  readonly rounds: number;
  readonly secondsEach: number;
  readonly isLeaseBroken: boolean;
  /** A fault comes after a pause of half to one and a half times this; 0: none comes. */
  readonly faultEveryMs: number;
  /** Within which others see a write, while nothing is away. */
  readonly boundMs: number;
}

const instances = 3;
const awayTtlMs = 1000;
const settleMs = 1000;
const timeoutMs = 200;
/** From the moment when a way is broken until an instance knows it: a look every 50 ms that may take its whole time-out. */
const noticeMs = 50 + 2 * timeoutMs;

/** When something was away, in microseconds. */
interface Outage {
  readonly from: number;
  to: number;
}

/** Reads and writes 200 keys from three processes on one Redis, with slow loads, lost and late words, restarts; and checks every read. */
export async function coherentInstances(plan: CoherencePlan, log: Log = quiet): Promise<Report> {
  const findings = new Findings();
  await using stack = new AsyncDisposableStack();
  const redis = await startRedis({ appendonly: 'yes', appendfsync: 'everysec' });
  stack.defer(() => redis.remove());
  const source = new Source(() => (Math.random() < 0.02 ? 200 * Math.random() : 5 * Math.random()));
  const running = stack.use(new Instances(source));
  const proxies: TcpProxy[] = [];
  for (let i = 0; i < instances; i += 1) {
    const proxy = await startTcpProxy(redis.port);
    stack.defer(() => proxy.remove());
    proxies.push(proxy);
    await running.start({
      url: `redis://127.0.0.1:${proxy.port}`,
      awayTtlMs,
      settleMs,
      timeoutMs,
      isLeaseBroken: plan.isLeaseBroken,
      maxEntries: Math.ceil(plan.keys / 2),
    });
  }
  const seconds = plan.rounds * plan.secondsEach;
  const outages: Outage[] = [];
  const abort = new AbortController();
  const faults = plan.faultEveryMs > 0 ? breakThings({ redis, proxies, outages, log, signal: abort.signal, everyMs: plan.faultEveryMs }) : Promise.resolve(0);
  const results = await Promise.all(running.all.map(({ calls }) => calls.ask<ChurnResult>('churn', { ...plan, seconds })));
  abort.abort();
  findings.note('faults', await faults);
  judge(results, { outages, boundMs: plan.boundMs }, findings);
  findings.note('loads', source.keys);
  for (const source of ['memory', 'shared', 'loader'] as const)
    findings.note(
      `answers from ${source}`,
      results.reduce((sum, { stats }) => sum + stats[source], 0),
    );
  return findings;
}

/** Holds what the processes saw against each other, in the order of time. */
function judge(
  results: readonly ChurnResult[],
  { outages, boundMs }: { readonly outages: readonly Outage[]; readonly boundMs: number },
  findings: Findings,
): void {
  const awayBoundMs = awayTtlMs + noticeMs + settleMs + boundMs;
  const checker = new CoherenceChecker({
    boundMs: (acknowledgedAtMs, beganAtMs) =>
      outages.some(({ from, to }) => from / 1000 - boundMs <= beganAtMs && to / 1000 + settleMs + noticeMs >= acknowledgedAtMs) ? awayBoundMs : boundMs,
  });
  const events: { readonly atMs: number; readonly run: () => void }[] = [];
  let writes = 0;
  for (const [index, result] of results.entries()) {
    const name = `${index}`;
    each(result.writes, (key, version, at) => {
      writes += 1;
      events.push({ atMs: at / 1000, run: () => checker.acknowledged({ key, version, process: name, atMs: at / 1000 }) });
    });
    each(result.reads, (key, version, at) => events.push({ atMs: at / 1000, run: () => checker.read({ key, version, process: name, beganAtMs: at / 1000 }) }));
  }
  events.sort((one, other) => one.atMs - other.atMs);
  for (const { run } of events) run();
  findings.atLeast('reads checked', checker.reads, 1000);
  findings.atLeast('writes', writes, 50);
  findings.exactly('reads of an older value than promised', checker.staleReads.length, 0);
  findings.exactly(
    'failed calls',
    results.reduce((sum, { failures }) => sum + failures, 0),
    0,
  );
  for (const [at, stale] of checker.staleReads.slice(0, 5).entries()) findings.note(`stale read ${at + 1}`, JSON.stringify(stale));
}

function each(triples: Float64Array, visit: (key: string, version: number, at: number) => void): void {
  for (let i = 0; i + 2 < triples.length; i += 3) visit(`k${triples[i]}`, triples[i + 1] ?? 0, triples[i + 2] ?? 0);
}

interface Scene {
  readonly redis: RedisServer;
  readonly proxies: readonly TcpProxy[];
  readonly outages: Outage[];
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly everyMs: number;
}

/** One fault after the other until it is told to stop. @returns how many there were */
async function breakThings({ redis, proxies, outages, log, signal, everyMs }: Scene): Promise<number> {
  const any = (): TcpProxy | undefined => proxies[Math.floor(Math.random() * proxies.length)];
  const kinds: Readonly<Record<string, () => Promise<void>>> = {
    'connections of one instance cut': async () => any()?.cut(),
    'one instance hears and is heard of no one': async () => {
      const proxy = any();
      proxy?.swallow('everything');
      await sleep(300 + 500 * Math.random());
      proxy?.swallow('nothing');
    },
    'answers to one instance lost': async () => {
      const proxy = any();
      proxy?.swallow('answers');
      await sleep(300);
      proxy?.swallow('nothing');
    },
    'Redis killed and started again': async () => {
      await redis.stop('SIGKILL');
      await sleep(500 * Math.random());
      await redis.start();
    },
    'Redis frozen': async () => {
      await redis.freeze();
      await sleep(100 + 600 * Math.random());
      redis.thaw();
    },
  };
  const names = Object.keys(kinds);
  let count = 0;
  while (!signal.aborted) {
    await sleep(everyMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    const name = names[count % names.length] ?? '';
    if (signal.aborted) break;
    log(name);
    const outage = { from: now(), to: Infinity };
    outages.push(outage);
    await kinds[name]?.();
    outage.to = now();
    count += 1;
  }
  return count;
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
