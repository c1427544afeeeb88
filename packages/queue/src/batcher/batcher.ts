import { QueueError } from '../errors.ts';
import { tell, throwLater } from '../throw-later.ts';
import { isWithin, maxTimerMs, monotonicClock, processTimers, type Clock, type Timer, type Timers } from '../timers.ts';
import { Backoff } from './backoff.ts';
import { BatchLimit } from './batch-limit.ts';
import { requireSound, type BatcherListener, type BatcherOptions, type BatchResult } from './batcher-options.ts';
import { Item } from './item.ts';
import { Line } from './line.ts';
import { Unsettled } from './unsettled.ts';

/**
 * Makes one call of many: collects items until they are enough, heavy enough or have waited long enough, and hands them to a handler
 * together.
 *
 * `add` is O(1) beside its share of the handler. Every promise that `add` gave is settled once, also through {@link close}. Items that
 * fail are tried again without those that did not. With `concurrency` 1 batches are handed out in the order of `add`, but an item that
 * is tried again comes after others that went meanwhile; with more, no order is promised. Nothing survives the process.
 *
 * @example
 * ```ts
 * import { Batcher } from '@midgard/queue';
 *
 * const scores = new Batcher<{ player: string; score: number }, number>({
 *   handle: async (items) => items.map(({ score }) => ({ ok: true, value: score })),
 *   maxItems: 500,
 *   targetMs: 20,
 *   listener: { deadLettered: (item, error, attempts) => console.error(item, error, attempts) },
 * });
 * const stored = await scores.add({ player: '42', score: 7 });
 * await scores.close({ graceMs: 5000 });
 * ```
 */
export class Batcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  readonly #listener: BatcherListener<T>;
  readonly #maxBytes: number;
  readonly #maxDelayMs: number;
  readonly #concurrency: number;
  readonly #maxPending: number;
  readonly #maxAttempts: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #limit: BatchLimit;
  readonly #line = new Line<T, R>();
  readonly #inFlight = new Set<readonly Item<T, R>[]>();
  readonly #backoff: Backoff<Item<T, R>>;
  readonly #unsettled = new Unsettled();
  readonly #abort = new AbortController();
  #added = 0;
  /** Items up to this one wait for no companions. */
  #flushUpTo = -1;
  #wake: Timer | undefined = undefined;
  #wakeAtMs = Infinity;
  #closed: Promise<void> | undefined = undefined;

  /** @throws {QueueError} `ERR_QUEUE_OPTIONS`: a bound or a time is out of range, or `maxBytes` without `sizeOf` */
  constructor(options: BatcherOptions<T, R>) {
    requireSound(options);
    const { listener = {}, timers = processTimers, random = Math.random, retryBaseMs = 100, retryCapMs = 10_000 } = options;
    this.#options = options;
    this.#listener = listener;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#maxDelayMs = options.maxDelayMs ?? 10;
    this.#concurrency = options.concurrency ?? 1;
    this.#maxPending = options.maxPending ?? 10_000;
    this.#maxAttempts = options.maxAttempts ?? 3;
    this.#clock = options.clock ?? monotonicClock;
    this.#timers = timers;
    this.#limit = new BatchLimit(options.minItems ?? 1, options.maxItems ?? 100, options.targetMs);
    this.#backoff = new Backoff<Item<T, R>>({ baseMs: retryBaseMs, capMs: retryCapMs, timers, random }, (items) => {
      this.#line.putBack(items);
      this.#pump();
    });
  }

  /** Items that were added and are not settled. */
  get pending(): number {
    return this.#unsettled.count;
  }

  /** How many items a batch may have now. */
  get batchLimit(): number {
    return this.#limit.items;
  }

  /**
   * Takes an item in.
   *
   * @returns what the handler gave for it. Rejects with the error of its last attempt; at once with `ERR_QUEUE_FULL` (`maxPending` items
   *   are not settled), `ERR_QUEUE_SIZE` (heavier than `maxBytes`, or `sizeOf` gave no number of 0 or more) or `ERR_QUEUE_CLOSED`; with
   *   `ERR_QUEUE_BATCH` if the handler gave other than one result for each item, and then its outcome is not known; with
   *   `ERR_QUEUE_CLOSED` if the grace of `close` was over before the item was done
   */
  add(value: T): Promise<R> {
    try {
      const item = this.#admit(value);
      this.#line.push(item);
      this.#pump();
      return item.outcome;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Hands out all that waits, without waiting for companions. Settles when all has been settled that was added before. */
  flush(): Promise<void> {
    this.#flushUpTo = this.#added - 1;
    this.#pump();
    return this.#unsettled.wait(this.#flushUpTo);
  }

  /**
   * Takes nothing any more and brings all that was added to its end, retries included.
   *
   * @param options.graceMs for how long; then `signal` is aborted, and what waits is given up. Default 10,000
   * @param options.abortMs how long handlers may take once aborted; then their items are given up, though they may have been done. Default 1000
   */
  close({ graceMs = 10_000, abortMs = 1000 }: { readonly graceMs?: number; readonly abortMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(graceMs, abortMs);
    return this.#closed;
  }

  /** {@link close} with its defaults. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #admit(value: T): Item<T, R> {
    if (this.#closed !== undefined) throw new QueueError('ERR_QUEUE_CLOSED', 'the batcher is closed');
    if (this.pending >= this.#maxPending) throw new QueueError('ERR_QUEUE_FULL', `${this.#maxPending} items are not settled yet`);
    const bytes = this.#weigh(value);
    const nowMs = this.#clock.now();
    const item = new Item<T, R>(value, bytes, this.#added, nowMs, nowMs + this.#maxDelayMs);
    this.#added += 1;
    this.#unsettled.add();
    return item;
  }

  #weigh(value: T): number {
    const bytes = this.#options.sizeOf?.(value) ?? 0;
    if (!(bytes >= 0 && bytes <= this.#maxBytes)) {
      throw new QueueError('ERR_QUEUE_SIZE', `an item must weigh from 0 to ${this.#maxBytes} bytes, and this one weighs ${bytes}`);
    }
    return bytes;
  }

  /** Hands out what is ready, and sleeps until something will be. */
  #pump(): void {
    const nowMs = this.#clock.now();
    while (this.#isReady(nowMs)) void this.#handOut(this.#line.take(this.#limit.items, this.#maxBytes), nowMs);
    this.#sleep(nowMs);
  }

  #isReady(nowMs: number): boolean {
    const { first, size, bytes } = this.#line;
    if (first === undefined || this.#inFlight.size >= this.#concurrency) return false;
    const isEnough = size >= this.#limit.items || bytes >= this.#maxBytes;
    return isEnough || first.attempts > 0 || first.sequence <= this.#flushUpTo || first.dueAtMs <= nowMs;
  }

  #sleep(nowMs: number): void {
    const { first } = this.#line;
    const wakeAtMs = first === undefined || this.#inFlight.size >= this.#concurrency ? Infinity : first.dueAtMs;
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#wake?.cancel();
    this.#wakeAtMs = wakeAtMs;
    if (wakeAtMs === Infinity) return;
    const delayMs = Math.min(Math.ceil(wakeAtMs - nowMs), maxTimerMs);
    this.#wake = this.#timers.after(delayMs, () => {
      this.#wakeAtMs = Infinity;
      this.#pump();
    });
  }

  async #handOut(items: readonly Item<T, R>[], startedMs: number): Promise<void> {
    const limitThen = this.#limit.items;
    this.#inFlight.add(items);
    const results = await this.#call(items);
    this.#inFlight.delete(items);
    const durationMs = this.#clock.now() - startedMs;
    this.#limit.observe(items.length, durationMs, limitThen);
    tell(() =>
      this.#listener.batchFlushed?.({
        size: items.length,
        bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
        waitMs: startedMs - items.reduce((oldestMs, { addedAtMs }) => Math.min(oldestMs, addedAtMs), startedMs),
        durationMs,
        failed: results.filter(({ ok }) => !ok).length,
      }),
    );
    this.#settle(items, results);
    this.#pump();
  }

  /** One result for each item, whatever the handler does. */
  async #call(items: readonly Item<T, R>[]): Promise<readonly BatchResult<R>[]> {
    for (const item of items) item.attempts += 1;
    // On a turn of its own: called by `add` itself, the handler would run before the caller has its promise.
    const values = await Promise.resolve(items.map(({ value }) => value));
    try {
      const results = await this.#options.handle(values, { signal: this.#abort.signal });
      if (isOneForEach(results, items.length)) return results;
    } catch (error) {
      return items.map(() => ({ ok: false, error }));
    }
    const error = new QueueError('ERR_QUEUE_BATCH', `the handler of ${items.length} items must give as many results, each with ok true or false`);
    return items.map(() => ({ ok: false, error }));
  }

  #settle(items: readonly Item<T, R>[], results: readonly BatchResult<R>[]): void {
    const again: Item<T, R>[] = [];
    for (const [at, result] of results.entries()) {
      const item = items[at];
      // Given up meanwhile, for the grace was over.
      if (item === undefined || item.isSettled) continue;
      if (result.ok) this.#succeed(item, result.value);
      else if (this.#mayRetry(item, result.error)) again.push(item);
      else this.#giveUp(item, result.error);
    }
    if (again.length === 0) return;
    const delayMs = this.#backoff.hold(
      again,
      again.reduce((most, { attempts }) => Math.max(most, attempts), 1),
    );
    tell(() => this.#listener.retried?.(again.length, delayMs));
  }

  #mayRetry(item: Item<T, R>, error: unknown): boolean {
    if (item.attempts >= this.#maxAttempts || this.#abort.signal.aborted) return false;
    if (error instanceof QueueError && error.code === 'ERR_QUEUE_BATCH') return false;
    try {
      return this.#options.isRetryable?.(error, item.value) ?? true;
    } catch (errorOfTheirs) {
      throwLater(errorOfTheirs);
      return false;
    }
  }

  #succeed(item: Item<T, R>, value: R): void {
    item.resolve(value);
    this.#unsettled.settle(item.sequence);
  }

  #giveUp(item: Item<T, R>, error: unknown): void {
    if (this.#listener.deadLettered !== undefined) item.outcome.catch(() => {});
    item.reject(error);
    this.#unsettled.settle(item.sequence);
    tell(() => this.#listener.deadLettered?.(item.value, error, item.attempts));
  }

  async #close(graceMs: number, abortMs: number): Promise<void> {
    const drained = this.flush();
    if (await isWithin(drained, graceMs, this.#timers)) return;
    const reason = new QueueError('ERR_QUEUE_CLOSED', `the batcher was closed, and ${graceMs} ms of grace were over before the item was done`);
    this.#abort.abort(reason);
    for (const item of [...this.#backoff.takeAll(), ...this.#line.take(Infinity, Infinity)]) this.#giveUp(item, reason);
    if (await isWithin(drained, abortMs, this.#timers)) return;
    for (const item of [...this.#inFlight].flat()) this.#giveUp(item, reason);
  }
}

function isOneForEach(results: unknown, count: number): boolean {
  return Array.isArray(results) && results.length === count && results.every((result: unknown) => isResult(result));
}

function isResult(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'ok' in result && typeof result.ok === 'boolean';
}
