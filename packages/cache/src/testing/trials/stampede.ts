import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { Instances, Source } from './instances.ts';
import { startTrialRedis, type Topology } from './servers.ts';

/** Many readers of a key that is nowhere. */
export interface StampedePlan {
  readonly rounds: number;
  readonly topology: Topology;
  readonly readersEach: number;
}

const instances = 3;
const loadMs = 50;
/** Thousands of readers at once keep a process busy for longer than a call may usually take. */
const timeoutMs = 5000;

/** All at once, in three processes, ask for a key that no tier has: it is loaded once. */
export async function stampede({ rounds, topology, readersEach }: StampedePlan, log: Log = quiet): Promise<Report> {
  const findings = new Findings();
  await using redis = await startTrialRedis(topology);
  const source = new Source(() => loadMs);
  await using running = new Instances(source);
  for (let i = 0; i < instances; i += 1) await running.start({ url: redis.url, timeoutMs });
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    source.calls = 0;
    await Promise.all(running.all.map(({ calls }) => calls.ask('storm', { key: `hot ${round}`, readers: readersEach })));
    most = Math.max(most, source.calls);
    log(`${source.calls} load for ${instances * readersEach} readers`);
  }
  findings.note('readers', instances * readersEach);
  findings.exactly('most loads of one key', most, 1);
  return findings;
}
