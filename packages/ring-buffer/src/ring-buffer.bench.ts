/**
 * A bounded buffer of objects against denque and a plain array. Prints nanoseconds of a push and a pop together, medians
 * of several processes, and ratios above 1 where ours is faster. Each peer runs in processes of its own: in a shared one the
 * JIT compiles for all of them, and who came later pays.
 */
import { execFileSync } from 'node:child_process';
import { machineLine, print, record, type BenchResult } from '@midgard/bench';
import Denque from 'denque';
import { do_not_optimize, measure } from 'mitata';
import { RingBuffer } from './index.ts';

interface Item {
  readonly id: number;
}
interface Queue {
  push(item: Item): unknown;
  shift(): Item | undefined;
}
/** The loop calls `shift`, as the peers name it; the extra call is ours to bear. */
class ShiftedRing extends RingBuffer<Item> {
  shift(): Item | undefined {
    return this.pop();
  }
}

const peers: Readonly<Record<string, (capacity: number) => Queue>> = {
  RingBuffer: (capacity) => new ShiftedRing({ capacity }),
  denque: () => new Denque<Item>(),
  'denque with a capacity': (capacity) => new Denque<Item>([], { capacity }),
  array: () => [],
};
/** One push and one pop in turn over items that lie there already, or a burst of pushes and then as many pops. */
const shapes = [
  { name: 'in turn, none waiting', waiting: 0, burst: 1 },
  { name: 'in turn, 1000 waiting', waiting: 1000, burst: 1 },
  { name: 'bursts of 64', waiting: 0, burst: 64 },
  { name: 'bursts of 1000', waiting: 0, burst: 1000 },
] as const;
/** In one call of what is measured. */
const pairs = 64_000;
const processes = 7;
/** Room for every shape. */
const capacity = 1024;
const items = Array.from({ length: 1024 }, (_, id): Item => ({ id }));

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function roundsOf(queue: Queue, burst: number): number {
  let sum = 0;
  for (let done = 0; done < pairs; done += burst) {
    for (let i = 0; i < burst; i += 1) queue.push(items[i & 1023]!);
    for (let i = 0; i < burst; i += 1) sum += queue.shift()!.id;
  }
  return sum;
}

/** A loop of its own: two loops of one round each would cost as much as what they measure. */
function inTurn(queue: Queue): number {
  let sum = 0;
  for (let i = 0; i < pairs; i += 1) {
    queue.push(items[i & 1023]!);
    sum += queue.shift()!.id;
  }
  return sum;
}

async function nanoseconds(peer: string, { waiting, burst }: (typeof shapes)[number]): Promise<number> {
  const queue = peers[peer]!(capacity);
  for (let i = 0; i < waiting; i += 1) queue.push(items[i & 1023]!);
  const run = burst === 1 ? () => do_not_optimize(inTurn(queue)) : () => do_not_optimize(roundsOf(queue, burst));
  const { p50 } = await measure(run);
  return p50 / pairs;
}

function inOwnProcess(peer: string, shape: string): number {
  return Number(execFileSync(process.execPath, [...process.execArgv, import.meta.filename, peer, shape], { encoding: 'utf8' }));
}

const [, , peer, shapeName] = process.argv;
const shape = shapes.find(({ name }) => name === shapeName);
if (peer !== undefined && shape !== undefined) {
  console.log(await nanoseconds(peer, shape));
} else {
  console.log(machineLine());
  const results: BenchResult[] = [];
  for (const { name } of shapes) {
    const times = new Map(Object.keys(peers).map((peer): [string, number[]] => [peer, []]));
    // In turns, so that what else runs on the machine touches all alike.
    for (let turn = 0; turn < processes; turn += 1) for (const [peer, ns] of times) ns.push(inOwnProcess(peer, name));
    const ours = median(times.get('RingBuffer')!);
    times.delete('RingBuffer');
    const rows = [...times].map(([what, ns]) => ({
      what: `RingBuffer, ${name}`,
      value: ours,
      unit: 'ns',
      peer: { what, value: median(ns) },
      ratio: median(ns) / ours,
    }));
    print(rows);
    results.push(...rows);
  }
  record('ring-buffer', results);
}
