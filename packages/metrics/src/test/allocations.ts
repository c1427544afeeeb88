/** Prints how many bytes a call of each kind allocates, over ten million calls; run with `--expose-gc` and a young generation that holds what a megabyte is. */
import process from 'node:process';
import { GCProfiler } from 'node:v8';
import { Registry } from '../registry.ts';

const calls = 1e7;
const rounds = 8;
/** Some ten thousand bytes in all. */
const whatMeasuringTakes = 0.01;
const registry = new Registry();
const labels = { game: 'realm', operation: 'player.get', code: '0' };
const names = ['game', 'operation', 'code'] as const;
const counter = registry.counter({ name: 'c_total', help: 'x', labels: names }).labels(labels);
const gauge = registry.gauge({ name: 'g', help: 'x', labels: names }).labels(labels);
const histogram = registry.histogram({ name: 'h', help: 'x', labels: names }).labels(labels);
const distinct = registry.distinct({ name: 'd', help: 'x', windowMs: 300_000 }).labels({});

const seconds = Float64Array.from({ length: 1024 }, (_, n) => 0.0002 * 1.01 ** (n % 700));
const ids = Array.from({ length: 1024 }, (_, n) => 382_304_210_332_418_048n + (BigInt(n) << 22n));
const texts = Array.from({ length: 1024 }, (_, n) => `player-${n}`);
let kept: object | undefined;

const kinds: Readonly<Record<string, (n: number) => void>> = {
  'counter.add()': () => counter.add(),
  'counter.add(amount)': (n) => counter.add(seconds[n & 1023]),
  'gauge.set': (n) => gauge.set(seconds[n & 1023] ?? 0),
  'histogram.observe': (n) => histogram.observe(seconds[n & 1023] ?? 0),
  'distinct.add(bigint)': (n) => distinct.add(ids[n & 1023] ?? 0n),
  'distinct.add(number)': (n) => distinct.add(n),
  'distinct.add(text)': (n) => distinct.add(texts[n & 1023] ?? ''),
  // That the measurement sees what it looks for.
  'an object': (n) => (kept = { n }),
};

/** A loop of its own for each kind: one that is shared would call what it cannot inline, and box the numbers that it hands over. */
function loopOf(name: string): (count: number) => void {
  // oxlint-disable-next-line typescript/no-implied-eval -- functions of one source would share what V8 has learnt of them
  const loop: unknown = new Function('work', 'return (count) => { for (let n = 0; n < count; n += 1) work(n); }')(kinds[name]);
  if (typeof loop !== 'function') throw new TypeError('no loop');
  return (count) => void loop(count);
}

function bytesPerCall(run: (count: number) => void): number {
  globalThis.gc?.();
  const profiler = new GCProfiler();
  profiler.start();
  const before = process.memoryUsage().heapUsed;
  run(calls);
  const after = process.memoryUsage().heapUsed;
  const freed = (profiler.stop()?.statistics ?? []).reduce(
    (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  );
  return (after - before + freed) / calls;
}

/** The least of some rounds: until V8 has compiled a loop for good, its interpreter boxes numbers, and what a call allocates it allocates in every round. */
function leastBytes(name: string): number {
  const run = loopOf(name);
  let least = Infinity;
  for (let round = 0; round < rounds && least > whatMeasuringTakes; round += 1) least = Math.min(least, bytesPerCall(run));
  return least;
}

/** What stays of label values that a client makes up, beyond the limit of a metric. */
function bytesKept(): number {
  const limited = registry.counter({ name: 'limited_total', help: 'x', labels: ['address'], maxSeries: 10 });
  const amount = 200_000;
  const work = (start: number): number => {
    for (let n = 0; n < amount; n += 1) limited.labels({ address: `address ${start + n}` }).add();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = work(0);
  return (work(amount) - before) / amount;
}

const bytes = Object.fromEntries(Object.keys(kinds).map((name) => [name, leastBytes(name)]));
console.log(JSON.stringify({ bytes, kept: bytesKept() }));
void kept;
