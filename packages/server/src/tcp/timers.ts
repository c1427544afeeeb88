import type { Timers as Once } from '@midgard/queue';

/** Runs something once, or again and again; injected, so that tests decide when time passes. */
export interface Timers extends Once {
  /** The time that they go by, in milliseconds since some moment. Never goes back, and does not jump when somebody sets the clock. */
  now(): number;

  /**
   * @param ms time between two runs
   * @param run called once every `ms`
   * @returns stops it
   */
  every(ms: number, run: () => void): () => void;
}

/** The timers of the process; they do not keep it alive. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};
