/** Where the time comes from. */
export interface Clock {
  /** Milliseconds since the epoch. */
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

/** The time of day that never jumps: it starts with the process and runs evenly, so that what counts time is not misled when the clock is set. */
export const steadyClock: Clock = { now: () => performance.timeOrigin + performance.now() };

/** The time of day, for what others compare with their own clock: signatures, silences, the start of an alert. */
export const wallClock: Clock = { now: () => Date.now() };

/** What setTimeout takes at most, 24.8 days; above it fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The timers of the process. None of them keeps it alive. */
export const processTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, maxTimerMs)).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
