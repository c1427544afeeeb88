import { setTimeout as sleep } from 'node:timers/promises';
import { Findings, type Log, quantile, quiet, type Report } from '@midgard/trials';
import { Instances, type RunningInstance, Source } from './instances.ts';
import type { LoadResult } from './plans.ts';
import { startTrialRedis, type Topology } from './servers.ts';

/** Redis goes away under load. */
export interface OutagePlan {
  readonly rounds: number;
  readonly topology: Topology;
  readonly perSecond: number;
  readonly downMs: number;
  /** Killed, or stopped with all connections open. */
  readonly kind: 'killed' | 'frozen';
  /** Longest time of a read: a question to Redis that nobody answers, one to the source, and what the machine has other work for. */
  readonly longestMs: number;
  /** From the return of Redis until it is used. */
  readonly usedWithinMs: number;
}

const instances = 2;
const timeoutMs = 200;

/** Under a steady load all of Redis goes away and comes back: nobody is refused, nobody waits long, and within 2 s it is used again. */
export async function outageUnderLoad({ rounds, topology, perSecond, downMs, kind, longestMs, usedWithinMs }: OutagePlan, log: Log = quiet): Promise<Report> {
  const findings = new Findings();
  await using redis = await startTrialRedis(topology);
  await using running = new Instances(new Source(() => 1));
  for (let i = 0; i < instances; i += 1) await running.start({ url: redis.url, timeoutMs, policy: { memoryTtlMs: 500 } });
  // A cluster serves only some seconds after its servers do.
  const seconds = rounds * (downMs / 1000 + (topology === 'cluster' ? 9 : 4)) + 2;
  const loads = running.all.map(({ calls }) => calls.ask<LoadResult>('load', { seconds, keys: 5000, perSecond }));
  const usedAgainMs: number[] = [];
  await sleep(2000);
  for (let round = 0; round < rounds; round += 1) {
    if (kind === 'killed') await Promise.all(redis.masters.map((master) => master.stop('SIGKILL')));
    else await Promise.all(redis.masters.map((master) => master.freeze()));
    await sleep(downMs);
    if (kind === 'killed') await Promise.all(redis.masters.map((master) => master.start()));
    else for (const master of redis.masters) master.thaw();
    await redis.isUp();
    const backMs = await untilUsed(running.all);
    usedAgainMs.push(backMs);
    log(`used again ${Math.round(backMs)} ms after its return`);
    await sleep(Math.max(0, 4000 - backMs));
  }
  const results = await Promise.all(loads);
  const tookMs = results.flatMap(({ tookUs }) => [...tookUs].map((us) => us / 1000));
  findings.atLeast('reads', tookMs.length, seconds * perSecond);
  findings.exactly(
    'failed reads',
    results.reduce((sum, { failures }) => sum + failures, 0),
    0,
  );
  findings.note('median µs', quantile(tookMs, 0.5) * 1000);
  findings.note('P99 ms', quantile(tookMs, 0.99));
  findings.atMost('longest ms', quantile(tookMs, 1), longestMs);
  findings.atMost('longest until Redis is used again ms', Math.max(...usedAgainMs), usedWithinMs);
  return findings;
}

interface State {
  readonly state: string;
  readonly waiting: number;
  readonly stats: { readonly shared: number };
}

/** @returns how long it took until every instance is joined and finds answers in Redis again, at most 20 s */
async function untilUsed(all: readonly RunningInstance[]): Promise<number> {
  const since = performance.now();
  const states = (): Promise<State[]> => Promise.all(all.map(({ calls }) => calls.ask<State>('state', undefined)));
  const before = await states();
  for (;;) {
    const after = await states();
    const isUsed = after.every(({ state, stats }, at) => state === 'joined' && stats.shared > (before[at]?.stats.shared ?? 0));
    const tookMs = performance.now() - since;
    if (isUsed || tookMs > 20_000) return tookMs;
    await sleep(20);
  }
}
