/**
 * MemoryCache against lru-cache 11 in the same run, as tables for the README.
 *
 *   node --conditions=@midgard/source src/memory/memory-cache.bench.ts            speed of each policy
 *   node --conditions=@midgard/source src/memory/memory-cache.bench.ts growth     time and bytes per entry, 1,000 to 5,000,000 entries
 *   node --conditions=@midgard/source src/memory/memory-cache.bench.ts churn 600  memory over so many seconds at full size
 *
 * The two take turns, block by block of 10,000 calls, and the median block counts: what a shared machine does to the one it does to the
 * other. Each policy and size has a process of its own, as it has in a service: four classes at one call site would be
 * measured with V8's inline caches full. A ratio is our time over lru-cache's: below 1 is faster.
 */
import { spawnSync } from 'node:child_process';
import { LRUCache } from 'lru-cache';
import { MemoryCache, type PolicyName } from '../index.ts';
import { randomOf, zipfOf } from './test/traces.ts';

const names: readonly PolicyName[] = ['adaptive', 'lru', 'lfu', 'fifo'];
const growthSizes = [1000, 10_000, 100_000, 1_000_000, 5_000_000];
const blockCalls = 10_000;
const blocks = 120;
const warmUpBlocks = 20;
const ttlMs = 600_000;

interface Cache {
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
}

type Make = (hasTtl?: boolean) => Cache;

function makersOf(policy: PolicyName, entries: number): readonly [peer: Make, ours: Make] {
  return [
    (hasTtl) => new LRUCache<string, number>(hasTtl === true ? { max: entries, ttl: ttlMs } : { max: entries }),
    (hasTtl) => new MemoryCache<number>({ maxEntries: entries, policy, ...(hasTtl === true ? { ttlMs } : {}) }),
  ];
}

function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `player:${10_000_000 + i}`);
}

function filled(cache: Cache, keys: readonly string[], entries: number): Cache {
  for (let i = 0; i < entries; i += 1) cache.set(keys[i] ?? '', i);
  return cache;
}

/** Runs a block over the next of these indexes, from the first again after the last. */
function walk(indexes: Uint32Array, visit: (index: number) => void): () => void {
  let at = 0;
  return () => {
    for (let i = 0; i < blockCalls; i += 1) {
      visit(indexes[at] ?? 0);
      at = at + 1 === indexes.length ? 0 : at + 1;
    }
  };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.trunc(values.length / 2)] ?? Number.NaN;
}

/** Median nanoseconds a call of each. */
function inTurns(works: readonly (() => void)[]): number[] {
  const times: number[][] = works.map(() => []);
  for (let block = 0; block < blocks; block += 1) {
    for (const [i, work] of works.entries()) {
      const startMs = performance.now();
      work();
      if (block >= warmUpBlocks) times[i]?.push(((performance.now() - startMs) * 1e6) / blockCalls);
    }
  }
  return times.map((all) => medianOf(all));
}

type Task = (make: Make) => () => void;

function tasksOf(entries: number): Readonly<Record<string, Task>> {
  const keys = keysOf(entries * 4);
  const random = randomOf(42);
  const among = (count: number): Uint32Array => Uint32Array.from({ length: 300_000 }, () => Math.floor(random() * count));
  const present = among(entries);
  const anywhere = among(keys.length);
  const rank = zipfOf(keys.length, 1, random);
  const popular = Uint32Array.from({ length: 500_000 }, () => (rank() * 7919) % keys.length);
  const inOrder = Uint32Array.from(keys, (_, i) => (i + entries) % keys.length);
  const reading =
    (hasTtl: boolean): Task =>
    (make) => {
      const cache = filled(make(hasTtl), keys, entries);
      return walk(present, (index) => void cache.get(keys[index] ?? ''));
    };
  const writing =
    (indexes: Uint32Array, hasTtl: boolean): Task =>
    (make) => {
      const cache = filled(make(hasTtl), keys, entries);
      return walk(indexes, (index) => void cache.set(keys[index] ?? '', index));
    };
  return {
    'get, all hits, at random': reading(false),
    'get, all hits, at random, with TTL': reading(true),
    'set, no room, 4 × as many keys in order': writing(inOrder, false),
    'set, no room, 4 × as many keys at random': writing(anywhere, false),
    'set, no room, 4 × as many keys in order, with TTL': writing(inOrder, true),
    'get, else set, Zipf 1.0, a quarter of the keys fit': (make) => {
      const cache = filled(make(), keys, entries);
      return walk(popular, (index) => {
        const key = keys[index] ?? '';
        if (cache.get(key) === undefined) cache.set(key, index);
      });
    },
  };
}

function printSpeed(policy: PolicyName): void {
  const entries = 100_000;
  for (const [name, task] of Object.entries(tasksOf(entries))) {
    const [peer = Number.NaN, ours = Number.NaN] = inTurns(makersOf(policy, entries).map(task));
    console.log(`| ${policy} | ${name} | ${peer.toFixed(0)} | ${ours.toFixed(0)} | **${(ours / peer).toFixed(2)}** |`);
  }
}

function memoryUsed(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One line for one size: its own process, so that nothing before it is in its heap. */
function printGrowth(entries: number): void {
  const keys = keysOf(entries * 2);
  const random = randomOf(42);
  const present = Uint32Array.from({ length: 300_000 }, () => Math.floor(random() * entries));
  const inOrder = Uint32Array.from(keys, (_, i) => (i + entries) % keys.length);
  const bytes: number[] = [];
  // Code and what V8 learns about it are not to be counted as entries.
  for (const make of makersOf('adaptive', 500)) filled(make(), keys, 1000);
  const caches = makersOf('adaptive', entries).map((make) => {
    const before = memoryUsed();
    const cache = filled(make(), keys, entries);
    bytes.push((memoryUsed() - before) / entries);
    return cache;
  });
  const reads = inTurns(caches.map((cache) => walk(present, (index) => void cache.get(keys[index] ?? ''))));
  const writes = inTurns(caches.map((cache) => walk(inOrder, (index) => void cache.set(keys[index] ?? '', index))));
  const cells = [reads, writes, bytes].map(
    ([peer = Number.NaN, ours = Number.NaN]) => `${peer.toFixed(0)} | ${ours.toFixed(0)} | **${(ours / peer).toFixed(2)}**`,
  );
  console.log(`| ${entries.toLocaleString('en')} | ${cells.join(' | ')} |`);
}

/** Reads by Zipf's law over keys that move on, values of 1 KB, times that run out: what leaks shows as growth. */
function churn(seconds: number): void {
  const entries = 100_000;
  const lines = 12;
  const cache = new MemoryCache<Buffer>({ maxEntries: entries, maxBytes: entries * 1000, sizeOf: (value) => value.length, ttlMs: 30_000, ttlJitter: 0.2 });
  const rank = zipfOf(entries * 3, 0.9, randomOf(7));
  const startMs = performance.now();
  let calls = 0;
  console.log('| second | calls | entries | bytes held | heap and buffers, MB | RSS, MB |');
  console.log('| --: | --: | --: | --: | --: | --: |');
  for (let line = 1; line <= lines; line += 1) {
    while (performance.now() - startMs < (seconds * 1000 * line) / lines) {
      for (let i = 0; i < blockCalls; i += 1) {
        const key = `player:${rank() + Math.trunc(calls / 20)}`;
        if (cache.get(key) === undefined) cache.set(key, Buffer.alloc(500 + (calls % 1000)));
        calls += 1;
      }
    }
    const used = memoryUsed();
    const { rss } = process.memoryUsage();
    const second = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`| ${second} | ${calls} | ${cache.size} | ${cache.bytes} | ${(used / 1e6).toFixed(1)} | ${(rss / 1e6).toFixed(0)} |`);
  }
}

function inProcess(...args: string[]): void {
  spawnSync(process.execPath, [...process.execArgv, '--expose-gc', '--max-old-space-size=6000', import.meta.filename, ...args], { stdio: 'inherit' });
}

const [mode = '', argument = ''] = process.argv.slice(2);
const policy = names.find((name) => name === mode);
if (policy !== undefined) printSpeed(policy);
else if (mode === 'growth' && argument !== '') printGrowth(Number(argument));
else if (mode === 'growth') {
  console.log('| entries | get: lru-cache ns | ours | ratio | set: lru-cache ns | ours | ratio | bytes an entry: lru-cache | ours | ratio |');
  console.log('| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |');
  for (const entries of growthSizes) inProcess('growth', String(entries));
} else if (mode === 'churn') {
  if (globalThis.gc === undefined) inProcess(mode, argument);
  else churn(Number(argument === '' ? '600' : argument));
} else {
  console.log('| policy | | lru-cache ns | ours | ratio |');
  console.log('| --- | --- | --: | --: | --: |');
  for (const name of names) inProcess(name);
}
