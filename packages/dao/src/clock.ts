/** Where the time comes from; tests give their own. */
export interface Clock {
  /** @returns milliseconds since 1970-01-01 UTC */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
