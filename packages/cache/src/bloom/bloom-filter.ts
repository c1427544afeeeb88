import { CacheError } from '../errors.ts';
import { BitTable, bitsFor, maxBits, maxCapacity } from './bit-table.ts';
import { type BloomKey, KeyHash } from './key-hash.ts';

/** Set-up of {@link BloomFilter}. */
export interface BloomFilterOptions {
  /** Keys that it is made for, at least 1; more make it grow, which costs more memory than having said so. */
  readonly expectedKeys: number;
  /** Of the keys that were never added, which part `mightHave` lets pass at most; between 0 and 1, both excluded. Default 0.01. */
  readonly falsePositiveRate?: number;
  /** Past so many keys it gives up: it frees its memory and lets everything pass. Default 16 × `expectedKeys`, or what 512 MiB hold if that is less. */
  readonly maxKeys?: number;
  /** 0 (included) to 1 (excluded), for the seed of the hash; default `Math.random`. */
  readonly random?: () => number;
}

/** Of the rate that was asked for, what the first table may use up; a table after it may use up a fifth of the one before. Together: all of it. */
const firstShare = 0.8;
const nextShare = 1 - firstShare;
/** How much larger each table is than the one before. */
const growth = 2;

/**
 * Knows of a key either that it was never added, or that it may have been: a set in about ten bits a key.
 *
 * It never says no to a key that was added. Of the others it lets `falsePositiveRate` pass, also when it holds more keys than
 * expected: then it grows by further tables of twice the size and a fifth of the rate (Almeida, Baquero, Preguiça, Hutchison, "Scalable
 * Bloom Filters", 2007), up to `maxKeys`. Beyond that it is saturated: safe and useless, since it says yes to everything.
 *
 * Keys cannot be taken out. Counting filters could, for four times the memory, and would say no to a present key after one delete
 * too many; here one fills a new filter instead, as {@link KnownKeys} does.
 *
 * `add` and `mightHave` are O(key length + tables), allocate nothing but a further table, and a filter of `expectedKeys` has one table.
 *
 * @example
 * ```ts
 * import { BloomFilter } from '@midgard/cache';
 *
 * const names = new BloomFilter({ expectedKeys: 1_000_000, falsePositiveRate: 0.01 });
 * names.add('Mira');
 * names.mightHave('Mira'); // true, always
 * names.mightHave('Nobody'); // false, or true once in a hundred
 * ```
 */
export class BloomFilter {
  /** Past so many keys it is saturated. */
  readonly maxKeys: number;
  readonly #hash: KeyHash;
  readonly #falsePositiveRate: number;
  #tables: BitTable[];
  #isSaturated = false;
  #size = 0;
  /** Keys that still fit into the last table. */
  #room: number;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a number out of range, or 512 MiB would not hold `expectedKeys` */
  constructor({ expectedKeys, falsePositiveRate = 0.01, maxKeys, random = Math.random }: BloomFilterOptions) {
    requireRate(falsePositiveRate);
    const mostKeys = maxCapacity(falsePositiveRate * firstShare);
    requireKeys('expectedKeys', expectedKeys, 1, mostKeys);
    this.maxKeys = maxKeys ?? Math.min(expectedKeys * 16, mostKeys);
    requireKeys('maxKeys', this.maxKeys, expectedKeys, mostKeys);
    this.#hash = new KeyHash(random);
    this.#falsePositiveRate = falsePositiveRate;
    this.#tables = [new BitTable(expectedKeys, falsePositiveRate * firstShare)];
    this.#room = expectedKeys;
  }

  /** Different keys that it holds; too few by up to the false positive rate. Stays as it was once it is saturated. */
  get size(): number {
    return this.#size;
  }

  /** What its tables take. */
  get bytes(): number {
    return this.#tables.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether it held more than `maxKeys`, or more than can be kept: from then on everything passes. */
  get isSaturated(): boolean {
    return this.#isSaturated;
  }

  /**
   * From now on {@link mightHave} says yes to this key.
   *
   * @returns false if it did so before
   */
  add(key: BloomKey): boolean {
    this.#hash.digest(key);
    // What passes already needs no bits; so a key that is added again and again fills nothing.
    if (this.#passes()) return false;
    if (this.#room === 0 && !this.#grow()) return true;
    this.#tables.at(-1)?.add(this.#hash);
    this.#size += 1;
    this.#room -= 1;
    return true;
  }

  /** Whether the key may have been added. False is certain. */
  mightHave(key: BloomKey): boolean {
    this.#hash.digest(key);
    return this.#passes();
  }

  #passes(): boolean {
    for (const table of this.#tables) if (table.has(this.#hash)) return true;
    return this.#isSaturated;
  }

  #grow(): boolean {
    const last = this.#tables.at(-1)?.capacity ?? 0;
    const capacity = Math.min(last * growth, this.maxKeys - this.#size);
    const rate = this.#falsePositiveRate * firstShare * nextShare ** this.#tables.length;
    if (capacity <= 0 || bitsFor(capacity, rate) > maxBits) {
      this.#isSaturated = true;
      this.#tables = [];
      return false;
    }
    this.#tables.push(new BitTable(capacity, rate));
    this.#room = capacity;
    return true;
  }
}

function requireRate(falsePositiveRate: number): void {
  if (falsePositiveRate > 0 && falsePositiveRate < 1) return;
  throw new CacheError('ERR_CACHE_OPTIONS', `falsePositiveRate: above 0 and below 1 was expected, not ${falsePositiveRate}`);
}

function requireKeys(name: string, keys: number, least: number, most: number): void {
  if (Number.isSafeInteger(keys) && keys >= least && keys <= most) return;
  throw new CacheError('ERR_CACHE_OPTIONS', `${name}: a whole number from ${least} to ${most} was expected, not ${keys}`);
}
