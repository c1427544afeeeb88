import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Options of {@link IdleGc}. */
export interface IdleGcOptions {
  /** A number that rises with everything that is done for somebody. */
  readonly done: () => number;
  /** Time in which nothing is done after which it is quiet, in milliseconds. */
  readonly quietMs: number;
  /** Least time from one collection to the next, in milliseconds. */
  readonly minIntervalMs: number;
  readonly collect: () => void;
  /** Milliseconds that never go back (default: `performance`). */
  readonly clock?: { now(): number };
}

/** Collects garbage once in each quiet period, while nobody waits for an answer. Call {@link IdleGc.look} a few times in `quietMs`. */
export class IdleGc {
  readonly #options: Required<IdleGcOptions>;
  #done = 0;
  #quietSinceMs: number;
  #collectedAtMs = -Infinity;
  /** Whether anything was done since the last collection: else there is no garbage worth a pause. */
  #hasWork = false;

  constructor(options: IdleGcOptions) {
    this.#options = { clock: performance, ...options };
    this.#quietSinceMs = this.#options.clock.now();
  }

  /** Looks whether it is quiet, and collects if so. O(1) beside the collection. @returns whether it did */
  look(): boolean {
    const { done, quietMs, minIntervalMs, collect, clock } = this.#options;
    const now = clock.now();
    const doneNow = done();
    if (doneNow !== this.#done) {
      this.#done = doneNow;
      this.#quietSinceMs = now;
      this.#hasWork = true;
      return false;
    }
    if (!this.#hasWork || now - this.#quietSinceMs < quietMs || now - this.#collectedAtMs < minIntervalMs) return false;
    this.#hasWork = false;
    this.#collectedAtMs = now;
    collect();
    return true;
  }
}

/**
 * V8's own collector as a function, without a flag on the command line: a context made after the flag is set has it.
 *
 * @returns a function that collects everything. Where most of the heap turns out to be free, as after many connections have closed, it gives the
 * pages back to the system as well, which a common collection keeps for later. That costs several collections, so it is not done while there is
 * much to keep: twelve processes of 17,000 connections each stood still for ten seconds together
 */
export function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new TypeError('V8 gave no gc()');
  return () => {
    const heldBytes = oldGenerationBytes();
    void collect({ type: 'major', execution: 'sync' });
    if (getHeapStatistics().used_heap_size < heldBytes / 2) void collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  };
}

/** Memory of the heap without the young generation, which is as large as it was made, whatever is in it. */
function oldGenerationBytes(): number {
  const old = getHeapSpaceStatistics().filter(({ space_name: name }) => name !== 'new_space');
  return old.reduce((sum, { space_size: bytes }) => sum + bytes, 0);
}
