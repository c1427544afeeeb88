/**
 * What pooling pays for: objects and buffers of several sizes, made anew against taken from a pool and given back.
 *
 * Time: mitata's median of nanoseconds per acquire, use and release. Memory: bytes that one round leaves to the garbage collector, on
 * the heap and outside; measured between two forced collections over too few rounds for another one to come in between, so that
 * nothing is collected unseen; median of 21 batches. Run with --expose-gc.
 *
 * Each row has a process of its own: pools of several kinds in one would be measured with V8's inline caches full.
 */
import { spawnSync } from 'node:child_process';
import { type BenchResult, machineLine, record } from '@midgard/bench';
import { do_not_optimize, measure } from 'mitata';
import { BufferPool, ObjectPool } from './index.ts';

/** What a queue passes on: four fields. */
interface Message {
  id: number;
  kind: number;
  body: Buffer | null;
  receivedAt: number;
}

/** What goes with a request: a dozen fields, a list. */
class Context {
  requestId = 0;
  game = '';
  operation = 0;
  playerId = 0n;
  isAuthenticated = false;
  deadlineMs = 0;
  input: unknown = undefined;
  output: unknown = undefined;
  error: unknown = undefined;
  session: object | null = null;
  readonly changes: string[] = [];
  startedAtMs = 0;
}

/** Dear to make: a Map and memory outside the heap. */
class Scratch {
  readonly headers = new Map<string, string>();
  readonly parts: number[] = [];
  readonly numbers: Float64Array = new Float64Array(32);
}

interface Contest {
  readonly name: string;
  readonly without: () => void;
  readonly pooled: () => void;
}

function messageContest(): Contest {
  const pool = new ObjectPool<Message>({
    create: () => ({ id: 0, kind: 0, body: null, receivedAt: 0 }),
    reset: (message) => {
      message.body = null;
    },
  });
  return {
    name: 'message of 4 fields',
    without: () => do_not_optimize({ id: 7, kind: 1, body: null, receivedAt: 42 }),
    pooled: () => {
      const message = pool.acquire();
      message.id = 7;
      message.kind = 1;
      message.receivedAt = 42;
      do_not_optimize(message);
      pool.release(message);
    },
  };
}

function contextContest(): Contest {
  const pool = new ObjectPool({
    create: () => new Context(),
    reset: (context) => {
      context.input = context.output = context.error = undefined;
      context.session = null;
      context.changes.length = 0;
    },
  });
  return { name: 'context of 12 fields and a list', without: () => useContext(new Context()), pooled: () => useOf(pool, useContext) };
}

function useContext(context: Context): void {
  context.requestId = 7;
  context.operation = 3;
  context.changes.push('player');
  do_not_optimize(context);
}

function scratchContest(): Contest {
  const pool = new ObjectPool({
    create: () => new Scratch(),
    reset: ({ headers, parts }) => {
      headers.clear();
      parts.length = 0;
    },
  });
  return { name: 'object with a Map, a list and a Float64Array(32)', without: () => useScratch(new Scratch()), pooled: () => useOf(pool, useScratch) };
}

function useScratch(scratch: Scratch): void {
  scratch.headers.set('a', 'b');
  scratch.parts.push(1);
  do_not_optimize(scratch);
}

function useOf<T extends object>(pool: ObjectPool<T>, use: (object: T) => void): void {
  const object = pool.acquire();
  use(object);
  pool.release(object);
}

function bufferContest(bytes: number): Contest {
  const pool = new BufferPool();
  return {
    name: `buffer of ${bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`}`,
    without: () => do_not_optimize(Buffer.allocUnsafe(bytes)),
    pooled: () => {
      const buffer = pool.acquire(bytes);
      do_not_optimize(buffer);
      pool.release(buffer);
    },
  };
}

/** Bytes that one call leaves behind. */
function garbageOf(run: () => void): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run with --expose-gc');
  const batch = (calls: number): number => {
    gc();
    const before = process.memoryUsage();
    for (let i = 0; i < calls; i += 1) run();
    const after = process.memoryUsage();
    return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
  };
  const typical = (calls: number): number => median(Array.from({ length: 21 }, () => batch(calls)));
  const own = typical(0);
  // A new space of 16 MiB is collected when it is full; stay far below.
  const calls = Math.min(10_000, Math.ceil(2 ** 21 / Math.max(1, (typical(8) - own) / 8)));
  return (typical(calls) - own) / calls;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function nsOf(run: () => void): Promise<number> {
  return (await measure(run)).p50;
}

/** The least that a pool can do, with an object that costs nothing to reset. */
function bareContest(): Contest {
  const pool = new ObjectPool({ create: (): object => ({}), reset: () => undefined });
  return {
    name: 'a bare get and put',
    without: () => do_not_optimize({}),
    pooled: () => {
      const object = pool.acquire();
      do_not_optimize(object);
      pool.release(object);
    },
  };
}

const contests: readonly (() => Contest)[] = [
  bareContest,
  messageContest,
  contextContest,
  scratchContest,
  ...[64, 512, 2048, 4096, 65_536, 1_048_576].map((bytes) => () => bufferContest(bytes)),
];

/** Without the minus of a zero that the noise has left. */
function tenths(value: number): string {
  return (Math.round(value * 10) / 10 + 0).toFixed(1);
}

/** What a contest measured, handed from its process to the one that prints. */
interface Score {
  readonly name: string;
  readonly without: Cost;
  readonly pooled: Cost;
}

interface Cost {
  readonly ns: number;
  readonly garbageBytes: number;
}

async function costOf(run: () => void): Promise<Cost> {
  return { ns: await nsOf(run), garbageBytes: garbageOf(run) };
}

function columnOf({ ns, garbageBytes }: Cost): string {
  return `${ns.toFixed(1)} ns ${tenths(garbageBytes)} B`.padStart(24);
}

function runApart(index: number): Score {
  const { stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, String(index)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout);
}

function resultsOf({ name, without, pooled }: Score): BenchResult[] {
  return [
    { what: `${name}, pooled`, value: pooled.ns, unit: 'ns', peer: { what: 'no pool', value: without.ns }, ratio: without.ns / pooled.ns },
    { what: `${name}, pooled, left to the collector`, value: pooled.garbageBytes, unit: 'B', peer: { what: 'no pool', value: without.garbageBytes } },
  ];
}

function compare(): void {
  console.log(machineLine());
  console.log('an acquire, use and release: median ns, and bytes left to the garbage collector\n');
  console.log(`${''.padEnd(50)}${'no pool'.padStart(24)}${'pool'.padStart(24)}${'ratio'.padStart(10)}`);
  const scores = [...contests.keys()].map((index) => {
    const score = runApart(index);
    const ratio = (score.without.ns / score.pooled.ns).toFixed(2);
    console.log(`${score.name.padEnd(50)}${columnOf(score.without)}${columnOf(score.pooled)}${ratio.padStart(10)}`);
    return score;
  });
  console.log(`
The seeds' figure for a get and put is 22.5 ns and 0 allocations, of Go's sync.Pool on 8 cores; our goal 5 ns. Comparable: both hand out
and take back one idle object without an allocation. Not comparable: another machine, another language; sync.Pool serves many threads
at once and may lose its objects at any collection, ours serves one event loop, counts what is out and keeps what it has.`);
  record('pool', scores.flatMap(resultsOf));
}

const asked = process.argv[2];
const contest = contests[Number(asked)]?.();
if (asked === undefined) {
  compare();
} else if (contest !== undefined) {
  const score: Score = { name: contest.name, without: await costOf(contest.without), pooled: await costOf(contest.pooled) };
  console.log(JSON.stringify(score));
}
