/**
 * Batcher against one call for each item, and against the naive way that dataloader made known: all that is asked for within one turn of
 * the event loop goes together.
 *
 * The handler stands for a round trip to a database: a wait for each call, and work for each item. A thousand producers wait for each of
 * their items before the next, so what is measured is how many items a second come back. Medians of three runs.
 */
import { machineLine, record, type BenchResult } from '@midgard/bench';
import { Batcher, type BatchResult } from './index.ts';

const producers = 1000;
const rounds = 3;

interface Handler {
  readonly calls: () => number;
  readonly handle: (items: readonly number[]) => Promise<readonly BatchResult<number>[]>;
}

/** @param concurrency how many calls the other side serves at a time; more wait in line, as for a connection of a pool */
function roundTrips(msPerCall: number, usPerItem: number, concurrency: number): Handler {
  let calls = 0;
  let free = concurrency;
  const waiting: (() => void)[] = [];
  const handle = async (items: readonly number[]): Promise<readonly BatchResult<number>[]> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, msPerCall + (items.length * usPerItem) / 1000));
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
    return items.map((value) => ({ ok: true, value }));
  };
  return { calls: () => calls, handle };
}

/** What remains of the handler for the price of the batcher itself. */
function noWork(): Handler {
  let calls = 0;
  return {
    calls: () => calls,
    handle: async (items) => {
      calls += 1;
      return items.map((value) => ({ ok: true, value }));
    },
  };
}

type Add = (item: number) => Promise<number>;
type Way = (handler: Handler) => { readonly add: Add; readonly close: () => Promise<void> };

async function valueOf(results: Promise<readonly BatchResult<number>[]>, at: number): Promise<number> {
  const result = (await results)[at];
  if (result?.ok === true) return result.value;
  throw new Error('no result');
}

const oneByOne: Way = ({ handle }) => ({ add: (item) => valueOf(handle([item]), 0), close: async () => {} });

const perTurn: Way = ({ handle }) => {
  let batch: { readonly items: number[]; readonly results: Promise<readonly BatchResult<number>[]> } | undefined;
  const open = (): { readonly items: number[]; readonly results: Promise<readonly BatchResult<number>[]> } => {
    const items: number[] = [];
    const { promise, resolve } = Promise.withResolvers<readonly BatchResult<number>[]>();
    setImmediate(() => {
      batch = undefined;
      resolve(handle(items));
    });
    return { items, results: promise };
  };
  const add: Add = (item) => {
    batch ??= open();
    return valueOf(batch.results, batch.items.push(item) - 1);
  };
  return { add, close: async () => {} };
};

function batcher(concurrency: number, targetMs?: number): Way {
  return ({ handle }) => {
    const batches = new Batcher<number, number>({ handle, maxItems: 500, maxDelayMs: 1, concurrency, ...(targetMs === undefined ? {} : { targetMs }) });
    return { add: (item) => batches.add(item), close: () => batches.close() };
  };
}

interface Figures {
  readonly perSecond: number;
  readonly perCall: number;
}

async function measure(way: Way, handler: Handler, items: number): Promise<Figures> {
  const { add, close } = way(handler);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: producers }, async (_, producer) => {
      for (let item = producer; item < items; item += producers) if ((await add(item)) !== item) throw new Error('the result of another item');
    }),
  );
  const perSecond = (items * 1000) / (performance.now() - startMs);
  await close();
  return { perSecond, perCall: items / handler.calls() };
}

async function compare(title: string, makeHandler: () => Handler, ways: Readonly<Record<string, readonly [Way, number]>>): Promise<BenchResult[]> {
  console.log(`  ${title}`);
  const all = Object.entries(ways).map(([name, [way, items]]) => ({ name, way, items, runs: [] as Figures[] }));
  for (let round = 0; round < rounds; round += 1) for (const { way, items, runs } of all) runs.push(await measure(way, makeHandler(), items));
  const medians = all.map(({ name, runs }) => ({ name, ...(runs.toSorted((a, b) => a.perSecond - b.perSecond)[rounds >> 1] ?? { perSecond: 0, perCall: 0 }) }));
  const [peer = { name: '', perSecond: Number.NaN }] = medians;
  return medians.map(({ name, perSecond, perCall }) => {
    const ratio = perSecond / peer.perSecond;
    console.log(
      `    ${name.padEnd(34)} ${perSecond.toFixed(0).padStart(8)} items/s   ${perCall.toFixed(1).padStart(6)} items a call   ratio ${ratio.toFixed(2).padStart(7)}`,
    );
    return { what: `${name}, ${title}`, value: perSecond, unit: 'items/s', peer: { what: peer.name, value: peer.perSecond }, ratio };
  });
}

console.log(machineLine());
console.log('items a second, a thousand producers; ratio to one call for each item');
const roundTripResults = await compare('2 ms a call and 10 µs an item, 4 calls at a time', () => roundTrips(2, 10, 4), {
  'one call for each item': [oneByOne, 4000],
  'all of a turn (as dataloader)': [perTurn, 100_000],
  'Batcher, 500 items': [batcher(4), 100_000],
  'Batcher, follows 5 ms': [batcher(4, 5), 100_000],
});
const overheadResults = await compare('no work: the price of batching itself', noWork, {
  'one call for each item': [oneByOne, 500_000],
  'all of a turn (as dataloader)': [perTurn, 500_000],
  'Batcher, 500 items': [batcher(4), 500_000],
});
record('queue-batcher', [...roundTripResults, ...overheadResults]);
