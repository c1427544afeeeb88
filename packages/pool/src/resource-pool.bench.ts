/**
 * ResourcePool against generic-pool 3.9 and tarn 3.1: acquire and release of resources that cost nothing to make, so that what is
 * measured is the pool.
 *
 * Each pool runs in a process of its own, so that none is measured with V8's inline caches full of the others; the processes take
 * turns, five times, and the median counts. It is processor time, garbage collection included, since nothing here waits for anything
 * but the processor, and others may want it too. The ratio is the other's time over ours: above 1 we are faster. Ours runs with its
 * defaults, that is with limits of waiting, idling and age, which is also how tarn runs; generic-pool runs without any, as it
 * comes, and once more with those that it has.
 */
import { spawnSync } from 'node:child_process';
import { type BenchResult, machineLine, record } from '@midgard/bench';
import genericPool from 'generic-pool';
import { Pool as TarnPool } from 'tarn';
import { ResourcePool } from './index.ts';

interface Resource {
  readonly id: number;
}

interface Lender {
  acquire(): Promise<Resource>;
  release(resource: Resource): unknown;
}

const max = 10;
const workers = 100;
const turns = 5;
const warmUpCalls = 20_000;

let made = 0;
const create = async (): Promise<Resource> => ({ id: (made += 1) });
const destroy = async (): Promise<void> => undefined;

const lenders: Readonly<Record<string, () => Lender>> = {
  ResourcePool: () => new ResourcePool({ create, destroy, max }),
  'ResourcePool, health check and listener': () =>
    new ResourcePool({ create, destroy, max, health: { check: () => true }, leaks: { afterMs: 60_000 }, listener: { acquired: () => {}, released: () => {} } }),
  'generic-pool': () => genericPool.createPool({ create, destroy }, { max }),
  'generic-pool, with limits': () =>
    genericPool.createPool(
      { create, destroy },
      { max, maxWaitingClients: 1000, acquireTimeoutMillis: 30_000, idleTimeoutMillis: 60_000, evictionRunIntervalMillis: 1000 },
    ),
  tarn: () => {
    const pool = new TarnPool<Resource>({ create, destroy, min: 0, max });
    return { acquire: () => pool.acquire().promise, release: (resource) => pool.release(resource) };
  },
};

async function uncontended(pool: Lender, calls: number): Promise<void> {
  for (let i = 0; i < calls; i += 1) pool.release(await pool.acquire());
}

async function contended(pool: Lender, calls: number): Promise<void> {
  let left = calls;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const resource = await pool.acquire();
      // What a borrower does takes at least a turn, so that the others do wait.
      await Promise.resolve();
      pool.release(resource);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

const tasks = { uncontended, contended };
type Task = keyof typeof tasks;
const taskNames = ['uncontended', 'contended'] as const;

async function measure(name: string): Promise<void> {
  const lender = lenders[name]?.();
  if (lender === undefined) throw new RangeError(`no pool is named ${name}`);
  const calls = name === 'tarn' ? 50_000 : 300_000;
  const ns: Partial<Record<Task, number>> = {};
  for (const task of taskNames) {
    const run = tasks[task];
    await run(lender, warmUpCalls);
    const start = process.cpuUsage();
    await run(lender, calls);
    const { user, system } = process.cpuUsage(start);
    ns[task] = ((user + system) * 1000) / calls;
  }
  console.log(JSON.stringify(ns));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function compare(): void {
  const results = new Map(Object.keys(lenders).map((name) => [name, { uncontended: [] as number[], contended: [] as number[] }]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, result] of results) {
      const { stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ns: Record<Task, number> = JSON.parse(stdout);
      result.uncontended.push(ns.uncontended);
      result.contended.push(ns.contended);
    }
  }
  report(new Map([...results].map(([name, { uncontended, contended }]) => [name, { uncontended: median(uncontended), contended: median(contended) }])));
}

function report(medians: ReadonlyMap<string, Record<Task, number>>): void {
  const own = medians.get('ResourcePool') ?? { uncontended: Number.NaN, contended: Number.NaN };
  const recorded: BenchResult[] = [];
  console.log(machineLine());
  console.log(
    `acquire + release, ns of processor time, median of ${turns} processes (ratio to ResourcePool); contended: ${workers} workers over ${max} resources`,
  );
  for (const [name, ns] of medians) {
    const columns = taskNames.map((task) => `${task} ${ns[task].toFixed(0).padStart(5)} (${(ns[task] / own[task]).toFixed(2)})`);
    console.log(`  ${name.padEnd(40)} ${columns.join('   ')}`);
    for (const task of taskNames) {
      recorded.push({ what: `ResourcePool, ${task}`, value: own[task], unit: 'ns', peer: { what: name, value: ns[task] }, ratio: ns[task] / own[task] });
    }
  }
  record(
    'resource-pool',
    recorded.filter(({ peer }) => peer?.what !== 'ResourcePool'),
  );
}

const [, , asked] = process.argv;
if (asked === undefined) {
  compare();
} else {
  await measure(asked);
  process.exit();
}
