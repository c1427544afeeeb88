/** Where the time comes from. What needs only differences takes any clock that never goes back; a {@link Scheduler} needs the time of day. */
export interface Clock {
  /** Milliseconds since any fixed point, or since the epoch where the time of day counts. */
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
   * @param delayMs at least 0 and at most {@link maxTimerMs}
   * @param callback called once
   * @param isIdle true: the process may end while it waits, as with `unref`; default false
   */
  after(delayMs: number, callback: () => void, isIdle?: boolean): Timer;
}

/** The longest that a timer of the process can wait: `setTimeout` takes more for 1 ms. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The monotonic clock of the process. */
export const monotonicClock: Clock = { now: () => performance.now() };

/** The timers of the process. */
export const processTimers: Timers = {
  after(delayMs, callback, isIdle = false) {
    const timer = setTimeout(callback, delayMs);
    if (isIdle) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Whether something comes to its end in time. What it ends with is not looked at, but it must not reject. */
export async function isWithin(end: Promise<unknown>, ms: number, timers: Timers): Promise<boolean> {
  const { promise: isOver, resolve } = Promise.withResolvers<false>();
  const timer = timers.after(Math.min(ms, maxTimerMs), () => resolve(false));
  const isEnded = await Promise.race([end.then(() => true), isOver]);
  timer.cancel();
  return isEnded;
}
