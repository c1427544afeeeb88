/**
 * One instance of a service, as a process of its own: a cache on the Redis that the first argument names. The trial that started it is its
 * database, and tells it what to do.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Coherence } from '../../coherence/coherence.ts';
import { RedisBus } from '../../redis/redis-bus.ts';
import { RedisTier } from '../../redis/redis-tier.ts';
import { withBreaker } from '../../tier/breaker.ts';
import type { Tier } from '../../tier/tier.ts';
import { TieredCache } from '../../tiered/tiered-cache.ts';
import { trusted } from '../../tiered/trusted.ts';
import { Calls } from './calls.ts';
import type { ChurnPlan, ChurnResult, InstanceSettings, LoadPlan, LoadResult, ReaderPlan } from './plans.ts';

const settings: InstanceSettings = trusted(JSON.parse(process.argv[2] ?? '{}'));
const redis = await RedisTier.open({ url: settings.url, timeoutMs: settings.timeoutMs });
const tier: Tier = withBreaker(settings.isLeaseBroken ? withoutLeases(redis) : redis, { probeMs: 200 });
const bus = new RedisBus({ url: settings.url, timeoutMs: settings.timeoutMs });
const coherence = new Coherence({ tier, bus, awayTtlMs: settings.awayTtlMs, settleMs: settings.settleMs });
const cache = new TieredCache<number | undefined>({
  space: 'trial',
  memory: { maxEntries: settings.maxEntries },
  coherence,
  policy: { ttlMs: 600_000, memoryTtlMs: 600_000, staleIfErrorMs: 0, refreshAfter: 0.001, ...settings.policy },
});
await coherence.start();

const parent = new Calls(process, {
  churn,
  load,
  read: ({ keys }: { keys: readonly string[] }) => cache.getMany(keys),
  storm: async ({ key, readers }: ReaderPlan) => new Set(await Promise.all(Array.from({ length: readers }, () => cache.getOrLoad(key, fromParent)))),
  state: () => ({ state: coherence.state, waiting: coherence.waiting, stats: cache.stats() }),
  stop: async () => {
    await coherence.close();
    setImmediate(() => process.disconnect());
  },
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function fromParent(key: string): Promise<number | undefined> {
  const [version] = await parent.ask<readonly number[]>('load', { keys: [key] });
  return version;
}

/** A lease that is asked for and not minded: what was loaded is stored whatever came between. */
function withoutLeases(sound: Tier): Tier {
  return new Proxy(sound, {
    get(target, name) {
      if (name === 'store') return (values: Parameters<Tier['put']>[0]) => target.put(values);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function nameOf(index: number): string {
  return `k${index}`;
}

/** Microseconds that all processes of the machine share. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Reads and writes at random, and notes what each reader got and when each write was acknowledged. */
async function churn({ seconds, keys, workers, writeShare, manyShare, pauseMs }: ChurnPlan): Promise<ChurnResult> {
  const end = now() + seconds * 1e6;
  const reads: number[] = [];
  const writes: number[] = [];
  let failures = 0;
  const work = async (): Promise<void> => {
    while (now() < end) {
      const index = Math.floor(Math.random() ** 2 * keys);
      const beganAt = now();
      const dice = Math.random();
      try {
        if (dice < writeShare) {
          const version = await parent.ask<number>('commit', { key: nameOf(index) });
          await cache.delete(nameOf(index));
          writes.push(index, version, now());
        } else if (dice < writeShare + manyShare) {
          const asked = Array.from({ length: 10 }, () => Math.floor(Math.random() * keys));
          const values = await cache.getOrLoadMany(asked.map(nameOf), (missing) => parent.ask('load', { keys: missing }));
          for (const [at, value] of values.entries()) reads.push(asked[at] ?? 0, value ?? 0, beganAt);
        } else reads.push(index, (await cache.getOrLoad(nameOf(index), fromParent)) ?? 0, beganAt);
      } catch {
        failures += 1;
      }
      await sleep(Math.random() * pauseMs);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { reads: Float64Array.from(reads), writes: Float64Array.from(writes), failures, stats: cache.stats() };
}

/** Reads at a steady pace, and notes how long each took. */
async function load({ seconds, keys, perSecond }: LoadPlan): Promise<LoadResult> {
  const beganAt = now();
  const took: number[] = [];
  const at: number[] = [];
  let failures = 0;
  const waiting: Promise<void>[] = [];
  for (let done = 0; now() < beganAt + seconds * 1e6;) {
    const due = Math.floor(((now() - beganAt) / 1e6) * perSecond);
    for (; done < due; done += 1) {
      const since = now();
      const key = `k${Math.floor(Math.random() * keys)}`;
      waiting.push(
        cache.getOrLoad(key, fromParent).then(
          () => void (took.push(now() - since), at.push(since)),
          () => void (failures += 1),
        ),
      );
    }
    await sleep(5);
  }
  await Promise.all(waiting);
  return { tookUs: Float64Array.from(took), at: Float64Array.from(at), failures };
}
