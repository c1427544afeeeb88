/** Where the time comes from: epoch milliseconds. `Date` itself is one; tests give a clock that they turn by hand. */
export interface Clock {
  now(): number;
}
