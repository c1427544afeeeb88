/**
 * Where SQLite should run: in the thread that asks, or in one of its own that is asked by messages. The same node:sqlite by hand in both
 * places, in turns; medians of the rounds. `node --conditions=@midgard/source src/dialects/sqlite/thread.bench.ts [--rounds 9]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type BenchResult, print, record } from '@midgard/bench';

const rows = 10_000;
const gets = 20_000;
const commits = 50;
const rowsOfCommit = 20;

/** What either place is asked to do. */
type Request = { readonly kind: 'get'; readonly id: number } | { readonly kind: 'commit' };

/** A database by hand: prepared statements, every commit on the disk. */
class ByHand {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #update: StatementSync;
  #next = 0;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      'pragma journal_mode = wal; pragma synchronous = full; create table if not exists player (id integer primary key, name text, level integer)',
    );
    this.#get = this.#database.prepare('select id, name, level from player where id = ?');
    this.#update = this.#database.prepare('update player set level = level + 1 where id = ?');
  }

  fill(): void {
    this.#database.exec('begin');
    for (let id = 0; id < rows; id += 1) this.#database.prepare('insert or ignore into player values (?, ?, 0)').run(id, `player ${id}`);
    this.#database.exec('commit');
  }

  answer(request: Request): unknown {
    if (request.kind === 'get') return this.#get.get(request.id);
    this.#database.exec('begin immediate');
    for (let at = 0; at < rowsOfCommit; at += 1) this.#update.run((this.#next = (this.#next + 7919) % rows));
    this.#database.exec('commit');
    return undefined;
  }

  close(): void {
    this.#database.close();
  }
}

/** One of the two places. */
interface Place {
  readonly ask: (request: Request) => unknown;
  readonly close: () => Promise<void> | void;
}

function inThisThread(file: string): Place {
  const database = new ByHand(file);
  return { ask: (request) => database.answer(request), close: () => database.close() };
}

/** Answers come in the order of the questions, so a queue is all the book-keeping. */
async function inItsOwnThread(file: string): Promise<Place> {
  const worker = new Worker(new URL(import.meta.url), { workerData: file });
  const waiting: ((answer: unknown) => void)[] = [];
  let head = 0;
  await new Promise((resolve) => worker.once('message', resolve));
  worker.on('message', (answer: unknown) => {
    waiting[head]?.(answer);
    head += 1;
    if (head === waiting.length) waiting.length = head = 0;
  });
  const ask = (request: Request): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      worker.postMessage(request, []);
    });
  return { ask, close: async () => void (await worker.terminate()) };
}

async function getsPerSecond({ ask }: Place, callers: number): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  const caller = async (): Promise<void> => {
    for (; next < gets; next += 1) await ask({ kind: 'get', id: (next * 7919) % rows });
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (gets * 1000) / (performance.now() - startedAt);
}

/** @returns the longest that the asking thread stood still while there were commits, in milliseconds */
async function standstillMs({ ask }: Place): Promise<number> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  for (let commit = 0; commit < commits; commit += 1) {
    await ask({ kind: 'commit' });
    await nextTurn();
  }
  loop.disable();
  return loop.percentile(99) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const beside = (
  what: string,
  unit: string,
  { here, there }: { readonly here: readonly number[]; readonly there: readonly number[] },
  isMoreBetter: boolean,
): BenchResult => {
  const [value, other] = [median(here), median(there)];
  return { what, unit, value, peer: { what: 'in a thread of its own', value: other }, ratio: isMoreBetter ? value / other : other / value };
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
  const rounds = Number(values.rounds);
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-thread-bench-'));
  const file = path.join(folder, 'bench.db');
  const here = new ByHand(file);
  here.fill();
  here.close();
  const places = { here: inThisThread(file), there: await inItsOwnThread(file) };
  const figures = { one: { here: [0], there: [0] }, many: { here: [0], there: [0] }, still: { here: [0], there: [0] } };
  for (let round = -1; round < rounds; round += 1) {
    for (const place of round % 2 === 0 ? (['here', 'there'] as const) : (['there', 'here'] as const)) {
      const seen = { one: await getsPerSecond(places[place], 1), many: await getsPerSecond(places[place], 64), still: await standstillMs(places[place]) };
      if (round < 0) continue;
      for (const figure of ['one', 'many', 'still'] as const) figures[figure][place][round] = seen[figure];
    }
    process.stderr.write(`\rround ${round + 1} of ${rounds}`);
  }
  process.stderr.write('\n');
  await Promise.all([places.here.close(), places.there.close()]);
  rmSync(folder, { recursive: true });
  const results = [
    beside('gets, one caller', 'per second', figures.one, true),
    beside('gets, 64 callers', 'per second', figures.many, true),
    beside('standstill of the asking thread during commits, 99th percentile', 'ms', figures.still, false),
  ];
  print(results);
  record('dao-sqlite-thread', results);
}

if (isMainThread) {
  await main();
} else {
  const database = new ByHand(String(workerData));
  parentPort?.on('message', (request: Request) => parentPort?.postMessage(database.answer(request), []));
  parentPort?.postMessage('ready', []);
}
