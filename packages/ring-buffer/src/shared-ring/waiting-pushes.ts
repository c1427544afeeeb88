import { RingBufferError } from '../errors.ts';
import { RingBuffer } from '../ring-buffer.ts';
import type { ThreadWaits } from './thread-waits.ts';

interface WaitingPush {
  readonly bytes: Uint8Array;
  readonly deadlineMs: number;
  readonly settle: (failure?: unknown) => void;
}

/** What {@link WaitingPushes} needs to know of its producer. */
export interface WaitingPushesOptions {
  /** Writes the message unless there is no room. */
  readonly tryPush: (bytes: Uint8Array) => boolean;
  readonly waits: ThreadWaits;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Word that says that the producer waits for room. */
  readonly waitingWord: number;
  readonly timeoutMs: number;
  readonly maxWaiting: number;
}

/**
 * Pushes that found no room, in their order. All have the same time to live, so the oldest is always the first to run out.
 */
export class WaitingPushes {
  readonly #options: WaitingPushesOptions;
  readonly #queue: RingBuffer<WaitingPush>;
  #isPumping = false;

  constructor(options: WaitingPushesOptions) {
    this.#options = options;
    this.#queue = new RingBuffer({ capacity: options.maxWaiting });
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Resolves once the message is in the lane. */
  async add(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#enqueue(bytes, (failure) => (failure === undefined ? resolve() : reject(failure)));
    // Not awaited: the pump runs for all that wait, this push only until it is settled.
    if (!this.#isPumping) void this.#pump();
    await promise;
  }

  /** Blocks until the message, and all that wait before it, are in the lane. */
  addBlocking(bytes: Uint8Array): void {
    let failure: unknown;
    this.#enqueue(bytes, (reason) => void (failure = reason));
    const { waits, words, waitingWord } = this.#options;
    // It is the last in the queue, and nothing can be added while this thread blocks.
    for (let remainingMs = this.#armAndFlush(); remainingMs !== undefined; remainingMs = this.#armAndFlush()) {
      waits.block(words, waitingWord, 1, remainingMs);
    }
    if (failure !== undefined) throw failure;
  }

  #enqueue(bytes: Uint8Array, settle: WaitingPush['settle']): void {
    const deadlineMs = this.#options.waits.now() + this.#options.timeoutMs;
    if (this.#queue.push({ bytes, deadlineMs, settle })) return;
    throw new RingBufferError('ERR_RING_BACKLOG', `${this.#queue.capacity} pushes wait for room already`);
  }

  async #pump(): Promise<void> {
    const { waits, words, waitingWord } = this.#options;
    this.#isPumping = true;
    for (let remainingMs = this.#armAndFlush(); remainingMs !== undefined; remainingMs = this.#armAndFlush()) {
      await waits.pause(words, waitingWord, 1, remainingMs);
    }
    this.#isPumping = false;
  }

  /**
   * Says that somebody waits, and only then looks for room: a consumer that makes room after the look sees the word and wakes.
   *
   * @returns how long the oldest may wait on; undefined if none waits
   */
  #armAndFlush(): number | undefined {
    const { waits, words, waitingWord } = this.#options;
    Atomics.store(words, waitingWord, 1);
    this.#flush();
    const oldest = this.#queue.peek();
    if (oldest !== undefined) return Math.max(0, oldest.deadlineMs - waits.now());
    Atomics.store(words, waitingWord, 0);
    return undefined;
  }

  #flush(): void {
    for (let oldest = this.#queue.peek(); oldest !== undefined; oldest = this.#queue.peek()) {
      const outcome = this.#attempt(oldest);
      if (outcome === 'no room') return;
      this.#queue.pop();
      oldest.settle(outcome.failure);
    }
  }

  #attempt({ bytes, deadlineMs }: WaitingPush): 'no room' | { readonly failure?: unknown } {
    const { tryPush, waits, timeoutMs } = this.#options;
    try {
      if (tryPush(bytes)) return {};
    } catch (failure) {
      return { failure };
    }
    if (waits.now() < deadlineMs) return 'no room';
    return { failure: new RingBufferError('ERR_RING_TIMEOUT', `no room within ${timeoutMs} ms`) };
  }
}
