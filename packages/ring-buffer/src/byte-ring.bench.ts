/**
 * Records that must lie in one piece, three ways: copied to new memory where they wrap (`mirrorBytes: 0`), with only what
 * wrapped copied behind the end when asked for (`mirrorBytes`), and with every byte of the head written twice, which is here
 * only and not in ByteRing. Prints nanoseconds for a record written and read, medians of turns, and ratios above 1 where a
 * way is faster than the first.
 */
import { machineLine, print, record, type BenchResult } from '@midgard/bench';
import { ByteRing } from './index.ts';

const capacityBytes = 65_536;
const records = 1_000_000;
const turns = 11;

/** A record of which both the writer and the reader know the length. Gives a byte of it, so that it is really looked at. */
interface RecordRing {
  write(bytes: Uint8Array): unknown;
  take(byteLength: number): Uint8Array;
}

class Plain implements RecordRing {
  readonly #ring: ByteRing;

  constructor(mirrorBytes: number) {
    this.#ring = new ByteRing({ capacityBytes, mirrorBytes });
  }

  write(bytes: Uint8Array): void {
    this.#ring.write(bytes);
  }

  take(byteLength: number): Uint8Array {
    const record = this.#ring.peek(byteLength);
    this.#ring.consume(byteLength);
    return record;
  }
}

/** The least that this takes, without the checks that ByteRing makes: it looks better than it would be. */
class WrittenTwice implements RecordRing {
  readonly #bytes: Uint8Array;
  readonly #mirrorBytes: number;
  #head = 0;
  #tail = 0;

  constructor(maxRecordBytes: number) {
    this.#mirrorBytes = maxRecordBytes;
    this.#bytes = new Uint8Array(capacityBytes + maxRecordBytes);
  }

  write(bytes: Uint8Array): void {
    const start = this.#tail % capacityBytes;
    const end = start + bytes.length;
    // The mirror takes what runs over the end, so that one copy is enough here too.
    this.#bytes.set(bytes, start);
    if (end > capacityBytes) this.#bytes.copyWithin(0, capacityBytes, end);
    if (start < this.#mirrorBytes) this.#bytes.copyWithin(capacityBytes + start, start, Math.min(end, this.#mirrorBytes));
    this.#tail += bytes.length;
  }

  take(byteLength: number): Uint8Array {
    const start = this.#head % capacityBytes;
    this.#head += byteLength;
    return this.#bytes.subarray(start, start + byteLength);
  }
}

function run(ring: RecordRing, recordBytes: number): number {
  const bytes = new Uint8Array(recordBytes).fill(1);
  let sum = 0;
  const startedAt = performance.now();
  for (let i = 0; i < records; i += 1) {
    ring.write(bytes);
    sum += ring.take(recordBytes)[recordBytes - 1]!;
  }
  if (sum !== records) throw new Error('a record was read wrongly');
  return ((performance.now() - startedAt) * 1e6) / records;
}

/** An emptied ring starts at its front again and never wraps: a few bytes that stay in it make it wrap. */
function wrapping<R extends RecordRing>(ring: R): R {
  ring.write(new Uint8Array(7).fill(1));
  return ring;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

console.log(machineLine());
const results: BenchResult[] = [];
for (const recordBytes of [100, 1000, 10_000]) {
  const ways: Readonly<Record<string, () => RecordRing>> = {
    'new memory': () => new Plain(0),
    mirrorBytes: () => new Plain(recordBytes),
    'written twice': () => new WrittenTwice(recordBytes),
  };
  const times = new Map(Object.keys(ways).map((name): [string, number[]] => [name, []]));
  for (let turn = 0; turn < turns; turn += 1) for (const [name, create] of Object.entries(ways)) times.get(name)!.push(run(wrapping(create()), recordBytes));
  const first = median(times.get('new memory')!);
  times.delete('new memory');
  const rows = [...times].map(([name, ns]) => ({
    what: `records of ${recordBytes} bytes, ${name}`,
    value: median(ns),
    unit: 'ns',
    peer: { what: 'new memory', value: first },
    ratio: first / median(ns),
  }));
  print(rows);
  results.push(...rows);
}
record('byte-ring', results);
