/**
 * PriorityQueue against an array that is kept sorted by binary search and splice, the naive way, at a steady number of waiting items:
 * each turn takes the first out and puts one in. Ratio above 1: the heap is faster.
 */
import { machineLine, record, type BenchResult } from '@midgard/bench';
import { PriorityQueue } from './index.ts';

const rounds = 5;

interface Queue {
  push(item: number, priority: number): void;
  pop(): number | undefined;
}

/** Finding the place is O(log n); making room there, and closing it at the front, moves what stands behind. */
class SortedArray implements Queue {
  readonly #entries: { readonly item: number; readonly priority: number }[] = [];

  push(item: number, priority: number): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.priority <= priority) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, { item, priority });
  }

  pop(): number | undefined {
    return this.#entries.shift()?.item;
  }
}

/** The same numbers in each run: 0 (included) to 1 (excluded). */
function lcg(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

function nsPerTurn(make: () => Queue, waiting: number, turns: number): number {
  const random = lcg(42);
  const queue = make();
  // In rising order, which both take without moving anything.
  for (let i = 0; i < waiting; i += 1) queue.push(i, i / waiting);
  const startMs = performance.now();
  for (let i = 0; i < turns; i += 1) {
    queue.pop();
    queue.push(i, i / waiting + random());
  }
  return ((performance.now() - startMs) * 1e6) / turns;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const results: BenchResult[] = [];
console.log(machineLine());
console.log('pop + push at a steady number of waiting items, median of five runs');
// The sorted array gets fewer turns where it needs long for them.
for (const [waiting, naiveTurns] of [
  [10, 1_000_000],
  [1000, 500_000],
  [10_000, 50_000],
  [100_000, 20_000],
  [1_000_000, 1000],
] as const) {
  const heapRuns: number[] = [];
  const naiveRuns: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    heapRuns.push(nsPerTurn(() => new PriorityQueue<number>(), waiting, 1_000_000));
    naiveRuns.push(nsPerTurn(() => new SortedArray(), waiting, naiveTurns));
  }
  const heap = median(heapRuns);
  const naive = median(naiveRuns);
  results.push({ what: `PriorityQueue, ${waiting} waiting`, value: heap, unit: 'ns', peer: { what: 'sorted array', value: naive }, ratio: naive / heap });
  console.log(
    `  ${String(waiting).padStart(9)} waiting   sorted array ${naive.toFixed(0).padStart(7)} ns   PriorityQueue ${heap.toFixed(0).padStart(4)} ns   ratio ${(naive / heap).toFixed(1)}`,
  );
}
record('queue-priority-queue', results);
