import { RingBufferError } from '../errors.ts';
import { advanced, laneState, lendingOf, positionMask, positionOf, released, stateOf, withState } from './lane-tail.ts';
import { laneWord, recordHeaderBytes, ringWord, skipToFront, unitBytes, type LanePlace, type Layout } from './layout.ts';
import { wake, type ThreadWaits } from './thread-waits.ts';
import { WaitingPushes } from './waiting-pushes.ts';

/** Set-up of {@link RingProducer}. */
export interface RingProducerOptions {
  /** How long `push` and `pushBlocking` wait for room, in milliseconds; default Infinity. */
  readonly pushTimeoutMs?: number;
  /** Most pushes that wait at a time, at least 1; default 1024. */
  readonly maxWaitingPushes?: number;
}

/** Writes a message into `bytes` from `start` to before `end`, every byte of it: the memory holds what lay there before. */
export type MessageWriter = (bytes: Uint8Array<SharedArrayBuffer>, start: number, end: number) => void;

/**
 * One thread's way into a {@link SharedRing}. It writes into a lane of its own, so producers never wait for each other.
 *
 * `tryPush` is O(bytes) and allocates nothing.
 */
export class RingProducer {
  /** For {@link SharedRing.abandon}. */
  readonly id: number;
  /** Most bytes of one message: half of the lane, less four. With more there would be places where even an empty lane has no room. */
  readonly maxMessageBytes: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #laneUnits: number;
  readonly #firstUnit: number;
  readonly #tailWord: number;
  readonly #headWord: number;
  readonly #waiting: WaitingPushes;
  /** The tail word as this producer left it: nobody else moves it while the lane is lent. */
  #tail: number;
  /** The head when last looked up: the consumer only moves it on, so at least that much room is there. */
  #head: number;
  #isWriting = false;
  #isGone = false;

  /** @internal use {@link SharedRing.producer} */
  constructor(id: number, layout: Layout, lane: LanePlace, options: Required<RingProducerOptions> & { readonly waits: ThreadWaits }) {
    this.id = id;
    this.maxMessageBytes = layout.laneBytes / 2 - recordHeaderBytes;
    this.#words = layout.words;
    this.#bytes = layout.bytes;
    this.#laneUnits = layout.laneBytes / unitBytes;
    this.#firstUnit = lane.start / unitBytes;
    this.#tailWord = lane.control + laneWord.tail;
    this.#headWord = lane.control + laneWord.head;
    this.#tail = Atomics.load(this.#words, this.#tailWord);
    this.#head = Atomics.load(this.#words, this.#headWord);
    this.#waiting = new WaitingPushes({
      tryPush: (bytes) => this.#pushNow(bytes),
      waits: options.waits,
      words: this.#words,
      waitingWord: lane.control + laneWord.isProducerWaiting,
      timeoutMs: options.pushTimeoutMs,
      maxWaiting: options.maxWaitingPushes,
    });
  }

  /**
   * Copies a message into the lane.
   *
   * @returns false if there is no room now, or pushes wait for room already
   * @throws {RingBufferError} `ERR_RING_MESSAGE_SIZE`: longer than `maxMessageBytes`; `ERR_RING_CLOSED`: the ring is closed;
   * `ERR_RING_ABANDONED`: this producer was given up or closed, and the message is not delivered
   */
  tryPush(bytes: Uint8Array): boolean {
    return this.#waiting.size === 0 && this.#pushNow(bytes);
  }

  /**
   * Lets the caller write a message in place, without a copy.
   *
   * @param byteLength bytes of the message, 0 to `maxMessageBytes`
   * @param write called at once if there is room; if it throws, nothing is pushed
   * @returns false if there is no room now, or pushes wait for room already
   * @throws {RingBufferError} as {@link RingProducer.tryPush}; `ERR_RING_REENTRANT`: called by a writer of the same producer
   */
  tryWrite(byteLength: number, write: MessageWriter): boolean {
    if (this.#waiting.size > 0) return false;
    const start = this.#begin(byteLength);
    if (start < 0) return false;
    try {
      write(this.#bytes, start, start + byteLength);
    } catch (error) {
      this.#cancel();
      throw error;
    }
    this.#commit(start, byteLength);
    return true;
  }

  /**
   * Pushes a message as soon as there is room, after those that wait already.
   *
   * @param bytes not copied before there is room: leave them alone until then
   * @throws {RingBufferError} as {@link RingProducer.tryPush}; `ERR_RING_TIMEOUT`: no room within `pushTimeoutMs`;
   * `ERR_RING_BACKLOG`: `maxWaitingPushes` wait already
   */
  async push(bytes: Uint8Array): Promise<void> {
    if (!this.tryPush(bytes)) await this.#waiting.add(bytes);
  }

  /**
   * Pushes a message and blocks this thread until there is room.
   *
   * @throws {RingBufferError} as {@link RingProducer.push}
   */
  pushBlocking(bytes: Uint8Array): void {
    if (!this.tryPush(bytes)) this.#waiting.addBlocking(bytes);
  }

  /** Gives the lane back. What was pushed is still delivered; pushes that wait fail with `ERR_RING_ABANDONED`. */
  close(): void {
    if (this.#isWriting) throw new RingBufferError('ERR_RING_REENTRANT', 'a producer cannot be closed while it writes a message');
    this.#isGone = true;
    Atomics.compareExchange(this.#words, this.#tailWord, this.#tail, released(this.#tail));
    wake(this.#words, this.#tailWord - laneWord.tail + laneWord.isProducerWaiting);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #pushNow(bytes: Uint8Array): boolean {
    const { length } = bytes;
    const start = this.#begin(length);
    if (start < 0) return false;
    this.#bytes.set(bytes, start);
    this.#commit(start, length);
    return true;
  }

  /** Marks the lane as being written. Gives the offset for the message, or -1 without a mark if there is no room. */
  #begin(byteLength: number): number {
    this.#requireUsable(byteLength);
    const position = positionOf(this.#tail);
    const unit = position & (this.#laneUnits - 1);
    const units = unitsOf(byteLength);
    const skipped = unit + units > this.#laneUnits ? this.#laneUnits - unit : 0;
    if (!this.#hasRoom(position, units + skipped)) return -1;

    const writing = withState(this.#tail, laneState.writing);
    if (Atomics.compareExchange(this.#words, this.#tailWord, this.#tail, writing) !== this.#tail) throw this.#lost();
    this.#isWriting = true;
    if (skipped > 0) this.#words[(this.#firstUnit + unit) * 2] = skipToFront;
    return (this.#firstUnit + (skipped > 0 ? 0 : unit)) * unitBytes + recordHeaderBytes;
  }

  #hasRoom(position: number, units: number): boolean {
    if (((position - this.#head) & positionMask) + units <= this.#laneUnits) return true;
    this.#head = Atomics.load(this.#words, this.#headWord);
    if (((position - this.#head) & positionMask) + units <= this.#laneUnits) return true;
    // Else a producer that was given up while its lane is full would wait for ever.
    if (Atomics.load(this.#words, this.#tailWord) !== this.#tail) throw this.#lost();
    return false;
  }

  /** Moves the tail and takes the mark away in one step: until then nothing of the message is there for the consumer. */
  #commit(start: number, byteLength: number): void {
    this.#isWriting = false;
    const header = (start - recordHeaderBytes) / 4;
    this.#words[header] = byteLength;
    const end = header / 2 - this.#firstUnit + unitsOf(byteLength);
    const moved = (end - positionOf(this.#tail)) & (this.#laneUnits - 1);
    const writing = withState(this.#tail, laneState.writing);
    // A record never fills the whole lane, so a move of zero cannot happen.
    const next = advanced(this.#tail, moved);
    if (Atomics.compareExchange(this.#words, this.#tailWord, writing, next) !== writing) throw this.#lost();
    this.#tail = next;
    wake(this.#words, ringWord.isConsumerWaiting);
  }

  #cancel(): void {
    this.#isWriting = false;
    const writing = withState(this.#tail, laneState.writing);
    if (Atomics.compareExchange(this.#words, this.#tailWord, writing, this.#tail) !== writing) throw this.#lost();
  }

  /** The lane was taken away. If it was kept back because this producer might still write, it need not be any longer. */
  #lost(): RingBufferError {
    this.#isGone = true;
    const found = Atomics.load(this.#words, this.#tailWord);
    if (stateOf(found) === laneState.cut && lendingOf(found) === lendingOf(this.#tail)) {
      Atomics.compareExchange(this.#words, this.#tailWord, found, released(found));
    }
    return goneError();
  }

  #requireUsable(byteLength: number): void {
    if (this.#isGone) throw goneError();
    if (this.#isWriting) throw new RingBufferError('ERR_RING_REENTRANT', 'a writer cannot push on its own producer');
    if (Atomics.load(this.#words, ringWord.isClosed) === 1) throw new RingBufferError('ERR_RING_CLOSED', 'the ring is closed');
    if (byteLength >= 0 && byteLength <= this.maxMessageBytes && Number.isInteger(byteLength)) return;
    throw new RingBufferError('ERR_RING_MESSAGE_SIZE', `a message of this ring has 0 to ${this.maxMessageBytes} bytes, not ${byteLength}`);
  }
}

function unitsOf(byteLength: number): number {
  return (byteLength + recordHeaderBytes + unitBytes - 1) >>> 3;
}

function goneError(): RingBufferError {
  return new RingBufferError('ERR_RING_ABANDONED', 'this producer was abandoned or closed; the message is not delivered');
}
