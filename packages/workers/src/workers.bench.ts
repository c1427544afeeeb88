/**
 * What the pool costs and what it saves.
 *
 * How late the main thread's event loop is while it hashes and compresses itself, and while threads do; a task that does nothing
 * on our pool and on bare tinypool; buffers there and back, moved and copied; the limiter against the least that could do, a
 * promise and an array (the usual peer, p-limit, is not installed here). All take turns; medians of several rounds; a ratio above
 * 1 is better for what is named first.
 */
import { scryptSync } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type BenchResult, print, record } from '@midgard/bench';
import { measure } from 'mitata';
import { Tinypool } from 'tinypool';
import type * as tasks from './test/bench-tasks.ts';
import { IoLimiter, WorkerPool } from './index.ts';

const file = new URL('./test/bench-tasks.ts', import.meta.url);
const rounds = 9;
const mib = 1_048_576;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Medians of alternatives that take turns, after one turn that does not count. */
async function takeTurns(alternatives: readonly (() => Promise<number>)[], times = rounds): Promise<number[]> {
  const results: number[][] = alternatives.map(() => []);
  for (let round = -1; round < times; round += 1) {
    for (const [at, measure] of alternatives.entries()) {
      const value = await measure();
      if (round >= 0) results[at]?.push(value);
    }
  }
  return results.map(median);
}

const results: BenchResult[] = [];

/** What takes less time is better. */
function note(what: string, value: number, peer: { readonly what: string; readonly value: number }, unit: string): void {
  const result: BenchResult = { what, value, unit, peer, ratio: peer.value / value };
  results.push(result);
  print([result]);
}

/** The worst lateness of the event loop while so many jobs are done side by side. */
async function worstDelayMs(job: () => unknown): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await nextTurn();
  await Promise.all(
    Array.from({ length: 8 }, async (_, at) => {
      // As requests come: one a turn of the loop, and not all in one.
      for (let turn = 0; turn <= at; turn += 1) await nextTurn();
      await job();
    }),
  );
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  histogram.disable();
  return histogram.max / 1e6;
}

async function compareDelay(pool: WorkerPool<typeof tasks>): Promise<void> {
  const text = Buffer.from(JSON.stringify(Array.from({ length: 100_000 }, (_, id) => ({ id, name: `player ${id * 7919}`, level: id % 100 }))));
  const jobs: readonly (readonly [string, () => unknown, () => unknown])[] = [
    ['scrypt (N = 16384)', () => scryptSync('secret', 'salt', 32), () => pool.run('hash', 'secret')],
    [`gzip of ${(text.length / mib).toFixed(1)} MiB JSON`, () => gzipSync(text), () => pool.run('compress', text)],
  ];
  for (const [name, here, there] of jobs) {
    const [without = 0, withPool = 0] = await takeTurns([() => worstDelayMs(here), () => worstDelayMs(there)]);
    note(`worst lateness of the event loop, 8 × ${name} in the pool`, withPool, { what: 'on the main thread', value: without }, 'ms');
  }
}

async function compareOverhead(pool: WorkerPool<typeof tasks>, tinypool: Tinypool): Promise<void> {
  const path = file.href;
  const ours = (): Promise<unknown> => pool.run('nothing', 7);
  const bare = (): Promise<unknown> => tinypool.run(7, { filename: path, name: 'nothing' });
  const count = 2000;
  const oneByOne = async (run: () => Promise<unknown>): Promise<number> => {
    const work = async (): Promise<void> => {
      for (let i = 0; i < count; i += 1) await run();
    };
    return ((await millisecondsOf(work)) * 1000) / count;
  };
  const allAtOnce = async (run: () => Promise<unknown>): Promise<number> =>
    ((await millisecondsOf(() => Promise.all(Array.from({ length: count }, run)))) * 1000) / count;
  for (const [name, measure] of [
    ['one after the other', oneByOne],
    [`${count} at once`, allAtOnce],
  ] as const) {
    const [bareUs = 0, oursUs = 0] = await takeTurns([() => measure(bare), () => measure(ours)]);
    note(`a task that does nothing, ${name}`, oursUs, { what: 'bare tinypool', value: bareUs }, 'µs');
  }
}

async function compareTransfer(pool: WorkerPool<typeof tasks>): Promise<void> {
  for (const bytes of [mib, 16 * mib]) {
    const roundTrip = (isMoved: boolean) => async (): Promise<number> => {
      const buffer = new Uint8Array(bytes);
      const transfer = isMoved ? [buffer.buffer] : [];
      return millisecondsOf(() => pool.run('giveBack', { buffer, isMoved }, { transfer }));
    };
    const [copied = 0, moved = 0] = await takeTurns([roundTrip(false), roundTrip(true)], 31);
    note(`${bytes / mib} MiB there and back, moved`, moved, { what: 'copied', value: copied }, 'ms');
  }
}

/** A promise and an array: no bound on who waits, no time-out, no abort, no figures. */
class NaiveSemaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(permits: number) {
    this.#free = permits;
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

type Gate = Pick<NaiveSemaphore, 'run'>;

async function one(): Promise<number> {
  return 1;
}

/** Nanoseconds a call, the median of what mitata samples. */
async function callNs(gate: Gate, atOnce: number): Promise<number> {
  const crowd = Array.from({ length: atOnce }, (_, at) => at);
  const call = atOnce === 1 ? (): Promise<unknown> => gate.run(one) : (): Promise<unknown> => Promise.all(crowd.map(() => gate.run(one)));
  const { p50 } = await measure(call);
  return p50 / atOnce;
}

async function compareLimiter(): Promise<void> {
  const gates: readonly Gate[] = [new NaiveSemaphore(10), new IoLimiter({ name: 'bench', maxRunning: 10, maxWaiting: 1_000_000 })];
  const cases: readonly (readonly [string, number])[] = [
    ['a permit is free', 1],
    ['1,000 want one of 10 permits', 1000],
    ['50,000 want one of 10 permits', 50_000],
  ];
  for (const [name, atOnce] of cases) {
    const [naive = 0, ours = 0] = await takeTurns(
      gates.map((gate) => () => callNs(gate, atOnce)),
      3,
    );
    note(`IoLimiter, ${name}`, ours, { what: 'naive semaphore', value: naive }, 'ns');
  }
}

const threads = { minThreads: 2, maxThreads: 2 };
await using pool = new WorkerPool<typeof tasks>({ name: 'bench', file, ...threads, maxQueued: 100_000 });
const tinypool = new Tinypool({ ...threads, runtime: 'worker_threads' });
await Promise.all([pool.run('nothing', 0), pool.run('nothing', 0)]);

await compareDelay(pool);
await compareOverhead(pool, tinypool);
await compareTransfer(pool);
await compareLimiter();
await tinypool.destroy();
record('workers', results);
