/** Sequences of keys with known qualities, the same ones in each run. */
export type Trace = Int32Array;

type Random = () => number;

/** One trace, and the size of the cache that it is meant for. */
export interface GeneratedTrace {
  readonly name: string;
  readonly entries: number;
  readonly make: (length: number) => Trace;
}

/** Mulberry32 (Ettinger, 2017): small, and good enough to draw keys. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws ranks 0 to count − 1, the rank r as often as 1 / (r + 1)^skew. */
export function zipfOf(count: number, skew: number, random: Random): () => number {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) cumulative[rank] = sum += 1 / (rank + 1) ** skew;
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function trace(keyAt: (i: number) => number): (length: number) => Trace {
  return (length) => Int32Array.from({ length }, (_, i) => keyAt(i));
}

/** Keys of popularity that does not change. */
function popular(count: number, skew: number, seed: number): (length: number) => Trace {
  return trace(zipfOf(count, skew, randomOf(seed)));
}

/** The key that was used some accesses ago, by how long ago it was, or a new one: recency is all there is to know. */
function reused(newShare: number, seed: number, accessesAgo: (random: Random) => number): (length: number) => Trace {
  return (length) => {
    const random = randomOf(seed);
    const keys = new Int32Array(length);
    let newest = 0;
    for (let i = 0; i < length; i += 1) {
      const at = random() < newShare ? -1 : i - 1 - Math.floor(accessesAgo(random));
      keys[i] = at < 0 ? (newest += 1) : (keys[at] ?? 0);
    }
    return keys;
  };
}

/** As a ledger: each key is appended, read again so many times, each after a while, and never again. */
export function ledger(reads: number, seed: number, accessesLater: (random: Random) => number): (length: number) => Trace {
  return (length) => {
    const random = randomOf(seed);
    const due = new Map<number, number[]>();
    const put = (at: number, keys: readonly number[]): void => void due.set(at, [...(due.get(at) ?? []), ...keys]);
    let newest = 0;
    return Int32Array.from({ length }, (_, i) => {
      const [key, ...others] = due.get(i) ?? [];
      due.delete(i);
      if (others.length > 0) put(i + 1, others);
      if (key !== undefined) return key;
      newest += 1;
      for (let read = 0; read < reads; read += 1) put(i + 1 + Math.floor(accessesLater(random)), [newest]);
      return newest;
    });
  };
}

function loop(count: number): (length: number) => Trace {
  return trace((i) => i % count);
}

/** What comes from elsewhere has other keys. */
const elsewhere = 1 << 28;

/** Now the one, now the other. */
function inTurn(accesses: number, one: (length: number) => Trace, other: (length: number) => Trace): (length: number) => Trace {
  return (length) => {
    const [ones, others] = [one(length), other(length)];
    return Int32Array.from({ length }, (_, i) => (Math.trunc(i / accesses) % 2 === 0 ? (ones[i] ?? 0) : elsewhere + (others[i] ?? 0)));
  };
}

/** Half of each, one access from here and one from there by chance. */
function mixed(seed: number, one: (length: number) => Trace, other: (length: number) => Trace): (length: number) => Trace {
  return (length) => {
    const [ones, others, random] = [one(length), other(length), randomOf(seed)];
    let at = 0;
    return Int32Array.from({ length }, (_, i) => (random() < 0.5 ? (ones[(at += 1)] ?? 0) : elsewhere + (others[i] ?? 0)));
  };
}

function exponential(mean: number): (random: Random) => number {
  return (random) => -Math.log(1 - random()) * mean;
}

function pareto(scale: number, shape: number): (random: Random) => number {
  return (random) => scale * ((1 - random()) ** (-1 / shape) - 1);
}

function slidingZipf(accessesPerStep: number, skew: number, seed: number): (length: number) => Trace {
  const rank = zipfOf(5000, skew, randomOf(seed));
  return trace((i) => Math.trunc(i / accessesPerStep) + 5000 - rank());
}

function zipfWithScan(isScan: (i: number) => boolean, skew: number, seed: number): (length: number) => Trace {
  const rank = zipfOf(20_000, skew, randomOf(seed));
  return trace((i) => (isScan(i) ? elsewhere + i : rank()));
}

/** Popularity that does not change, scans, loops, recency alone, and mixes and changes of these. */
export const generatedTraces: readonly GeneratedTrace[] = [
  ...[0.8, 0.9, 1, 1.1].map((skew) => ({ name: `zipf ${skew}`, entries: 1000, make: popular(50_000, skew, 1) })),
  { name: 'zipf 0.9, a scan in every tenth access', entries: 1000, make: zipfWithScan((i) => i % 10 === 0, 0.9, 2) },
  { name: 'zipf 1.0, scans of 4,000', entries: 1000, make: zipfWithScan((i) => i % 10_000 < 4000, 1, 3) },
  { name: 'zipf 1.0, other keys popular each 50,000', entries: 1000, make: inTurn(50_000, popular(20_000, 1, 14), popular(20_000, 1, 24)) },
  { name: 'loop of 1,200', entries: 1000, make: loop(1200) },
  { name: 'loop of 3,000', entries: 1000, make: loop(3000) },
  { name: 'recency, exponential', entries: 1000, make: reused(0.3, 4, exponential(800)) },
  { name: 'recency, exponential and wide', entries: 1000, make: reused(0.4, 5, exponential(3000)) },
  { name: 'recency, Pareto', entries: 1000, make: reused(0.3, 6, pareto(300, 0.8)) },
  { name: 'ledger, one read within 1,200', entries: 1000, make: ledger(1, 7, (random) => random() * 1200) },
  { name: 'ledger, one read after 500 to 1,500', entries: 1000, make: ledger(1, 8, (random) => 500 + random() * 1000) },
  { name: 'ledger, two reads within 2,500', entries: 1000, make: ledger(2, 9, (random) => random() * 2500) },
  { name: 'sliding hot set, fast', entries: 1000, make: slidingZipf(5, 0.8, 12) },
  { name: 'sliding hot set, slow', entries: 1000, make: slidingZipf(50, 0.9, 13) },
  { name: 'recency, then a loop, in turn', entries: 1000, make: inTurn(50_000, reused(0.3, 15, exponential(800)), loop(1500)) },
  {
    name: 'ledger, then zipf 1.0, in turn',
    entries: 1000,
    make: inTurn(
      40_000,
      ledger(1, 17, (random) => random() * 1200),
      popular(20_000, 1, 18),
    ),
  },
  {
    name: 'ledger and zipf 0.9, mixed',
    entries: 1000,
    make: mixed(
      21,
      ledger(1, 19, (random) => random() * 600),
      popular(20_000, 0.9, 20),
    ),
  },
  { name: 'loop of 2,000 and zipf 0.9, mixed', entries: 1000, make: mixed(21, loop(2000), popular(20_000, 0.9, 20)) },
];
