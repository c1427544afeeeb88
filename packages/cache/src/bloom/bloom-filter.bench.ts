/**
 * BloomFilter against bloomfilter 1.1: the same bits, the same number of hashes, as many keys as expected. Of an
 * integer the peer hashes the decimal text.
 *
 * Each filter has a process of its own, so that none is measured with V8's inline caches full of the other; the processes take turns,
 * five times, and the median counts. The ratio is the other's time over ours: above 1 we are faster.
 */
import { spawnSync } from 'node:child_process';
import { type BenchResult, machineLine, print, record } from '@midgard/bench';
import { BloomFilter as Peer } from 'bloomfilter';
import { BloomFilter } from '../index.ts';

const keys = 1_000_000;
const turns = 5;
const rounds = 3;
const rate = 0.01;
const peerName = 'bloomfilter 1.1';

interface Filter {
  add(key: string | number): unknown;
  mightHave(key: string | number): boolean;
}

const makers: Readonly<Record<string, () => Filter>> = {
  BloomFilter: () => new BloomFilter({ expectedKeys: keys, falsePositiveRate: rate }),
  [peerName]: () => {
    // As large as ours is.
    const { bytes } = new BloomFilter({ expectedKeys: keys, falsePositiveRate: rate });
    const peer = new Peer(bytes * 8, 7);
    return { add: (key) => peer.add(key), mightHave: (key) => peer.test(key) };
  },
};

interface Figures {
  readonly add: number;
  readonly 'mightHave, present': number;
  readonly 'mightHave, absent': number;
  readonly 'mightHave, absent integers': number;
  readonly 'passing of absent keys, %': number;
}
const names = ['add', 'mightHave, present', 'mightHave, absent', 'mightHave, absent integers', 'passing of absent keys, %'] as const;

function nsPerKey(work: () => void): number {
  const startMs = performance.now();
  work();
  return ((performance.now() - startMs) * 1e6) / keys;
}

function measure(make: () => Filter): Figures {
  const present = Array.from({ length: keys }, (_, i) => `player:${1_000_000 + i}`);
  const absent = Array.from({ length: keys }, (_, i) => `player:${9_000_000 + i}`);
  const integers = Array.from({ length: keys }, (_, i) => 9_000_000 + i);
  let last: Figures | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const filter = make();
    let passed = 0;
    const figures = {
      add: nsPerKey(() => present.forEach((key) => filter.add(key))),
      'mightHave, present': nsPerKey(() => present.forEach((key) => filter.mightHave(key))),
      'mightHave, absent': nsPerKey(() => absent.forEach((key) => (passed += filter.mightHave(key) ? 1 : 0))),
      'mightHave, absent integers': nsPerKey(() => integers.forEach((key) => filter.mightHave(key))),
    };
    // The first rounds are for the compiler.
    last = { ...figures, 'passing of absent keys, %': (passed / keys) * 100 };
  }
  return last!;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function compare(): void {
  const runs = new Map<string, Figures[]>(Object.keys(makers).map((name) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, figures] of runs) {
      const { stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      figures.push(JSON.parse(stdout));
    }
  }
  const results = names.map((what): BenchResult => {
    const [ours, peer] = ['BloomFilter', peerName].map((name) => median(runs.get(name)!.map((figures) => figures[what])));
    return { what, value: ours!, unit: what.endsWith('%') ? '%' : 'ns', peer: { what: peerName, value: peer! }, ratio: peer! / ours! };
  });
  console.log(machineLine());
  print(results);
  record('bloom-filter', results);
}

const [, , asked] = process.argv;
if (asked === undefined) compare();
else console.log(JSON.stringify(measure(makers[asked]!)));
