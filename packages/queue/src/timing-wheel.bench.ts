/**
 * A million timers: TimingWheel against setTimeout, in time and memory.
 *
 * Each measurement is a process of its own, three times in turns, and the median counts. Both share one callback and keep their handles
 * in an array, as someone who will call timers off must. Ratio above 1: the wheel is faster, or smaller.
 */
import { spawnSync } from 'node:child_process';
import { machineLine, record, type BenchResult } from '@midgard/bench';
import { TimingWheel } from './index.ts';

const count = 1_000_000;
const rounds = 3;

interface Figures {
  readonly [name: string]: number;
}

interface Subject<H> {
  start(delayMs: number): H;
  cancel(handle: H): void;
}

let fired = 0;
let whenAllFired = (): void => {};
function callback(): void {
  fired += 1;
  if (fired === count) whenAllFired();
}

function wheelSubject(): Subject<number> {
  const wheel = new TimingWheel<() => void>({ fire: (run) => run() });
  return { start: (delayMs) => wheel.start(delayMs, callback), cancel: (handle) => wheel.cancel(handle) };
}

function nodeSubject(): Subject<NodeJS.Timeout> {
  return { start: (delayMs) => setTimeout(callback, delayMs), cancel: (handle) => clearTimeout(handle) };
}

/** Delays as of time-outs: the same for all, which is what setTimeout does best; or anywhere between one second and an hour. */
const delays: Readonly<Record<string, (i: number) => number>> = {
  'all 30 s': () => 30_000,
  '1 s to 1 h': (i) => 1000 + ((Math.imul(i, 2_654_435_761) >>> 0) % 3_599_000),
};

function nsSince(startMs: number): number {
  return ((performance.now() - startMs) * 1e6) / count;
}

function usedBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Starts all, weighs them, calls all off in another order, and then each right after its start while as many others run. */
function measureLife<H>(subject: Subject<H>, delayOf: (i: number) => number): Figures {
  const handles: (H | undefined)[] = Array.from({ length: count });
  const bytesBefore = usedBytes();
  const startedMs = performance.now();
  for (let i = 0; i < count; i += 1) handles[i] = subject.start(delayOf(i));
  const start = nsSince(startedMs);
  // The handles of the wheel are small integers in an array that was there before.
  const bytes = (usedBytes() - bytesBefore) / count;
  const pairsMs = performance.now();
  for (let i = 0; i < count; i += 1) subject.cancel(subject.start(delayOf(i)));
  const pair = nsSince(pairsMs);
  const cancelledMs = performance.now();
  for (let i = 0; i < count; i += 1) subject.cancel(handles[(i * 7919) % count]!);
  return { start, 'start and cancel': pair, cancel: nsSince(cancelledMs), bytes };
}

/** Lets a million become due while the process is busy, then takes the time until the last has fired. */
async function measureFire<H>(subject: Subject<H>): Promise<Figures> {
  const { promise, resolve } = Promise.withResolvers<void>();
  whenAllFired = resolve;
  for (let i = 0; i < count; i += 1) subject.start(3000 + (i % 1000));
  const dueMs = performance.now() + 4100;
  while (performance.now() < dueMs);
  const startedMs = performance.now();
  await promise;
  return { fire: nsSince(startedMs) };
}

async function measure<H>(subject: Subject<H>, task: string): Promise<Figures> {
  const delayOf = delays[task];
  return delayOf === undefined ? measureFire(subject) : measureLife(subject, delayOf);
}

function inChild(task: string, subject: string): Figures {
  const child = spawnSync(process.execPath, ['--expose-gc', ...process.execArgv, import.meta.filename, task, subject], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

function medianOf(runs: readonly Figures[], name: string): number {
  return runs.map((run) => run[name] ?? Number.NaN).toSorted((a, b) => a - b)[runs.length >> 1] ?? Number.NaN;
}

function compare(task: string): BenchResult[] {
  const node: Figures[] = [];
  const wheel: Figures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    node.push(inChild(task, 'setTimeout'));
    wheel.push(inChild(task, 'wheel'));
  }
  console.log(`  ${task}`);
  return Object.keys(node[0] ?? {}).map((name) => {
    const peer = medianOf(node, name);
    const ours = medianOf(wheel, name);
    const unit = name === 'bytes' ? ' B' : 'ns';
    console.log(
      `    ${name.padEnd(17)} setTimeout ${peer.toFixed(0).padStart(5)} ${unit}   TimingWheel ${ours.toFixed(0).padStart(5)} ${unit}   ratio ${(peer / ours).toFixed(2)}`,
    );
    return { what: `TimingWheel, ${task}, ${name}`, value: ours, unit: unit.trim(), peer: { what: 'setTimeout', value: peer }, ratio: peer / ours };
  });
}

const [, , task, subject] = process.argv;
if (task === undefined) {
  console.log(machineLine());
  console.log('a million timers, each figure for one timer, median of three processes');
  record('queue-timing-wheel', [...Object.keys(delays), 'fire'].flatMap(compare));
} else {
  const figures = await (subject === 'wheel' ? measure(wheelSubject(), task) : measure(nodeSubject(), task));
  console.log(JSON.stringify(figures));
  process.exit(0);
}
