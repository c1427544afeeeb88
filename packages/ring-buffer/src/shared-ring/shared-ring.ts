import { RingBufferError } from '../errors.ts';
import { laneState, lendingOf, positionMask, positionOf, released, stateOf, withState } from './lane-tail.ts';
import { attachLayout, bounds, createLayout, laneWord, ringWord, unitBytes, type LanePlace, type Layout } from './layout.ts';
import { RingConsumer } from './ring-consumer.ts';
import { RingProducer, type RingProducerOptions } from './ring-producer.ts';
import { threadWaits, wake, type ThreadWaits } from './thread-waits.ts';

/** Set-up of {@link SharedRing}. */
export interface SharedRingOptions {
  /** Most producers at a time, 1 to 1024; default 8. Each takes a lane. */
  readonly maxProducers?: number;
  /** Bytes of each lane: a power of two from 64 to 1 MiB; default 64 KiB. A message has at most half of that, less four. */
  readonly laneBytes?: number;
  /** How this thread waits; tests bring their own. */
  readonly waits?: ThreadWaits;
}

/** What another thread needs to attach: goes through `workerData` and `postMessage`. */
export interface SharedRingHandle {
  readonly buffer: SharedArrayBuffer;
}

/** What a {@link SharedRing} holds. */
export interface SharedRingUsage {
  /** Lanes that are lent, or kept back because an abandoned producer may still write. */
  readonly producers: number;
  /** Of those, the lanes kept back. */
  readonly keptBack: number;
  /** Bytes committed and not yet read, with headers and padding. */
  readonly pendingBytes: number;
  /** Messages that their producer never finished. */
  readonly tornMessages: number;
  /** Times that a lane held no readable record and was skipped to its tail: somebody wrote who had no right to. */
  readonly brokenLanes: number;
}

/**
 * Carries byte messages from many threads to one, through shared memory and without a lock.
 *
 * Each producer has a lane of its own and commits a message in one atomic step. So the messages of a producer stay in
 * order, and a thread that dies in the middle of one leaves nothing that the consumer could see. Between producers there is no order.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads';
 * import { SharedRing } from '@midgard/ring-buffer';
 *
 * const ring = SharedRing.create({ maxProducers: 2 });
 * const producerId = ring.lend();
 * const worker = new Worker('./producer.js', { workerData: { handle: ring.handle, producerId } });
 * worker.on('exit', () => ring.abandon(producerId, { hasExited: true }));
 * // in producer.js: SharedRing.attach(workerData.handle).producer({ id: workerData.producerId }).tryPush(bytes)
 *
 * const consumer = ring.consumer();
 * while (await consumer.wait()) consumer.drain((bytes, start, end) => console.log(bytes.slice(start, end)));
 * ```
 */
export class SharedRing {
  readonly #layout: Layout;
  readonly #waits: ThreadWaits;

  private constructor(layout: Layout, waits: ThreadWaits) {
    this.#layout = layout;
    this.#waits = waits;
  }

  /**
   * A new ring. All its memory is taken at once.
   *
   * @throws {RingBufferError} `ERR_RING_OPTIONS`: `maxProducers` or `laneBytes` is out of its range
   */
  static create({ maxProducers = 8, laneBytes = 65_536, waits = threadWaits }: SharedRingOptions = {}): SharedRing {
    requireWhole('maxProducers', maxProducers, 1, bounds.maxLanes);
    requireWhole('laneBytes', laneBytes, bounds.minLaneBytes, bounds.maxLaneBytes);
    if ((laneBytes & (laneBytes - 1)) !== 0) throw new RingBufferError('ERR_RING_OPTIONS', 'laneBytes must be a power of two');
    return new SharedRing(createLayout(maxProducers, laneBytes), waits);
  }

  /**
   * The ring that another thread created.
   *
   * @throws {RingBufferError} `ERR_RING_HANDLE`: it is not that of a shared ring of this version
   */
  static attach(handle: SharedRingHandle, { waits = threadWaits }: Pick<SharedRingOptions, 'waits'> = {}): SharedRing {
    return new SharedRing(attachLayout(handle?.buffer), waits);
  }

  /** For {@link SharedRing.attach} in other threads. */
  get handle(): SharedRingHandle {
    return { buffer: this.#layout.buffer };
  }

  /**
   * Keeps a lane for a producer that another thread will open. Lend before that thread starts: whoever watches it then
   * knows the id to abandon, however early it dies. O(lanes).
   *
   * @returns id of the producer. It comes again after 2,048 producers on the same lane.
   * @throws {RingBufferError} `ERR_RING_PRODUCERS`: every lane is lent or kept back
   */
  lend(): number {
    const { words, lanes } = this.#layout;
    for (const [index, lane] of lanes.entries()) {
      const word = lane.control + laneWord.tail;
      const tail = Atomics.load(words, word);
      if (stateOf(tail) !== laneState.free) continue;
      if (Atomics.compareExchange(words, word, tail, withState(tail, laneState.lent)) === tail) return index + lendingOf(tail) * bounds.maxLanes;
    }
    throw new RingBufferError('ERR_RING_PRODUCERS', `all ${lanes.length} lanes are lent`);
  }

  /**
   * Opens a producer for this thread.
   *
   * @param options.id from {@link SharedRing.lend}; default: a lane is lent now
   * @throws {RingBufferError} `ERR_RING_PRODUCERS`: no lane is free; `ERR_RING_PRODUCER`: that id was never lent, is open already or
   * was abandoned; `ERR_RING_OPTIONS`: a bound makes no sense
   */
  producer({ id, pushTimeoutMs = Infinity, maxWaitingPushes = 1024 }: RingProducerOptions & { readonly id?: number } = {}): RingProducer {
    if (!(pushTimeoutMs >= 0)) throw new RingBufferError('ERR_RING_OPTIONS', 'pushTimeoutMs must be 0 or more');
    requireWhole('maxWaitingPushes', maxWaitingPushes, 1, 2 ** 20);
    const lentId = id ?? this.lend();
    const lane = this.#laneOf(lentId);
    this.#open(lentId, lane);
    return new RingProducer(lentId, this.#layout, lane, { pushTimeoutMs, maxWaitingPushes, waits: this.#waits });
  }

  /**
   * The reader of the ring, for this thread.
   *
   * @throws {RingBufferError} `ERR_RING_CONSUMER`: there is one already, here or in another thread
   */
  consumer(): RingConsumer {
    if (Atomics.exchange(this.#layout.words, ringWord.hasConsumer, 1) === 1) {
      throw new RingBufferError('ERR_RING_CONSUMER', 'a shared ring has one consumer, and there is one already');
    }
    return new RingConsumer(this.#layout, this.#waits);
  }

  /**
   * Gives a producer up. What it committed is still delivered; what it was writing is not, and is counted as torn.
   * If its thread lives, its next push or the one that is under way fails with `ERR_RING_ABANDONED`.
   *
   * Does nothing for a producer that is closed or was abandoned before, except that a lane kept back becomes free with `hasExited`.
   *
   * @param options.hasExited the thread has ended for certain, as its `exit` event tells. Else a lane whose producer was in the
   * middle of a message is kept back until that producer comes to its commit or `abandon` is called again with `hasExited`,
   * because a thread that is only slow would write into the messages of the next one
   * @returns whether a message was torn
   * @throws {RingBufferError} `ERR_RING_PRODUCER`: not an id of this ring
   */
  abandon(producerId: number, { hasExited = false }: { readonly hasExited?: boolean } = {}): boolean {
    const { words } = this.#layout;
    const lane = this.#laneOf(producerId);
    const word = lane.control + laneWord.tail;
    for (;;) {
      const tail = Atomics.load(words, word);
      const state = stateOf(tail);
      const isOver = state === laneState.free || lendingOf(tail) !== lendingOfId(producerId);
      if (isOver || (state === laneState.cut && !hasExited)) return false;
      const isTorn = state === laneState.writing;
      const next = isTorn && !hasExited ? withState(tail, laneState.cut) : released(tail);
      if (Atomics.compareExchange(words, word, tail, next) !== tail) continue;
      if (isTorn) Atomics.add(words, ringWord.tornMessages, 1);
      wake(words, lane.control + laneWord.isProducerWaiting);
      return isTorn;
    }
  }

  /** Ends the ring for all threads: pushes fail with `ERR_RING_CLOSED`, waits end, and what was committed can still be read. */
  close(): void {
    const { words, lanes } = this.#layout;
    Atomics.store(words, ringWord.isClosed, 1);
    wake(words, ringWord.isConsumerWaiting);
    for (const { control } of lanes) wake(words, control + laneWord.isProducerWaiting);
  }

  /** What the ring holds at about this moment. O(lanes). */
  usage(): SharedRingUsage {
    const { words, lanes } = this.#layout;
    const tails = lanes.map(({ control }) => Atomics.load(words, control + laneWord.tail));
    const pending = lanes.map(({ control }, i) => (positionOf(tails[i] ?? 0) - Atomics.load(words, control + laneWord.head)) & positionMask);
    return {
      producers: tails.filter((tail) => stateOf(tail) !== laneState.free).length,
      keptBack: tails.filter((tail) => stateOf(tail) === laneState.cut).length,
      pendingBytes: pending.reduce((sum, units) => sum + units, 0) * unitBytes,
      tornMessages: Atomics.load(words, ringWord.tornMessages),
      brokenLanes: Atomics.load(words, ringWord.brokenLanes),
    };
  }

  #open(producerId: number, lane: LanePlace): void {
    const { words } = this.#layout;
    const word = lane.control + laneWord.tail;
    const tail = Atomics.load(words, word);
    const isAwaited = stateOf(tail) === laneState.lent && lendingOf(tail) === lendingOfId(producerId);
    if (isAwaited && Atomics.compareExchange(words, word, tail, withState(tail, laneState.open)) === tail) return;
    throw new RingBufferError('ERR_RING_PRODUCER', `no producer ${producerId} is awaited: it is open already, or was abandoned or closed`);
  }

  #laneOf(producerId: number): LanePlace {
    const lane = this.#layout.lanes[producerId % bounds.maxLanes];
    if (lane === undefined) throw new RingBufferError('ERR_RING_PRODUCER', `${producerId} is not the id of a producer of this ring`);
    return lane;
  }
}

function lendingOfId(producerId: number): number {
  return Math.floor(producerId / bounds.maxLanes);
}

function requireWhole(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RingBufferError('ERR_RING_OPTIONS', `${field} must be a whole number from ${least} to ${most}`);
}
