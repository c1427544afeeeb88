import type { KeyHash } from './key-hash.ts';

/** Positions are drawn from 32 bits, so a table has no use for more. 512 MiB. */
export const maxBits: number = 2 ** 32;

/**
 * Keys of which both hashes fall together share all their positions; of the absent keys some 4n/m² meet another so, which counts where
 * a table is small and its rate strict. m² = 40n/p keeps it under a tenth of the rate.
 */
const pairFactor = 40;

/** How many bits a table needs for so many keys at such a rate, a multiple of 32. */
export function bitsFor(capacity: number, falsePositiveRate: number): number {
  const bits = Math.max(capacity * bitsPerKey(falsePositiveRate), Math.sqrt((pairFactor * capacity) / falsePositiveRate));
  return Math.ceil(bits / 32) * 32;
}

/** The most keys of which {@link bitsFor} does not go above {@link maxBits}. */
export function maxCapacity(falsePositiveRate: number): number {
  return Math.floor(Math.min(maxBits / bitsPerKey(falsePositiveRate), (maxBits ** 2 * falsePositiveRate) / pairFactor));
}

/** The usual (1 - e^(-kn/m))^k = p solved for m/n with k as it will be, a whole number: with the ideal k the rate would be missed by some. */
function bitsPerKey(falsePositiveRate: number): number {
  const probes = probesFor(falsePositiveRate);
  return -probes / Math.log1p(-(falsePositiveRate ** (1 / probes)));
}

function probesFor(falsePositiveRate: number): number {
  return Math.max(1, Math.round(-Math.log2(falsePositiveRate)));
}

/**
 * The bits of a classic Bloom filter (Bloom 1970): of fixed size, and of the rate that it was made for until it holds `capacity` keys.
 *
 * Positions come from two hashes by enhanced double hashing (Kirsch & Mitzenmacher, "Less Hashing, Same Performance", ESA 2006;
 * Dillinger & Manolios, "Bloom Filters in Probabilistic Verification", FMCAD 2004).
 * Not blocked: a blocked one would touch one cache line where this touches two for an absent key, but takes a tenth to a quarter more
 * memory for the same rate, and what is asked here stands before a load from a database.
 */
export class BitTable {
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #probes: number;
  /** Turns 32 bits into a position by a multiplication, where a modulo would be ten times dearer. */
  readonly #scale: number;

  constructor(capacity: number, falsePositiveRate: number) {
    const bits = bitsFor(capacity, falsePositiveRate);
    this.capacity = capacity;
    this.#words = new Int32Array(bits / 32);
    this.#probes = probesFor(falsePositiveRate);
    this.#scale = bits / 2 ** 32;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  add({ low, high }: KeyHash): void {
    let position = low;
    let stride = high;
    for (let probe = 1; probe <= this.#probes; probe += 1) {
      const bit = ((position >>> 0) * this.#scale) >>> 0;
      this.#words[bit >>> 5] = (this.#words[bit >>> 5] ?? 0) | (1 << (bit & 31));
      position = (position + stride) | 0;
      stride = (stride + probe) | 0;
    }
  }

  has({ low, high }: KeyHash): boolean {
    let position = low;
    let stride = high;
    for (let probe = 1; probe <= this.#probes; probe += 1) {
      const bit = ((position >>> 0) * this.#scale) >>> 0;
      if (((this.#words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      position = (position + stride) | 0;
      stride = (stride + probe) | 0;
    }
    return true;
  }
}
