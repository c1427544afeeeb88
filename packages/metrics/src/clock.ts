/** The time, as a registry asks for it. */
export interface MetricsClock {
  /** Epoch milliseconds: what several processes write is compared. */
  now(): number;
  /** Runs something once, later, and keeps no process alive; gives a function that calls it off. */
  after(milliseconds: number, run: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: MetricsClock = {
  now: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
