import { QueueError } from '../errors.ts';
import { throwLater } from '../throw-later.ts';
import { maxTimerMs, monotonicClock, processTimers, type Clock, type Timer, type Timers } from '../timers.ts';
import { Hierarchy } from './hierarchy.ts';
import { TimerTable } from './timer-table.ts';

/** Set-up of {@link TimingWheel}. */
export interface TimingWheelOptions<T> {
  /** Called for each timer that fires, with its value. What it throws goes to `onError` and stops no other timer. */
  readonly fire: (value: T) => void;
  /** Gets what `fire` throws. Default: it becomes an uncaught exception, as from a `setTimeout` callback. */
  readonly onError?: (error: unknown, value: T) => void;
  /** How finely time is told, a whole number of milliseconds, at least 1; a timer fires up to this much late. Default 10. */
  readonly tickMs?: number;
  /** True: timers alone do not keep the process alive, as with `unref`. Default false. */
  readonly isIdle?: boolean;
  /** One that never goes back; default the monotonic clock of the process. */
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/**
 * Holds very many timers, most of which are called off: time-outs of requests, idle sessions, leases.
 *
 * `start` and `cancel` are O(1) and a timer takes 28 bytes beside its value. One timer of the process serves all; it sleeps until the
 * next slot that holds something, and nothing ticks while the wheel is empty. A timer never fires early and, by the clock, at most one tick late. They
 * fire in order of deadline rounded up to ticks, equals in the order in which they were started, also when the process slept.
 * The room of the most timers there ever were at a time is kept.
 *
 * A hierarchy of wheels: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987).
 *
 * @example
 * ```ts
 * import { TimingWheel } from '@midgard/queue';
 *
 * const timeouts = new TimingWheel<() => void>({ fire: (callback) => callback() });
 * const timeout = timeouts.start(30_000, () => console.log('no answer within 30 s'));
 * timeouts.cancel(timeout); // true: the answer came in time
 * ```
 */
export class TimingWheel<T extends object | string | number | bigint> {
  readonly #fire: (value: T) => void;
  readonly #onError: (error: unknown, value: T) => void;
  readonly #tickMs: number;
  readonly #isIdle: boolean;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #originMs: number;
  readonly #table = new TimerTable<T>();
  readonly #hierarchy: Hierarchy;
  #wake: Timer | undefined = undefined;
  #wakeTick = Infinity;
  #isClosed = false;

  /** @throws {QueueError} `ERR_QUEUE_OPTIONS`: `tickMs` is not a whole number of at least 1 */
  constructor(options: TimingWheelOptions<T>) {
    const { tickMs = 10, clock = monotonicClock } = options;
    if (!Number.isSafeInteger(tickMs) || tickMs < 1) throw new QueueError('ERR_QUEUE_OPTIONS', 'tickMs must be a whole number of at least 1');
    this.#fire = options.fire;
    this.#onError = options.onError ?? throwLater;
    this.#tickMs = tickMs;
    this.#isIdle = options.isIdle ?? false;
    this.#clock = clock;
    this.#timers = options.timers ?? processTimers;
    this.#originMs = clock.now();
    this.#hierarchy = new Hierarchy(this.#table.capacity);
  }

  /** Timers that run. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * Starts a timer. O(1), amortised: the room for timers doubles when it is full.
   *
   * @param delayMs at least 0
   * @param value handed to `fire`
   * @returns a handle for {@link cancel}, which is a plain number
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: `delayMs` is no number of 0 or more; `ERR_QUEUE_FULL`: 16,777,216 timers run; `ERR_QUEUE_CLOSED`
   */
  start(delayMs: number, value: T): number {
    if (!(delayMs >= 0 && delayMs < Infinity)) throw new QueueError('ERR_QUEUE_OPTIONS', 'delayMs must be a number of 0 or more');
    if (this.#isClosed) throw new QueueError('ERR_QUEUE_CLOSED', 'the timing wheel is closed');
    const id = this.#table.add(value);
    if (id >= this.#hierarchy.capacity) this.#hierarchy.grow(this.#table.capacity);
    const elapsedMs = this.#clock.now() - this.#originMs;
    const tick = Math.max(Math.floor(elapsedMs / this.#tickMs), this.#hierarchy.tick);
    if (tick < this.#wakeTick) this.#hierarchy.moveTo(tick);
    // At least the next tick: so what a callback starts anew with a delay of 0 does not keep the wheel firing for ever.
    const wakeTick = this.#hierarchy.add(id, Math.max(Math.ceil((elapsedMs + delayMs) / this.#tickMs), tick + 1));
    if (wakeTick < this.#wakeTick) this.#sleepUntil(wakeTick);
    return this.#table.handleOf(id);
  }

  /**
   * Calls a timer off. O(1).
   *
   * @param handle what {@link start} gave
   * @returns false if it has fired or was called off before
   */
  cancel(handle: number): boolean {
    const id = this.#table.idOf(handle);
    if (id === -1) return false;
    this.#hierarchy.remove(id);
    this.#table.remove(id);
    if (this.#table.size === 0) this.#sleepUntil(Infinity);
    return true;
  }

  /** Calls every timer off; none fires any more and none can be started. */
  close(): void {
    this.#isClosed = true;
    this.#hierarchy.clear();
    this.#table.clear();
    this.#sleepUntil(Infinity);
  }

  /** Fires all that is due. What its callbacks start waits at least for the next tick, so this comes to an end. */
  #fireDue(): void {
    const tick = Math.floor((this.#clock.now() - this.#originMs) / this.#tickMs);
    for (let id = this.#hierarchy.takeDue(tick); id !== -1; id = this.#hierarchy.takeDue(tick)) this.#fireOne(this.#table.remove(id));
    this.#sleepUntil(this.#hierarchy.nextTick());
  }

  #fireOne(value: T | undefined): void {
    if (value === undefined) return;
    try {
      this.#fire(value);
    } catch (error) {
      this.#report(error, value);
    }
  }

  #report(error: unknown, value: T): void {
    try {
      this.#onError(error, value);
    } catch (errorOfListener) {
      throwLater(errorOfListener);
    }
  }

  #sleepUntil(tick: number): void {
    this.#wake?.cancel();
    this.#wakeTick = tick;
    if (tick === Infinity) {
      this.#wake = undefined;
      return;
    }
    const delayMs = Math.ceil(this.#originMs + tick * this.#tickMs - this.#clock.now());
    this.#wake = this.#timers.after(Math.min(Math.max(delayMs, 1), maxTimerMs), () => this.#fireDue(), this.#isIdle);
  }
}
