import { RingBufferError } from '../errors.ts';
import { positionMask, positionOf } from './lane-tail.ts';
import { laneWord, recordHeaderBytes, ringWord, skipToFront, unitBytes, type LanePlace, type Layout } from './layout.ts';
import { wake, type ThreadWaits } from './thread-waits.ts';

/**
 * Reads one message where it lies, in `bytes` from `start` to before `end`. The bytes are the ring's own and are
 * overwritten once the batch is over: copy what must last.
 */
export type MessageReader = (bytes: Uint8Array<SharedArrayBuffer>, start: number, end: number) => void;

/** A lane with what only the consumer knows of it. */
interface ReadLane extends LanePlace {
  readonly tailWord: number;
  readonly headWord: number;
  readonly waitingWord: number;
  readonly firstUnit: number;
  /** Position of the oldest record. */
  head: number;
}

/** The one reader of a {@link SharedRing}. */
export class RingConsumer {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #laneUnits: number;
  readonly #lanes: readonly ReadLane[];
  readonly #waits: ThreadWaits;
  #nextLane = 0;
  #isDraining = false;
  /** Waits under way in this thread. */
  #waiters = 0;

  /** @internal use {@link SharedRing.consumer} */
  constructor(layout: Layout, waits: ThreadWaits) {
    this.#words = layout.words;
    this.#bytes = layout.bytes;
    this.#laneUnits = layout.laneBytes / unitBytes;
    this.#waits = waits;
    this.#lanes = layout.lanes.map((place) => ({
      ...place,
      tailWord: place.control + laneWord.tail,
      headWord: place.control + laneWord.head,
      waitingWord: place.control + laneWord.isProducerWaiting,
      firstUnit: place.start / unitBytes,
      head: 0,
    }));
  }

  /**
   * Hands over what is there, lane by lane, each producer's messages in their order. Never waits.
   *
   * O(lanes + messages + bytes read), and no allocation. Room is given back to a producer once the batch of its lane is over.
   *
   * @param read called for each message; if it throws, that message counts as read and the rest stays
   * @param maxMessages most to hand over, default all that is there
   * @returns how many were handed over
   * @throws {RingBufferError} `ERR_RING_REENTRANT`: called by its own reader
   */
  drain(read: MessageReader, maxMessages: number = Infinity): number {
    if (this.#isDraining) throw new RingBufferError('ERR_RING_REENTRANT', 'a reader cannot drain its own consumer');
    this.#isDraining = true;
    try {
      return this.#drainLanes(read, maxMessages);
    } finally {
      this.#isDraining = false;
    }
  }

  /** A copy of the next message, or undefined if there is none now. For many messages {@link RingConsumer.drain} is faster. */
  tryReceive(): Uint8Array<ArrayBuffer> | undefined {
    let message: Uint8Array<ArrayBuffer> | undefined;
    this.drain((bytes, start, end) => {
      message = new Uint8Array(end - start);
      message.set(bytes.subarray(start, end));
    }, 1);
    return message;
  }

  /**
   * A copy of the next message, as soon as there is one.
   *
   * @param timeoutMs longest wait, 0 or more; default Infinity
   * @returns undefined if none came in time, or the ring is closed and empty
   */
  async receive(timeoutMs: number = Infinity): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const deadlineMs = this.#waits.now() + timeoutMs;
    for (;;) {
      const message = this.tryReceive();
      if (message !== undefined) return message;
      // Another receive may take what this one was woken for, hence the loop.
      if (!(await this.wait(Math.max(0, deadlineMs - this.#waits.now())))) return undefined;
    }
  }

  /**
   * The same, blocking this thread meanwhile: for workers that do nothing else.
   *
   * @param timeoutMs longest wait, 0 or more; default Infinity
   * @returns undefined if none came in time, or the ring is closed and empty
   */
  receiveBlocking(timeoutMs: number = Infinity): Uint8Array<ArrayBuffer> | undefined {
    return this.waitBlocking(timeoutMs) ? this.tryReceive() : undefined;
  }

  /**
   * Waits until there is something to drain. While there is, it does not give way to timers and sockets of this thread:
   * under a flood, drain with `maxMessages` and yield in between.
   *
   * @param timeoutMs longest wait, 0 or more; default Infinity
   * @returns false if nothing came in time, or the ring is closed and empty
   */
  async wait(timeoutMs: number = Infinity): Promise<boolean> {
    const deadlineMs = this.#waits.now() + timeoutMs;
    this.#waiters += 1;
    for (let remainingMs = this.#arm(deadlineMs); remainingMs > 0; remainingMs = this.#arm(deadlineMs)) {
      await this.#waits.pause(this.#words, ringWord.isConsumerWaiting, 1, remainingMs);
    }
    return this.#disarm();
  }

  /**
   * Blocks this thread until there is something to drain.
   *
   * @param timeoutMs longest wait, 0 or more; default Infinity
   * @returns false if nothing came in time, or the ring is closed and empty
   */
  waitBlocking(timeoutMs: number = Infinity): boolean {
    const deadlineMs = this.#waits.now() + timeoutMs;
    this.#waiters += 1;
    for (let remainingMs = this.#arm(deadlineMs); remainingMs > 0; remainingMs = this.#arm(deadlineMs)) {
      this.#waits.block(this.#words, ringWord.isConsumerWaiting, 1, remainingMs);
    }
    return this.#disarm();
  }

  /**
   * Says that the consumer waits, and only then looks: a producer that commits after the look sees the word and wakes.
   *
   * @returns how long to wait, 0 if there is no reason to
   */
  #arm(deadlineMs: number): number {
    Atomics.store(this.#words, ringWord.isConsumerWaiting, 1);
    if (this.#hasMessages() || Atomics.load(this.#words, ringWord.isClosed) === 1) return 0;
    return Math.max(0, deadlineMs - this.#waits.now());
  }

  /** Spares the producers a notify that nobody hears; other waits of this thread still need theirs. */
  #disarm(): boolean {
    this.#waiters -= 1;
    if (this.#waiters === 0) Atomics.store(this.#words, ringWord.isConsumerWaiting, 0);
    return this.#hasMessages();
  }

  #hasMessages(): boolean {
    return this.#lanes.some((lane) => positionOf(Atomics.load(this.#words, lane.tailWord)) !== lane.head);
  }

  /** Begins where the last call ended, so that with a small `maxMessages` no lane waits for ever behind a busy one. */
  #drainLanes(read: MessageReader, maxMessages: number): number {
    let count = 0;
    for (let visited = 0; visited < this.#lanes.length && count < maxMessages; visited += 1) {
      const lane = this.#lanes[this.#nextLane];
      this.#nextLane = (this.#nextLane + 1) % this.#lanes.length;
      if (lane !== undefined) count += this.#drainLane(lane, read, maxMessages - count);
    }
    return count;
  }

  #drainLane(lane: ReadLane, read: MessageReader, maxMessages: number): number {
    const tail = positionOf(Atomics.load(this.#words, lane.tailWord));
    if (tail === lane.head) return 0;
    let count = 0;
    try {
      for (; lane.head !== tail && count < maxMessages; count += this.#readRecord(lane, tail, read)) {}
    } finally {
      Atomics.store(this.#words, lane.headWord, lane.head);
      wake(this.#words, lane.waitingWord);
    }
    return count;
  }

  /** Gives the number of messages read: none where the lane skips to its front. */
  #readRecord(lane: ReadLane, tail: number, read: MessageReader): number {
    const unit = lane.head & (this.#laneUnits - 1);
    const header = (lane.firstUnit + unit) * 2;
    const length = this.#words[header] ?? 0;
    const units = length === skipToFront ? this.#laneUnits - unit : (length + recordHeaderBytes + unitBytes - 1) >>> 3;
    if (length < skipToFront || units > ((tail - lane.head) & positionMask) || unit + units > this.#laneUnits) return this.#skipBroken(lane, tail);

    lane.head = (lane.head + units) & positionMask;
    if (length === skipToFront) return 0;
    const start = header * 4 + recordHeaderBytes;
    read(this.#bytes, start, start + length);
    return 1;
  }

  /** Only a thread that writes without a lane of its own can cause this. Where the next record starts is then not known. */
  #skipBroken(lane: ReadLane, tail: number): number {
    Atomics.add(this.#words, ringWord.brokenLanes, 1);
    lane.head = tail;
    return 0;
  }
}
