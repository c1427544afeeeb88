/**
 * TieredCache beside what people use, on a Redis of its own.
 *
 * All contenders are asked the same in turns, some hundred calls at a time, one call after the other or many under way at once; of each turn its
 * own ratio is taken, and of these the median: how many times as much the other takes. bentocache stands there twice: as it comes (its memory
 * holds JSON and parses it at each hit) and with `serialize: false` (it gives out one object to all), then without a bus, on which 1.6.1 crashes
 * in that setting at the first word of another instance; ours gives out one frozen object and has its bus. The others have no tier that compares.
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

const rounds = 5;
/** Of a round. */
const parts = 10;
const pauseMs = 100;
const [only = ''] = process.argv.slice(2);
const redis = await startRedis({ save: '', appendonly: 'no' });
const { url } = redis;

async function load(key: string): Promise<Player> {
  return { id: key, name: `player ${key}`, level: 42, items: [1, 2, 3, 4, 5, 6, 7, 8] };
}

const ours: Open = async () => {
  const [tier, bus] = [await RedisTier.open({ url }), new RedisBus({ url })];
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

function bentocache(prefix: string, serialize: boolean): Open {
  return async () => {
    const [connection, busConnection] = [new Redis(url), new Redis(url)];
    const tiers = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 100_000, serialize }))
      .useL2Layer(redisDriver({ connection }));
    const store = serialize ? tiers.useBus(redisBusDriver({ connection: busConnection })) : tiers;
    const cache = new BentoCache({ prefix, default: 'player', ttl: '1h', stores: { player: store } });
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

const both = { ours, bentocache: bentocache('bento', true), 'bentocache, serialize: false, no bus': bentocache('shared', false) };
const tasks: readonly Task[] = [
  { name: 'hit in memory', who: { ...both, cacheable, 'async-cache-dedupe': asyncCacheDedupe }, keys: 1000, repeats: 50, depth: 1, before: 'memory' },
  { name: 'hit in the shared tier', who: both, keys: 5000, repeats: 1, depth: 1, before: 'shared' },
  { name: 'hit in the shared tier, 50 at a time', who: both, keys: 5000, repeats: 1, depth: 50, before: 'shared' },
  { name: 'miss: load and store', who: both, keys: 5000, repeats: 1, depth: 1, before: 'nothing' },
  { name: 'miss: load and store, 50 at a time', who: both, keys: 5000, repeats: 1, depth: 50, before: 'nothing' },
  { name: '100 keys at once, in memory', who: both, keys: 1000, repeats: 20, depth: 1, batch: 100, before: 'memory' },
  { name: '100 keys at once, in the shared tier', who: both, keys: 5000, repeats: 1, depth: 1, batch: 100, before: 'shared' },
  { name: '100 keys at once, missing', who: both, keys: 5000, repeats: 1, depth: 1, batch: 100, before: 'nothing' },
];

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

/** What a contender is asked, in parts between which the others have their turn. */
function partsOf(contender: Contender, { batch = 1, keys }: Task): readonly (readonly (() => Promise<unknown>)[])[] {
  const calls: (() => Promise<unknown>)[] = [];
  for (let at = 0; at < keys; at += batch) {
    const some = keyNames.slice(at, at + batch);
    const [key = ''] = some;
    calls.push(batch === 1 ? () => contender.getOrLoad(key) : () => contender.getMany?.(some) ?? Promise.resolve());
  }
  const partSize = Math.ceil(calls.length / parts);
  return Array.from({ length: parts }, (_, i) => calls.slice(i * partSize, (i + 1) * partSize));
}

async function timed(calls: readonly (() => Promise<unknown>)[], { repeats, depth }: Task): Promise<Cost> {
  const startCpuUs = await cpuUs();
  const startMs = performance.now();
  for (let repeat = 0; repeat < repeats; repeat += 1) await runAll(calls, depth);
  const tookMs = performance.now() - startMs;
  const count = calls.length * repeats;
  return { us: (tookMs * 1000) / count, cpuUs: ((await cpuUs()) - startCpuUs) / count };
}

async function runAll(calls: readonly (() => Promise<unknown>)[], depth: number): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) await call();
  };
  await Promise.all(Array.from({ length: depth }, one));
}

/** No contender is to pay for what another does when it ends. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

async function fill(contender: Contender, task: Task): Promise<void> {
  await runAll(partsOf(contender, { ...task, batch: 1 }).flat(), 50);
  await pause();
}

/** All contenders are there at once, and are asked in turns: what else the machine does meanwhile, it does to all of them. */
async function round(task: Task, costs: ReadonlyMap<string, Cost[]>): Promise<void> {
  await admin.flushall();
  const contenders: { readonly name: string; readonly contender: Contender; readonly asked: ReturnType<typeof partsOf> }[] = [];
  for (const [name, open] of Object.entries(task.who)) {
    if (task.before === 'shared') {
      const other = await open();
      await fill(other, task);
      await other.close();
    }
    const contender = await open();
    if (task.before === 'memory') await fill(contender, task);
    contenders.push({ name, contender, asked: partsOf(contender, task) });
  }
  await pause();
  for (let part = 0; part < parts; part += 1) {
    for (const { name, asked } of part % 2 === 0 ? contenders : contenders.toReversed()) costs.get(name)?.push(await timed(asked[part] ?? [], task));
  }
  for (const { contender } of contenders) await contender.close();
  await pause();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Of each part its own ratio, and of these the one in the middle. */
function ratio(peer: readonly Cost[], own: readonly Cost[], what: keyof Cost): string {
  return median(peer.map((cost, i) => cost[what] / (own[i]?.[what] ?? Number.NaN))).toFixed(2);
}

async function measure(task: Task): Promise<void> {
  const costs = new Map(Object.keys(task.who).map((name): [string, Cost[]] => [name, []]));
  // The first round is for the compiler.
  await round(task, new Map());
  for (let i = 0; i < rounds; i += 1) await round(task, costs);
  const own = costs.get('ours') ?? [];
  process.stdout.write(
    `${task.name}: ${median(own.map(({ us }) => us)).toPrecision(3)} µs, ${median(own.map((cost) => cost.cpuUs)).toPrecision(3)} µs of processors\n`,
  );
  for (const [name, peer] of costs) {
    if (name !== 'ours') process.stdout.write(`  ${name}: ${ratio(peer, own, 'us')} × the time, ${ratio(peer, own, 'cpuUs')} × the processor time\n`);
  }
}

const keyNames = Array.from({ length: 5000 }, (_, i) => `player:${1_000_000 + i}`);
const admin = new Redis(url);
for (const task of tasks.filter(({ name }) => name.includes(only))) await measure(task);
admin.disconnect();
await redis.stop();
process.exit();
