/** What the client needs of time. Only differences of `now` matter, so the default is a clock that never jumps. */
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
   * @param callback called once
   * @param delayMs at least 0
   */
  after(delayMs: number, callback: () => void): Timer;
}

/** The monotonic clock of the process. */
export const monotonicClock: Clock = { now: () => performance.now() };

/** The timers of the process. */
export const processTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
