/**
 * TieredCache beside what people use, on a Redis of its own.
 *
 * Each contender is asked the same in turns, one call after the other and then many at a time; the median of the rounds counts, and of
 * their ratios: how many times as much the other takes. bentocache stands there twice: as it comes (its memory holds JSON and parses it at each hit) and
 * with `serialize: false` (it gives out one object to all); ours gives out one frozen object. The others have no tier that compares.
 *
 * Run with `node --conditions=@midgard/source src/tiered/tiered-cache.bench.ts [part of a task's name]`.
 */
import process from 'node:process';
import { startRedis, until } from '@midgard/test-services';
import { createCache } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Cacheable } from 'cacheable';
import { Redis } from 'ioredis';
import { Coherence } from '../coherence/coherence.ts';
import { RedisBus, RedisTier } from '../redis/index.ts';
import { TieredCache } from './tiered-cache.ts';

interface Player {
  readonly id: string;
  readonly name: string;
  readonly level: number;
  readonly items: readonly number[];
}

/** One cache in one process, as a service would open it. */
interface Contender {
  getOrLoad(key: string): Promise<unknown>;
  getMany?(keys: readonly string[]): Promise<unknown>;
  close(): Promise<unknown>;
}

type Open = () => Promise<Contender>;

interface Task {
  readonly name: string;
  readonly who: Readonly<Record<string, Open>>;
  readonly keys: number;
  readonly repeats: number;
  /** Calls under way at a time. */
  readonly depth: number;
  readonly batch?: number;
  /** What is there before the time is taken: in nobody's hands, in the shared tier (by another instance), or in memory, too. */
  readonly before: 'nothing' | 'shared' | 'memory';
}

const rounds = 7;
const patienceMs = 5000;
const [only = ''] = process.argv.slice(2);
const redis = await startRedis({ save: '', appendonly: 'no' });
const { url } = redis;

async function load(key: string): Promise<Player> {
  return { id: key, name: `player ${key}`, level: 42, items: [1, 2, 3, 4, 5, 6, 7, 8] };
}

const ours: Open = async () => {
  // Patient, since it is to be measured what a server costs that is there; what is done without one is cheaper.
  const [tier, bus] = [await RedisTier.open({ url, timeoutMs: patienceMs }), new RedisBus({ url, boundMs: patienceMs })];
  const coherence = new Coherence({ tier, bus });
  await coherence.start();
  await until(() => coherence.state === 'joined');
  const cache = new TieredCache<Player>({ space: 'player', memory: { maxEntries: 100_000 }, coherence });
  return {
    getOrLoad: (key) => cache.getOrLoad(key, load),
    getMany: (keys) => cache.getOrLoadMany(keys, (missing) => Promise.all(missing.map(load))),
    close: () => coherence.close(),
  };
};

function bentocache(serialize: boolean): Open {
  return async () => {
    const [connection, busConnection] = [new Redis(url), new Redis(url)];
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 100_000, serialize }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection: busConnection }));
    const cache = new BentoCache({ default: 'player', ttl: '1h', stores: { player: store } });
    const getOrLoad = (key: string): Promise<unknown> => cache.getOrSet({ key, factory: () => load(key) });
    return {
      getOrLoad,
      getMany: (keys) => Promise.all(keys.map(getOrLoad)),
      close: async () => {
        await cache.disconnectAll();
        connection.disconnect();
        busConnection.disconnect();
      },
    };
  };
}

const cacheable: Open = async () => {
  const cache = new Cacheable({ ttl: '1h' });
  return { getOrLoad: (key) => cache.getOrSet(key, () => load(key)), close: () => cache.disconnect() };
};

const asyncCacheDedupe: Open = async () => {
  const cache = createCache({ ttl: 3600, storage: { type: 'memory', options: { size: 100_000 } } }).define('player', load);
  return { getOrLoad: (key) => cache.player(key), close: () => cache.clear() };
};

const both = { ours, 'bentocache, serialize: false': bentocache(false), bentocache: bentocache(true) };
const tasks: readonly Task[] = [
  { name: 'hit in memory', who: { ...both, cacheable, 'async-cache-dedupe': asyncCacheDedupe }, keys: 1000, repeats: 50, depth: 1, before: 'memory' },
  { name: 'hit in the shared tier', who: both, keys: 2000, repeats: 1, depth: 1, before: 'shared' },
  { name: 'hit in the shared tier, 50 at a time', who: both, keys: 5000, repeats: 1, depth: 50, before: 'shared' },
  { name: 'miss: load and store', who: both, keys: 2000, repeats: 1, depth: 1, before: 'nothing' },
  { name: 'miss: load and store, 50 at a time', who: both, keys: 5000, repeats: 1, depth: 50, before: 'nothing' },
  { name: '100 keys at once, in memory', who: both, keys: 1000, repeats: 20, depth: 1, batch: 100, before: 'memory' },
  { name: '100 keys at once, in the shared tier', who: both, keys: 5000, repeats: 1, depth: 1, batch: 100, before: 'shared' },
  { name: '100 keys at once, missing', who: both, keys: 5000, repeats: 1, depth: 1, batch: 100, before: 'nothing' },
];

const keyNames = Array.from({ length: 5000 }, (_, i) => `player:${1_000_000 + i}`);

/** Microseconds a call. */
interface Cost {
  readonly us: number;
  /** Of processor time, in this process and in the server: what is left to compare on a machine that does other things besides. */
  readonly cpuUs: number;
}

async function cpuUs(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const server = [...(await admin.info('cpu')).matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gmu)].map(([, seconds]) => Number(seconds) * 1e6);
  return server.reduce((sum, one) => sum + one, user + system);
}

async function timed(contender: Contender, task: Task): Promise<Cost> {
  const keys = keyNames.slice(0, task.keys);
  const { batch = 1 } = task;
  const calls: (() => Promise<unknown>)[] = [];
  for (let at = 0; at < keys.length; at += batch) {
    const some = keys.slice(at, at + batch);
    const [key = ''] = some;
    calls.push(batch === 1 ? () => contender.getOrLoad(key) : () => contender.getMany?.(some) ?? Promise.resolve());
  }
  const startCpuUs = await cpuUs();
  const startMs = performance.now();
  for (let repeat = 0; repeat < task.repeats; repeat += 1) await runAll(calls, task.depth);
  const tookMs = performance.now() - startMs;
  const count = calls.length * task.repeats;
  return { us: (tookMs * 1000) / count, cpuUs: ((await cpuUs()) - startCpuUs) / count };
}

async function runAll(calls: readonly (() => Promise<unknown>)[], depth: number): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) await call();
  };
  await Promise.all(Array.from({ length: depth }, one));
}

async function round(open: Open, task: Task): Promise<Cost> {
  await admin.flushall();
  if (task.before === 'shared') {
    const other = await open();
    await timed(other, { ...task, batch: 1, depth: 50 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await other.close();
  }
  const contender = await open();
  if (task.before === 'memory') await timed(contender, { ...task, batch: 1, depth: 50, repeats: 1 });
  const cost = await timed(contender, task);
  await contender.close();
  return cost;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Of each round its own ratio: what else the machine does changes from round to round. */
function ratio(peer: readonly Cost[], own: readonly Cost[], what: keyof Cost): string {
  return median(peer.map((cost, i) => cost[what] / (own[i]?.[what] ?? Number.NaN))).toFixed(2);
}

async function measure(task: Task): Promise<void> {
  const costs = new Map(Object.keys(task.who).map((name): [string, Cost[]] => [name, []]));
  for (let i = 0; i <= rounds; i += 1) {
    for (const [name, open] of i % 2 === 0 ? Object.entries(task.who) : Object.entries(task.who).toReversed()) {
      const cost = await round(open, task);
      // The first round is for the compiler.
      if (i > 0) costs.get(name)?.push(cost);
    }
  }
  const own = costs.get('ours') ?? [];
  process.stdout.write(
    `${task.name}: ${median(own.map(({ us }) => us)).toPrecision(3)} µs, ${median(own.map((cost) => cost.cpuUs)).toPrecision(3)} µs of processors\n`,
  );
  for (const [name, peer] of costs) {
    if (name !== 'ours') process.stdout.write(`  ${name}: ${ratio(peer, own, 'us')} × the time, ${ratio(peer, own, 'cpuUs')} × the processor time\n`);
  }
}

const admin = new Redis(url);
for (const task of tasks.filter(({ name }) => name.includes(only))) await measure(task);
admin.disconnect();
await redis.stop();
process.exit();
