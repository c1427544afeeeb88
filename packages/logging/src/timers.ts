/** Sets timers; a test gives one that it moves by hand. */
export interface LogTimers {
  /**
   * @param delayMs at least 0
   * @param callback called once, unless the function that comes back was called before
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** The timers of the process; none of them keeps it alive. */
export const systemTimers: LogTimers = {
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
