import { KeySketch } from './key-sketch.ts';
import { firstSlot } from './policy.ts';
import { grown, SlotLists } from './slot-lists.ts';

// The lists.
const window = 1;
const probation = 2;
const guarded = 3;

// What a byte says of an entry: its uses, and four marks.
const usesBits = 15;
/** Used since it was last looked at; only in the main part, where a use writes this mark and moves nothing. */
const touchedBit = 16;
const windowBit = 32;
const guardedBit = 64;
/** The owner's; {@link WindowTinyLfu.hit} gives it back. */
export const sampledBit = 128;
const agedUses = 0x0707_0707;
const allMarks = 0xf0f0_f0f0 | 0;

/** The share of the main part that a second use guards (Caffeine's). */
const guardedShare = 0.8;
/** Uses by which a newcomer must exceed the one it would displace: one is that of its coming, which the other had, too, in its turn. */
const lead = 1;
/** Counts are halved after this many uses an entry (Caffeine's). */
const usesPerAge = 10;
/** Entries that an addition moves out of a window that was made smaller, so that no single one pays for all. */
const settledPerAdd = 8;

/**
 * A small window in order of use, and a main part that an entry from the window enters only if it was used more often than the
 * one that would have to go. A scan and a loop longer than the cache pass through the window and leave the main part alone.
 *
 * W-TinyLFU of Einziger, Friedman, Manes, "TinyLFU: A highly efficient cache admission policy" (ACM ToS 2017), with two
 * differences for the sake of time. In the main part a use sets a bit, and its segments look at it when something must go, as
 * CLOCK does, in place of moving links. And present entries count their own uses, so that the sketch is asked for those only
 * that come, and told of those that leave.
 */
export class WindowTinyLfu {
  readonly #lists = new SlotLists();
  readonly #sketch = new KeySketch();
  readonly #settle: (slot: number) => void;
  #states = new Uint8Array(firstSlot);
  #hashes = new Int32Array(firstSlot);
  #inWindow = 0;
  #onProbation = 0;
  #guarded = 0;
  #usesSinceAge = 0;
  /** 0 (included: still one entry) to 1 (all: least recently used goes first). */
  windowShare: number;

  /** @param settle called for each slot that comes from the window into the main part */
  constructor(windowShare: number, settle: (slot: number) => void) {
    this.windowShare = windowShare;
    this.#settle = settle;
  }

  get size(): number {
    return this.#inWindow + this.#onProbation + this.#guarded;
  }

  /** Slots below `capacity` may come from now on. */
  reserve(capacity: number): void {
    this.#lists.reserve(capacity);
    this.#states = grown(this.#states, Math.ceil(capacity / 4) * 4);
    this.#hashes = grown(this.#hashes, capacity);
    this.#sketch.reserve(capacity - firstSlot, () => this.#settledHashes());
  }

  /** @param mark 0 or {@link sampledBit} */
  add(slot: number, hash: number, mark: number = 0): void {
    if (this.#usesSinceAge >= usesPerAge * this.size) this.#age();
    this.#usesSinceAge += 1;
    this.#hashes[slot] = hash;
    this.#states[slot] = Math.min(usesBits, this.#sketch.usesOf(hash) + 1) | windowBit | mark;
    this.#lists.pushFront(window, slot);
    this.#inWindow += 1;
    const most = this.#windowLimit();
    for (let i = 0; i < settledPerAdd && this.#inWindow > most; i += 1) this.#admit(this.#lists.last(window));
  }

  /** False: no entry of the main part has this hash. */
  mayBeSettled(hash: number): boolean {
    return this.#sketch.mayBeResident(hash);
  }

  /** An entry was used. @returns its state; {@link sampledBit} is in it if it was in the mark */
  hit(slot: number): number {
    const state = this.#states[slot] ?? 0;
    const used = (state & usesBits) === usesBits ? state : state + 1;
    this.#usesSinceAge += 1;
    if ((state & windowBit) === 0) {
      this.#states[slot] = used | touchedBit;
      return state;
    }
    this.#states[slot] = used;
    this.#lists.moveToFront(window, slot);
    return state;
  }

  /** Whether the entry was added with {@link sampledBit}. */
  isSampled(slot: number): boolean {
    return ((this.#states[slot] ?? 0) & sampledBit) !== 0;
  }

  /** The hash that the entry was added with. */
  hashOf(slot: number): number {
    return this.#hashes[slot] ?? 0;
  }

  remove(slot: number): void {
    const state = this.#states[slot] ?? 0;
    const hash = this.#hashes[slot] ?? 0;
    this.#lists.remove(slot);
    this.#sketch.remember(hash, state & usesBits);
    if ((state & windowBit) !== 0) {
      this.#inWindow -= 1;
      return;
    }
    this.#sketch.removeResident(hash);
    if ((state & guardedBit) !== 0) this.#guarded -= 1;
    else this.#onProbation -= 1;
  }

  /** Gives up the lesser of the window's and the main part's oldest, to make room for one that will come into the window; 0: empty. */
  evict(): number {
    const oldest = this.#victim();
    let leaver = oldest;
    if (oldest === 0 || this.#inWindow >= this.#windowLimit()) {
      const newcomer = this.#lists.last(window);
      if (oldest === 0 || (newcomer !== 0 && !this.#excels(newcomer, oldest))) leaver = newcomer;
      else if (newcomer !== 0) this.#admit(newcomer);
    }
    if (leaver !== 0) this.remove(leaver);
    return leaver;
  }

  /** By uses, most first. */
  hottest(): number[] {
    const byUses: number[][] = Array.from({ length: usesBits + 1 }, () => []);
    for (const list of [guarded, probation, window]) {
      for (const slot of this.#lists.slots(list)) byUses[usesBits - ((this.#states[slot] ?? 0) & usesBits)]?.push(slot);
    }
    return byUses.flat();
  }

  clear(): void {
    this.#lists.clear();
    this.#sketch.clear();
    this.#inWindow = this.#onProbation = this.#guarded = this.#usesSinceAge = 0;
  }

  *#settledHashes(): Generator<number> {
    for (const list of [guarded, probation]) {
      for (const slot of this.#lists.slots(list)) yield this.#hashes[slot] ?? 0;
    }
  }

  #windowLimit(): number {
    return Math.max(1, Math.round(this.size * this.windowShare));
  }

  #excels(newcomer: number, oldest: number): boolean {
    return ((this.#states[newcomer] ?? 0) & usesBits) > ((this.#states[oldest] ?? 0) & usesBits) + lead;
  }

  /** From the window to the main part. */
  #admit(slot: number): void {
    this.#lists.remove(slot);
    this.#inWindow -= 1;
    this.#states[slot] = (this.#states[slot] ?? 0) & ~windowBit;
    this.#lists.pushFront(probation, slot);
    this.#onProbation += 1;
    this.#sketch.addResident(this.#hashes[slot] ?? 0);
    this.#settle(slot);
  }

  /** The oldest of the main part that was not used since it was looked at last; used ones on the way move up. 0: it is empty. */
  #victim(): number {
    for (;;) {
      const oldest = this.#lists.last(probation);
      if (oldest === 0) {
        if (this.#guarded === 0) return 0;
        this.#relegate();
        continue;
      }
      const state = this.#states[oldest] ?? 0;
      if ((state & touchedBit) === 0) return oldest;
      this.#lists.remove(oldest);
      this.#onProbation -= 1;
      this.#states[oldest] = (state & ~touchedBit) | guardedBit;
      this.#lists.pushFront(guarded, oldest);
      this.#guarded += 1;
      while (this.#guarded > (this.size - this.#windowLimit()) * guardedShare) this.#relegate();
    }
  }

  /** Looks at the oldest of the guarded: back to the front if it was used, else to probation. */
  #relegate(): void {
    const oldest = this.#lists.last(guarded);
    const state = this.#states[oldest] ?? 0;
    this.#lists.remove(oldest);
    if ((state & touchedBit) !== 0) {
      this.#states[oldest] = state & ~touchedBit;
      this.#lists.pushFront(guarded, oldest);
      return;
    }
    this.#states[oldest] = state & ~guardedBit;
    this.#lists.pushFront(probation, oldest);
    this.#guarded -= 1;
    this.#onProbation += 1;
  }

  /** O(n), once in {@link usesPerAge} × n uses; four entries at a step. */
  #age(): void {
    this.#usesSinceAge >>= 1;
    const words = new Int32Array(this.#states.buffer);
    for (let i = 0; i < words.length; i += 1) {
      const word = words[i] ?? 0;
      words[i] = (word & allMarks) | ((word >>> 1) & agedUses);
    }
    this.#sketch.age();
  }
}
