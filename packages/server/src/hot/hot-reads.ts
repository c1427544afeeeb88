import { checksumBytes, type Encoding, encodeFrame, Flag, headerBytes, highestPriority, isSealed, Kind, protocolVersion, sealChecksum } from '@midgard/codec';
import type { HeldAnswer } from '@midgard/game-kit';
import type { Clock } from '../clock.ts';
import type { AnsweredReads, ServerMetrics } from '../metrics.ts';
import { compressAboveBytes } from '../tcp/outbox.ts';
import type { Timers } from '../tcp/timers.ts';
import type { AnswerStore } from './answer-store.ts';
import type { Arena } from './arena.ts';
import { encodingNumber, formOf, type HotCaller, type HotTerms } from './hot-caller.ts';
import type { HotOperation, HotRules } from './hot-rules.ts';
import { renewAt } from './renewal.ts';

/** What {@link HotReads} is made of. */
export interface HotReadsParts {
  readonly arena: Arena;
  readonly store: AnswerStore;
  readonly rules: HotRules;
  readonly clock: Clock;
  readonly timers: Pick<Timers, 'now'>;
  readonly metrics: ServerMetrics;
}

/** A request that was answered on the full way, out of a cache. */
export interface KeptRequest {
  readonly game: number;
  readonly operation: number;
  readonly encoding: Encoding;
  /** Its encoded input, in memory of its own. */
  readonly input: Buffer;
  readonly terms: HotTerms;
}

/** The second word of a response's header, but for its flags. */
const responseWord = (protocolVersion << 24) | (Kind.response << 16);
/** More are told of by and by. */
const maxAnswersTold = 1024;
/** Requests whose answers are looked up beside each other. */
const batchSize = 64;
/** All flags but those that a request may have here: a checksum, and its encoding. */
const strangeFlags = 0xff & ~(Flag.checksum | 0x30);

/**
 * The hot way over TCP: answers cached reads out of the bytes of their requests, by copying what was sent to others who asked the same.
 *
 * For a request that lies whole in a chunk it decodes nothing, waits for nothing and makes no object; what it cannot answer it hands to the full
 * way, in its turn. The requests of a chunk go through three loops, since memory that is asked for side by side comes in half the time.
 */
export class HotReads {
  readonly #arena: Arena;
  readonly #store: AnswerStore;
  readonly #rules: HotRules;
  readonly #clock: Clock;
  readonly #timers: Pick<Timers, 'now'>;
  readonly #metrics: ServerMetrics;
  readonly #starts = new Int32Array(batchSize + 1);
  readonly #targets = new Int32Array(batchSize);
  readonly #hashes = new Int32Array(batchSize);
  readonly #records = new Int32Array(batchSize);
  readonly #requestIds = new Uint32Array(maxAnswersTold);
  #routesVersion: number;
  /** Answers to one operation that nobody was told of yet. */
  #operation: HotOperation | null = null;
  #answers = 0;
  #served = 0;
  /** Of the chunk that is being served. */
  #now = 0;
  #startedAt = 0;
  #rulesVersion = 0;
  #lastRecord = -1;

  constructor({ arena, store, rules, clock, timers, metrics }: HotReadsParts) {
    this.#arena = arena;
    this.#store = store;
    this.#rules = rules;
    this.#clock = clock;
    this.#timers = timers;
    this.#metrics = metrics;
    this.#routesVersion = rules.routesVersion;
  }

  /**
   * Answers what it can of the frames in a chunk into the caller's outbox, and hands the others to the caller's full way, in their order.
   *
   * @param chunk where they lie
   * @param from offset of the first frame
   * @param end offset behind its last byte
   * @param startedAt when the chunk was taken up, by the timers
   * @returns offset of what is left for the decoder: a frame that is not whole or not right, or nothing
   */
  serve(chunk: Buffer, [from, end]: readonly [from: number, end: number], caller: HotCaller, startedAt: number): number {
    this.#served = 0;
    this.#forgetOldGames();
    if (!this.#rules.admits(caller.session)) return from;
    this.#now = this.#clock.now();
    this.#startedAt = startedAt;
    this.#rulesVersion = this.#rules.version;
    let at = from;
    for (;;) {
      const count = this.#gather(chunk, at, end, caller);
      const isReading = count > 0 ? this.#answerAll(chunk, count, caller) : this.#handOver(chunk, at, end, caller);
      if (isReading === null) return at;
      if (!isReading) return end;
      at = this.#starts[count] ?? end;
    }
  }

  /** Requests that the last call of {@link serve} answered. */
  get served(): number {
    return this.#served;
  }

  /**
   * Tells of what was answered; to be called once the answers are on their way.
   *
   * @param seconds since their requests were taken up
   */
  finish({ session }: HotCaller, seconds: number): void {
    const operation = this.#operation;
    if (operation === null) return;
    const reads: AnsweredReads = {
      transport: 'tcp',
      game: operation.route.id,
      operation: operation.operation.name,
      subject: session.principal.subject,
      address: session.address,
      count: this.#answers,
      requestIds: this.#requestIds,
      seconds,
    };
    this.#operation = null;
    this.#answers = 0;
    this.#store.noteUses(this.#lastRecord, reads.count);
    this.#metrics.readsAnswered(reads);
  }

  /** Whether the answers to requests of this operation are worth keeping. */
  wants(game: number, operation: number): boolean {
    return this.#rules.operation(((game << 16) | operation) >>> 0) !== null;
  }

  /**
   * Keeps an answer for those who ask the same.
   *
   * @param payload of the answer, as it was encoded for this request
   * @param held where the game's cache holds what it was made from
   */
  keep({ game, operation, encoding, input, terms }: KeptRequest, payload: Buffer, held: HeldAnswer): void {
    const { compression, maxFrameBytes } = terms;
    // Sealed as the full way seals it, but for the checksum, which covers the request's id.
    const frame = encodeFrame({ kind: Kind.response }, payload, { encoding, compression, maxFrameBytes, compressAboveBytes });
    const key = { target: ((game << 16) | operation) >>> 0, form: formOf(terms, encoding), input };
    this.#store.keep(key, { flags: frame[6] ?? 0, body: frame.subarray(headerBytes) }, held, renewAt(held, this.#clock.now()));
  }

  #forgetOldGames(): void {
    if (this.#rules.routesVersion === this.#routesVersion) return;
    this.#routesVersion = this.#rules.routesVersion;
    this.#store.clear();
  }

  /** Finds the requests from here on that could be answered at once, and their hashes. @returns how many */
  #gather(chunk: Buffer, from: number, end: number, caller: HotCaller): number {
    const { hasChecksum, encodings, form, maxFrameBytes } = caller.terms;
    const tail = hasChecksum ? checksumBytes : 0;
    const starts = this.#starts;
    let at = from;
    let count = 0;
    while (count < batchSize && end - at >= headerBytes) {
      const size = wordAt(chunk, at) + 4;
      if (size < headerBytes + tail || size > maxFrameBytes || size > end - at) break;
      const flags = chunk[at + 6] ?? 0;
      if (chunk[at + 4] !== protocolVersion || chunk[at + 5] !== Kind.request || (chunk[at + 7] ?? 0) > highestPriority) break;
      if ((flags & strangeFlags) !== 0 || ((flags & Flag.checksum) !== 0) !== hasChecksum || ((encodings >> encodingNumber(flags)) & 1) === 0) break;
      const target = wordAt(chunk, at + 12);
      if (!this.#mayAsk(target, caller)) break;
      this.#hashes[count] = this.#store.hash(target, form | encodingNumber(flags), chunk, at + headerBytes, at + size - tail);
      starts[count] = at;
      this.#targets[count] = target;
      count += 1;
      at += size;
    }
    starts[count] = at;
    return count;
  }

  /** Callers ask for one thing again and again, so what is known of the last one decides nearly always. */
  #mayAsk(target: number, caller: HotCaller): boolean {
    if (caller.allowed?.target === target && caller.allowedBy === this.#rulesVersion) return true;
    const operation = this.#rules.operation(target);
    if (operation === null || !this.#rules.allows(caller.session, operation)) return false;
    caller.allowed = operation;
    caller.allowedBy = this.#rulesVersion;
    return true;
  }

  /** Answers gathered requests, or hands them over. @returns whether the connection is still read */
  #answerAll(chunk: Buffer, count: number, caller: HotCaller): boolean {
    const records = this.#records;
    const starts = this.#starts;
    for (let i = 0; i < count; i += 1) records[i] = this.#store.locate(this.#hashes[i] ?? 0);
    // The hashes have done their work, so what is read here has somewhere to go.
    if (count > 1) for (let i = 0; i < count; i += 1) this.#hashes[i] = this.#store.touch(records[i] ?? 0);
    for (let i = 0; i < count; i += 1) {
      const start = starts[i] ?? 0;
      const end = starts[i + 1] ?? 0;
      const target = (this.#targets[i] ?? 0) >>> 0;
      const record = records[i] ?? -1;
      if (record === -1 || !this.#mayAnswer(record, target, chunk, start, end, caller)) {
        if (!caller.takeFrames(chunk, start, end)) return false;
        continue;
      }
      const requestId = wordAt(chunk, start + 8);
      this.#write(record, target, requestId, caller);
      if (this.#operation?.target !== target || this.#answers === maxAnswersTold) this.#begin(target, caller);
      this.#requestIds[this.#answers] = requestId;
      this.#answers += 1;
      this.#served += 1;
      this.#lastRecord = record;
    }
    return true;
  }

  #mayAnswer(record: number, target: number, chunk: Buffer, start: number, end: number, caller: HotCaller): boolean {
    const { terms, session, isFull } = caller;
    if (isFull || (terms.hasChecksum && !isSealed(chunk, start, end))) return false;
    const form = terms.form | encodingNumber(chunk[start + 6] ?? 0);
    const inputEnd = terms.hasChecksum ? end - checksumBytes : end;
    if (!this.#store.answers(record, target, form, chunk, start + headerBytes, inputEnd, this.#now)) return false;
    // The full way refuses what is over the limit, in its own words.
    return !this.#rules.follows() && (session.budget === undefined || session.takeRate().allowed);
  }

  #begin(target: number, caller: HotCaller): void {
    this.finish(caller, (this.#timers.now() - this.#startedAt) / 1000);
    this.#operation = this.#rules.operation(target);
  }

  /** Lays out an answer behind those that wait in the caller's outbox. */
  #write(record: number, target: number, requestId: number, { outbox, terms }: HotCaller): void {
    const bodyBytes = this.#store.bodyBytesOf(record);
    const bytes = headerBytes + bodyBytes + (terms.hasChecksum ? checksumBytes : 0);
    const { base, bytes: out } = outbox.room(bytes);
    const flags = this.#store.flagsOf(record) | (terms.hasChecksum ? Flag.checksum : 0);
    if (base === -1) this.#writeApart(record, out, outbox.used, { bytes, flags, requestId, target });
    else {
      const at = base + outbox.used;
      const { view, bytes: arena } = this.#arena;
      view.setUint32(at, bytes - 4);
      view.setUint32(at + 4, responseWord | (flags << 8));
      view.setUint32(at + 8, requestId);
      view.setUint32(at + 12, target);
      const body = this.#store.bodyOf(record);
      arena.copyWithin(at + headerBytes, body, body + bodyBytes);
      if (terms.hasChecksum) sealChecksum(arena, at, at + bytes);
    }
    outbox.addWritten(bytes);
  }

  /** As {@link #write} into a buffer that is none of the arena's: all of those are with slow readers. */
  #writeApart(
    record: number,
    out: Buffer,
    at: number,
    { bytes, flags, requestId, target }: Readonly<Record<'bytes' | 'flags' | 'requestId' | 'target', number>>,
  ): void {
    out.writeUInt32BE(bytes - 4, at);
    out.writeUInt32BE(responseWord | (flags << 8), at + 4);
    out.writeUInt32BE(requestId, at + 8);
    out.writeUInt32BE(target, at + 12);
    const body = this.#store.bodyOf(record);
    this.#arena.bytes.copy(out, at + headerBytes, body, body + this.#store.bodyBytesOf(record));
    if ((flags & Flag.checksum) !== 0) sealChecksum(out, at, at + bytes);
  }

  /**
   * Hands over a frame that is none of the hot way's.
   *
   * @returns whether the connection is still read; null where there is no whole frame
   */
  #handOver(chunk: Buffer, at: number, end: number, caller: HotCaller): boolean | null {
    if (end - at < headerBytes) return null;
    const size = wordAt(chunk, at) + 4;
    if (size < headerBytes || size > caller.terms.maxFrameBytes || size > end - at) return null;
    this.#starts[0] = at + size;
    return caller.takeFrames(chunk, at, at + size);
  }
}

/** A 32-bit number in network byte order; by shifts, since `readUInt32BE` checks its range each time. */
function wordAt(bytes: Buffer, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}
