import type { HeldAnswer } from '@midgard/game-kit';
import { AnswerIndex } from './answer-index.ts';
import type { Arena } from './arena.ts';

/** What an answer is found by: the bytes of a request that decide about it. */
export interface AnswerKey {
  /** Game number and operation code, as they stand in the header. */
  readonly target: number;
  /** What the bytes of the answer depend on besides: 0 to 255. */
  readonly form: number;
  /** The encoded input. */
  readonly input: Buffer;
}

/** The body of an answer, as it goes over the wire. */
export interface EncodedAnswer {
  /** The flags of its frame, without that of a checksum. */
  readonly flags: number;
  readonly body: Buffer;
}

/** Layout of a record: words of 32 bits, then the input, then the answer. */
const sizeAt = 0;
const hashAt = 1;
const targetAt = 2;
/** The form in the low byte, the length of the input above it. */
const inputAt = 3;
/** The flags in the low byte, the length of the body above it. */
const bodyAt = 4;
const cacheAt = 5;
const slotAt = 6;
const stampAt = 7;
/** A 64-bit number: epoch milliseconds. */
const untilAt = 8;
const headWords = 10;
const headBytes = 4 * headWords;

/** Larger ones are rare, and would crowd out hundreds of small ones. */
const maxBodyBytes = 12 * 1024;
const maxInputBytes = 512;
/** From here on the record is a 64-bit number's multiple, so that its times are aligned. */
const alignment = 8;

/**
 * Encoded answers to cached reads, by the bytes of the request, as long as the cache that they come from holds them.
 *
 * A ring of records: room is made by giving up the oldest, and what is still asked for comes back with the next request on the full way. Nothing
 * here is an object of its own, so a million answers are no work for the garbage collector, and a look-up touches three lines of the
 * processor's cache. Look-ups are O(1) and allocate nothing.
 */
export class AnswerStore {
  readonly #arena: Arena;
  readonly #capacity: number;
  readonly #index = new AnswerIndex();
  readonly #caches: HeldAnswer['cache'][] = [];
  /** Decides the order of hashes; not to be guessed, so that nobody can choose inputs that lie in a heap. */
  readonly #seed: number;
  /** Where the next record goes. */
  #head = 0;
  /** The first record of the lap before, behind the head, up to where that lap ended; 0: that lap is used up. */
  #oldest = 0;
  #lapEnd = 0;

  /**
   * @param arena whose first bytes are the store's
   * @param options.capacity bytes, a multiple of 8; 0: nothing is kept
   * @param options.seed any 32-bit number
   */
  constructor(arena: Arena, { capacity, seed }: { readonly capacity: number; readonly seed: number }) {
    this.#arena = arena;
    this.#capacity = capacity;
    this.#seed = seed;
  }

  /** Answers that can be found, those included whose time is over. */
  get size(): number {
    return this.#index.size;
  }

  /** The hash of what lies in these bytes from `start` to before `end`. O(bytes). */
  hash(target: number, form: number, bytes: Uint8Array, start: number, end: number): number {
    let hash = Math.imul(this.#seed ^ target, 0x9e3779b1) ^ (end - start) ^ (form << 24);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
      hash = Math.imul(hash ^ word, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    for (; at < end; at += 1) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash ^ (hash >>> 13);
  }

  /**
   * Where the record of a hash may stand; -1: nowhere. To be asked for all requests of a batch before the first of them is answered: so the
   * waits for memory lie beside each other, not one behind the other.
   */
  locate(hash: number): number {
    return this.#index.find(hash);
  }

  /** Brings a record near that is asked for soon. @returns something that depends on it, so that nothing is optimised away */
  touch(record: number): number {
    const { words } = this.#arena;
    const at = record >> 2;
    return (words[at] ?? 0) ^ (words[at + 16] ?? 0) ^ (words[at + 32] ?? 0) ^ (words[at + 48] ?? 0);
  }

  /** Whether a located record is the answer to this request, and may be given out now. */
  answers(record: number, target: number, form: number, bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const { words, numbers, bytes: stored } = this.#arena;
    const at = record >> 2;
    if (words[at + targetAt] !== (target | 0) || words[at + inputAt] !== (((end - start) << 8) | form)) return false;
    for (let from = record + headBytes, given = start; given < end; from += 1, given += 1) if (stored[from] !== bytes[given]) return false;
    return (
      now < (numbers[(at + untilAt) >> 1] ?? 0) && this.#caches[words[at + cacheAt] ?? 0]?.holds(words[at + slotAt] ?? 0, words[at + stampAt] ?? 0) === true
    );
  }

  /** Of a located record. */
  flagsOf(record: number): number {
    return (this.#arena.words[(record >> 2) + bodyAt] ?? 0) & 0xff;
  }

  bodyBytesOf(record: number): number {
    return (this.#arena.words[(record >> 2) + bodyAt] ?? 0) >>> 8;
  }

  /** Offset of its body in the arena. */
  bodyOf(record: number): number {
    return record + headBytes + ((this.#arena.words[(record >> 2) + inputAt] ?? 0) >>> 8);
  }

  /** Tells the cache that it comes from of answers that were given out; a record stands for the others. */
  noteUses(record: number, answers: number): void {
    const { words } = this.#arena;
    this.#caches[words[(record >> 2) + cacheAt] ?? 0]?.noteUses(words[(record >> 2) + slotAt] ?? 0, answers);
  }

  /** Keeps an answer, if it is not too large, as long as it is held; and no longer than until then, in epoch milliseconds. */
  keep({ target, form, input }: AnswerKey, { flags, body }: EncodedAnswer, { cache, grip }: HeldAnswer, until: number): void {
    const size = Math.ceil((headBytes + input.length + body.length) / alignment) * alignment;
    if (input.length > maxInputBytes || body.length > maxBodyBytes || size > this.#capacity) return;
    const record = this.#makeRoom(size);
    const { words, numbers, bytes } = this.#arena;
    const hash = this.hash(target, form, input, 0, input.length);
    const at = record >> 2;
    words[at + sizeAt] = size;
    words[at + hashAt] = hash;
    words[at + targetAt] = target;
    words[at + inputAt] = (input.length << 8) | form;
    words[at + bodyAt] = (body.length << 8) | flags;
    words[at + cacheAt] = this.#numberOf(cache);
    words[at + slotAt] = grip.ticket.slot;
    words[at + stampAt] = grip.ticket.stamp;
    numbers[(at + untilAt) >> 1] = until;
    bytes.set(input, record + headBytes);
    bytes.set(body, record + headBytes + input.length);
    this.#index.set(hash, record);
  }

  /** Forgets all answers and the caches that they came from. */
  clear(): void {
    this.#index.clear();
    this.#caches.length = 0;
    this.#head = this.#oldest = this.#lapEnd = 0;
  }

  #numberOf(cache: HeldAnswer['cache']): number {
    const known = this.#caches.indexOf(cache);
    return known === -1 ? this.#caches.push(cache) - 1 : known;
  }

  /** @returns where a record of this size may be written; the oldest ones that lay there are given up */
  #makeRoom(size: number): number {
    if (this.#head + size > this.#capacity) {
      this.#giveUpTo(this.#lapEnd);
      this.#lapEnd = this.#head;
      this.#head = 0;
      this.#oldest = 0;
    }
    this.#giveUpTo(this.#head + size);
    const record = this.#head;
    this.#head += size;
    return record;
  }

  /** Gives up the records of the lap before that begin before this offset. */
  #giveUpTo(offset: number): void {
    const { words } = this.#arena;
    while (this.#oldest < this.#lapEnd && this.#oldest < offset) {
      this.#index.delete(words[(this.#oldest >> 2) + hashAt] ?? 0, this.#oldest);
      this.#oldest += words[(this.#oldest >> 2) + sizeAt] ?? 0;
    }
  }
}
