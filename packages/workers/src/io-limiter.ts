import { DelayWindow, type Percentiles } from './delay-window.ts';
import { WorkersError } from './errors.ts';
import { tell } from './tell.ts';
import { type Clock, monotonicClock, processTimers, requireTimeout, type Timers } from './time.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** Hears what a limiter does; every member is optional. What a listener throws is an uncaught exception of its own. */
export interface IoLimiterListener {
  /** A call has begun, after so many milliseconds. */
  onStart?(event: { readonly limiter: string; readonly waitMs: number }): void;
  /** A call was turned away, or waited too long. */
  onRefused?(event: { readonly limiter: string; readonly code: 'ERR_WORKERS_OVERLOADED' | 'ERR_WORKERS_TIMEOUT' }): void;
}

/** Set-up of {@link IoLimiter}. */
export interface IoLimiterOptions {
  /** The dependency: for errors, figures and listeners. */
  readonly name: string;
  /** Most calls at a time, at least 1. */
  readonly maxRunning: number;
  /** Most calls that wait, 0 or more; default 1000. */
  readonly maxWaiting?: number;
  /** How long a call may wait for its permit, milliseconds above 0 or `Infinity`; default 10,000. */
  readonly timeoutMs?: number;
  readonly listener?: IoLimiterListener;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** What may differ for one call. */
export interface LimitedRunOptions {
  /** Ends the wait. What runs is left alone: pass the signal to it as well. */
  readonly signal?: AbortSignal;
  /** As {@link IoLimiterOptions.timeoutMs}. */
  readonly timeoutMs?: number;
}

/** What a limiter does and has done. */
export interface IoLimiterStats {
  readonly name: string;
  readonly maxRunning: number;
  /** Above `maxRunning` after it was lowered, until enough have ended. */
  readonly running: number;
  readonly waiting: number;
  readonly completed: number;
  /** The call threw. */
  readonly failed: number;
  /** Turned away because too many waited. */
  readonly refused: number;
  /** Waited too long. */
  readonly timedOut: number;
  /** Aborted while it waited. */
  readonly aborted: number;
  /** How long the last 256 calls that began waited for it, milliseconds. */
  readonly waitMs: Percentiles;
}

interface Waiter {
  /** Gives it its permit. */
  grant(): void;
}

/**
 * Bounds how many calls to one dependency run at a time. Who comes first is served first.
 *
 * Every operation is O(1). A permit passes from hand to hand: whoever has timed out or aborted has left the line and takes none
 * along. A call that goes through the same limiter from within another may wait for itself: do not nest.
 *
 * @example
 * ```ts
 * import { IoLimiter } from '@midgard/workers';
 *
 * const mail = new IoLimiter({ name: 'mail', maxRunning: 4, maxWaiting: 100, timeoutMs: 2000 });
 * const signal = AbortSignal.timeout(5000);
 * const answer = await mail.run(() => fetch('http://127.0.0.1:2500/send', { method: 'POST', signal }), { signal });
 * mail.resize(8);
 * ```
 */
export class IoLimiter {
  readonly name: string;
  readonly #line = new WaitingLine<Waiter>();
  readonly #waits = new DelayWindow();
  readonly #maxWaiting: number;
  readonly #timeoutMs: number;
  readonly #listener: IoLimiterListener;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #maxRunning: number;
  #running = 0;
  readonly #counts = { completed: 0, failed: 0, refused: 0, timedOut: 0, aborted: 0 };

  /** @throws {WorkersError} `ERR_WORKERS_OPTIONS`: a name, a bound or a time makes no sense */
  constructor({ name, maxRunning, maxWaiting = 1000, timeoutMs = 10_000, listener = {}, clock = monotonicClock, timers = processTimers }: IoLimiterOptions) {
    if (name === '') throw new WorkersError('ERR_WORKERS_OPTIONS', 'name must not be empty');
    requireMaxRunning(maxRunning);
    if (!(Number.isInteger(maxWaiting) && maxWaiting >= 0)) throw new WorkersError('ERR_WORKERS_OPTIONS', 'maxWaiting must be a whole number of 0 or more');
    requireTimeout('timeoutMs', timeoutMs);
    this.name = name;
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    this.#clock = clock;
    this.#timers = timers;
  }

  /**
   * Calls the function as soon as there is a permit, which it keeps until its promise settles.
   *
   * @returns what the function gives
   * @throws {WorkersError} `ERR_WORKERS_OVERLOADED`: as many wait as may; `ERR_WORKERS_TIMEOUT`: it waited for too long; `ERR_WORKERS_OPTIONS`
   * @throws the reason of `signal`, and what the function throws
   */
  async run<Result>(call: () => Promise<Result> | Result, { signal, timeoutMs = this.#timeoutMs }: LimitedRunOptions = {}): Promise<Result> {
    signal?.throwIfAborted();
    requireTimeout('timeoutMs', timeoutMs);
    if (this.#running < this.#maxRunning) this.#take(0);
    else await this.#wait(timeoutMs, signal);
    // Behind the await and not in the hands of whoever gave the permit: so the call has the async context of its own caller.
    try {
      const result = await call();
      this.#counts.completed += 1;
      return result;
    } catch (error) {
      this.#counts.failed += 1;
      throw error;
    } finally {
      this.#running -= 1;
      this.#grant();
    }
  }

  /**
   * Changes the bound while in use. What runs above a lower one may end in peace.
   *
   * @param maxRunning at least 1
   * @throws {WorkersError} `ERR_WORKERS_OPTIONS`: not a whole number of at least 1
   */
  resize(maxRunning: number): void {
    requireMaxRunning(maxRunning);
    this.#maxRunning = maxRunning;
    this.#grant();
  }

  /** What it does and has done. O(1) but for sorting 256 numbers. */
  stats(): IoLimiterStats {
    return {
      name: this.name,
      maxRunning: this.#maxRunning,
      running: this.#running,
      waiting: this.#line.size,
      ...this.#counts,
      waitMs: this.#waits.percentiles(),
    };
  }

  #take(waitMs: number): void {
    this.#running += 1;
    this.#waits.add(waitMs);
    tell(() => this.#listener.onStart?.({ limiter: this.name, waitMs }));
  }

  #grant(): void {
    while (this.#running < this.#maxRunning && this.#line.size > 0) this.#line.shift()?.grant();
  }

  #refuse(code: 'ERR_WORKERS_OVERLOADED' | 'ERR_WORKERS_TIMEOUT'): WorkersError {
    this.#counts[code === 'ERR_WORKERS_TIMEOUT' ? 'timedOut' : 'refused'] += 1;
    tell(() => this.#listener.onRefused?.({ limiter: this.name, code }));
    return new WorkersError(
      code,
      code === 'ERR_WORKERS_TIMEOUT' ? `no permit for ${this.name} in time` : `${this.#maxWaiting} calls wait for ${this.name} already`,
    );
  }

  /** Resolves with a permit taken. */
  #wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#line.size >= this.#maxWaiting) return Promise.reject(this.#refuse('ERR_WORKERS_OVERLOADED'));
    return new Promise((resolve, reject) => {
      const since = this.#clock.now();
      const leave = (): void => {
        timer?.cancel();
        signal?.removeEventListener('abort', onAbort);
        this.#line.remove(place);
      };
      const onAbort = (): void => {
        leave();
        this.#counts.aborted += 1;
        reject(signal?.reason);
      };
      const onTimeout = (): void => {
        leave();
        reject(this.#refuse('ERR_WORKERS_TIMEOUT'));
      };
      const grant = (): void => {
        leave();
        this.#take(this.#clock.now() - since);
        resolve();
      };
      const place: Place<Waiter> = this.#line.push({ grant });
      const timer = timeoutMs === Infinity ? undefined : this.#timers.after(timeoutMs, onTimeout);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function requireMaxRunning(maxRunning: number): void {
  if (!(Number.isInteger(maxRunning) && maxRunning >= 1)) throw new WorkersError('ERR_WORKERS_OPTIONS', 'maxRunning must be a whole number of at least 1');
}
