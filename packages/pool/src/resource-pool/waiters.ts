import { PoolError } from '../errors.ts';
import type { Site } from './entry.ts';
import { type AcquireFailure, type ResourcePoolListener, tell } from './listener.ts';
import type { Clock, Timer, Timers } from './time.ts';

const ignore = (): void => undefined;

/** A caller that waits for a resource. */
export class Waiter<T> {
  readonly promise: Promise<T>;
  resolve: (resource: T) => void = ignore;
  reject: (error: unknown) => void = ignore;
  readonly since: number;
  readonly deadline: number;
  /** Where it asked, if its loan is to be a sampled one. */
  readonly site: Site | undefined;
  isWaiting = true;
  before: Waiter<T> | undefined = undefined;
  behind: Waiter<T> | undefined = undefined;
  /** Ends the watch over its signal. */
  unwatch: (() => void) | undefined = undefined;

  constructor(since: number, timeoutMs: number, site: Site | undefined) {
    // Half the time of Promise.withResolvers.
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.since = since;
    this.deadline = since + timeoutMs;
    this.site = site;
  }
}

/** What the queue is told of its surroundings. */
export interface QueueOptions<T> {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly listener: ResourcePoolListener<T>;
  /** What probably kept them waiting, for the error of those who time out. */
  readonly reasonToWait: () => unknown;
  /** Called when somebody has left without a resource. */
  readonly left: () => void;
}

/**
 * Those who wait, first come first served. To join, to be served, to time out and to be aborted is O(1).
 *
 * One timer serves all of them, set for the nearest deadline. It is not called off when that waiter is served, so where waits are
 * short it fires about once per time-out and not once per waiter; then it looks at all who wait.
 */
export class WaiterQueue<T> {
  readonly #options: QueueOptions<T>;
  #first: Waiter<T> | undefined;
  #last: Waiter<T> | undefined;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #size = 0;

  constructor(options: QueueOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts it behind all others. @param signal not aborted yet */
  join(waiter: Waiter<T>, signal: AbortSignal | undefined): void {
    waiter.before = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.behind = waiter;
    this.#last = waiter;
    this.#size += 1;
    this.#watchDeadline(waiter.deadline, waiter.since);
    if (signal !== undefined) this.#watchSignal(waiter, signal);
  }

  /** Takes out the one that has waited longest. Whoever calls this serves it. */
  shift(): Waiter<T> | undefined {
    const waiter = this.#first;
    if (waiter !== undefined) this.#remove(waiter);
    return waiter;
  }

  /** Sends away all who wait now. */
  rejectAll(reason: AcquireFailure, errorOf: () => unknown): void {
    // Counted beforehand: a listener may send new ones, which have not waited yet.
    for (let left = this.#size; left > 0; left -= 1) {
      const waiter = this.shift();
      if (waiter !== undefined) this.#reject(waiter, reason, errorOf());
    }
  }

  /** Calls off the timer. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #remove(waiter: Waiter<T>): void {
    const { before, behind } = waiter;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    // So that a served waiter that somebody keeps does not keep the others.
    waiter.before = waiter.behind = undefined;
    waiter.isWaiting = false;
    this.#size -= 1;
    waiter.unwatch?.();
  }

  #reject(waiter: Waiter<T>, reason: AcquireFailure, error: unknown): void {
    const waitMs = this.#options.clock.now() - waiter.since;
    waiter.reject(error);
    tell(() => this.#options.listener.acquireFailed?.(reason, waitMs));
  }

  #watchSignal(waiter: Waiter<T>, signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#remove(waiter);
      this.#reject(waiter, 'aborted', signal.reason);
      this.#options.left();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    waiter.unwatch = () => signal.removeEventListener('abort', onAbort);
  }

  #watchDeadline(deadline: number, now: number): void {
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#options.timers.after(deadline - now, () => this.#timeOut());
  }

  #timeOut(): void {
    this.stop();
    const now = this.#options.clock.now();
    const late: Waiter<T>[] = [];
    let nearest = Infinity;
    for (let waiter = this.#first; waiter !== undefined; waiter = waiter.behind) {
      if (waiter.deadline <= now) late.push(waiter);
      else nearest = Math.min(nearest, waiter.deadline);
    }
    this.#watchDeadline(nearest, now);
    for (const waiter of late) this.#timeOutOne(waiter);
    if (late.length > 0) this.#options.left();
  }

  #timeOutOne(waiter: Waiter<T>): void {
    // What a listener did when it heard of the one before may have served this one.
    if (!waiter.isWaiting) return;
    this.#remove(waiter);
    const cause = this.#options.reasonToWait();
    const timeoutMs = waiter.deadline - waiter.since;
    this.#reject(waiter, 'timeout', new PoolError('ERR_POOL_TIMEOUT', `no resource within ${timeoutMs} ms`, cause === undefined ? {} : { cause }));
  }
}
