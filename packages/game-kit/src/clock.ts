/** Where the time comes from: epoch milliseconds. Tests hand in their own. */
export interface Clock {
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
