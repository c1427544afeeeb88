import { WorkersError } from './errors.ts';

/** Where the time comes from. Only differences matter, so the default is a clock that never jumps. */
export interface Clock {
  /** Milliseconds since any fixed point. */
  now(): number;
}

/** A timer that has been set and can be called off. */
export interface Timer {
  /** Calls it off; harmless once it has fired. */
  cancel(): void;
}

/** Sets timers; a test gives one that it moves by hand. */
export interface Timers {
  /**
   * @param delayMs at least 0
   * @param callback called once
   */
  after(delayMs: number, callback: () => void): Timer;
}

/** `setTimeout` fires at once for more than this, 24.8 days. */
export const maxTimerMs = 2_147_483_647;

/** The monotonic clock of the process. */
export const monotonicClock: Clock = { now: () => performance.now() };

/** Timers that keep the process alive, for what somebody awaits. */
export const processTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Timers that do not keep the process alive, for housekeeping and for what a running thread keeps alive anyway. */
export const backgroundTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** @throws {WorkersError} `ERR_WORKERS_OPTIONS`: not above 0, or more than a timer can count and not Infinity */
export function requireTimeout(field: string, ms: number): void {
  const isSound = ms > 0 && (ms <= maxTimerMs || ms === Infinity);
  if (!isSound) throw new WorkersError('ERR_WORKERS_OPTIONS', `${field} must be milliseconds above 0, up to ${maxTimerMs}, or Infinity`);
}
