/** What the pool needs of a clock. Only differences of `now` matter, so the default is a clock that never jumps. */
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

/** The monotonic clock of the process. */
export const monotonicClock: Clock = { now: () => performance.now() };

/** What setTimeout takes at most, 24.8 days; above it fires at once. */
const maxDelayMs = 2 ** 31 - 1;

/** The timers of the process. None of them keeps it alive. */
export const processTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, maxDelayMs)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
