import { setImmediate } from 'node:timers/promises';

/** How long work that can wait keeps the event loop, and how it lets others have it. */
export interface Pace {
  /** Milliseconds that never go back. */
  now(): number;
  /** Resolves when others had their turn. */
  rest(): Promise<unknown>;
}

/** Turns of the event loop. */
export const loopPace: Pace = { now: () => performance.now(), rest: () => setImmediate() };

/** A fifth of what a caller would notice: a step may itself take some. */
const longestMs = 1;
/** The clock takes about as long as a step. */
const stepsBetweenLooks = 8;

/** Does the steps of some work, and in between lets others have the event loop. */
export async function atPace(steps: Iterable<unknown>, pace: Pace): Promise<void> {
  let since = pace.now();
  let count = 0;
  for (const _ of steps) {
    count += 1;
    if (count % stepsBetweenLooks !== 0 || pace.now() - since < longestMs) continue;
    await pace.rest();
    since = pace.now();
  }
}
