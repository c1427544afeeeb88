import { firstSlot, type CacheKey } from './policies/policy.ts';
import { grown } from './policies/slot-lists.ts';

const firstCapacity = 64;

/**
 * What is held of each entry, by slot: key, value, and, once an entry has them, the end of its time and its weight. In columns
 * and not in objects, so that a read touches the value's line only, and most entries cost no more than two pointers here.
 */
export class EntrySlots<K extends CacheKey, V> {
  readonly keys: (K | undefined)[] = [];
  readonly values: (V | undefined)[] = [];
  /** Epoch milliseconds, `Infinity` for an entry without an end, of no meaning for a free slot; undefined: nothing here ends. */
  endsAtMs: Float64Array | undefined = undefined;
  /** Undefined: nothing here has a weight. */
  weights: Float64Array | undefined = undefined;
  readonly #free: number[] = [];
  /** How often what stood in a slot left it or was replaced; undefined: nobody has asked. */
  #stamps: Int32Array | undefined = undefined;
  /** Added to all stamps: one step of it makes every one of them anew. */
  #era = 0;
  #capacity = 0;
  readonly #reserve: (capacity: number) => void;

  /** @param reserve told before a slot is given out that no one has had room for */
  constructor(reserve: (capacity: number) => void) {
    this.#reserve = reserve;
    this.clear();
  }

  /** One past the last slot that was ever given out. */
  get end(): number {
    return this.keys.length;
  }

  /** @param most entries that there can be; no more room is made than for these */
  take(key: K, value: V, most: number): number {
    const slot = this.#free.pop() ?? this.#newSlot(most);
    this.keys[slot] = key;
    this.values[slot] = value;
    return slot;
  }

  /** Empties a slot for another entry. */
  release(slot: number): void {
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.#free.push(slot);
    this.#restamp(slot);
  }

  /** Puts another value in the place of an entry's. */
  replace(slot: number, value: V): void {
    this.values[slot] = value;
    this.#restamp(slot);
  }

  /** A number that only rises, and does with every entry and every value that comes to stand there. */
  stampOf(slot: number): number {
    this.#stamps ??= new Int32Array(this.#capacity);
    return (this.#stamps[slot] ?? 0) + this.#era;
  }

  /** Makes every stamp anew. O(1). */
  restampAll(): void {
    this.#era += 1;
  }

  endOf(slot: number): number {
    return this.endsAtMs === undefined ? Infinity : (this.endsAtMs[slot] ?? Infinity);
  }

  setEnd(slot: number, endsAtMs: number): void {
    if (this.endsAtMs === undefined && endsAtMs !== Infinity) this.endsAtMs = new Float64Array(this.#capacity).fill(Infinity);
    if (this.endsAtMs !== undefined) this.endsAtMs[slot] = endsAtMs;
  }

  weightOf(slot: number): number {
    return this.weights === undefined ? 0 : (this.weights[slot] ?? 0);
  }

  setWeight(slot: number, weight: number): void {
    if (this.weights === undefined && weight !== 0) this.weights = new Float64Array(this.#capacity);
    if (this.weights !== undefined) this.weights[slot] = weight;
  }

  clear(): void {
    this.restampAll();
    this.keys.length = this.values.length = this.#free.length = 0;
    for (let slot = 0; slot < firstSlot; slot += 1) {
      this.keys.push(undefined);
      this.values.push(undefined);
    }
  }

  #restamp(slot: number): void {
    if (this.#stamps !== undefined) this.#stamps[slot] = (this.#stamps[slot] ?? 0) + 1;
  }

  #newSlot(most: number): number {
    const slot = this.keys.length;
    if (slot >= this.#capacity) this.#grow(Math.max(slot + 1, Math.min(Math.max(firstCapacity, this.#capacity * 2), most + firstSlot)));
    return slot;
  }

  #grow(capacity: number): void {
    this.#reserve(capacity);
    if (this.endsAtMs !== undefined) this.endsAtMs = grown(this.endsAtMs, capacity);
    if (this.weights !== undefined) this.weights = grown(this.weights, capacity);
    if (this.#stamps !== undefined) this.#stamps = grown(this.#stamps, capacity);
    this.#capacity = capacity;
  }
}
