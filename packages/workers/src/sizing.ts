/** Between which bounds a pool has threads, and what makes it want more or fewer. */
export interface SizeLimits {
  readonly minThreads: number;
  readonly maxThreads: number;
  /** How long a task may wait before another thread is started, milliseconds. */
  readonly targetDelayMs: number;
  /** How long a thread may do nothing before it is stopped, milliseconds. */
  readonly idleMs: number;
}

/** How a pool stands. */
export interface PoolLoad {
  /** All threads, those included that are still starting. */
  readonly threads: number;
  readonly starting: number;
  readonly queued: number;
  /** How long the task that has waited longest has waited; 0 if none waits. */
  readonly oldestWaitMs: number;
  readonly idle: number;
  /** How long the thread that has idled longest has idled; 0 if none idles. */
  readonly longestIdleMs: number;
  /** How long ago a thread could not be started; Infinity: never. */
  readonly sinceFailedStartMs: number;
}

/** What to do now. */
export interface SizeDecision {
  readonly action: 'grow' | 'shrink' | 'hold';
  /** When to ask again if nothing happens before, milliseconds; Infinity: not before something happens. */
  readonly againInMs: number;
}

const grow: SizeDecision = Object.freeze({ action: 'grow', againInMs: 0 });
const shrink: SizeDecision = Object.freeze({ action: 'shrink', againInMs: 0 });

/** After a thread could not be started: long enough not to burn a core on attempts, short enough for whoever waits. */
export const retryStartMs = 1000;

/**
 * Whether a pool should have one thread more or one less: more when a task has waited for `targetDelayMs`, less when a thread has
 * idled for `idleMs`, never outside the bounds. One at a time: the wait that asked for a thread says nothing about a second before
 * the first one serves. Pure and O(1).
 *
 * The delay is that of the task that has waited longest and not a mean of those that started: it rises also while nothing
 * starts, and it is over as soon as the queue is (compare the sojourn time in CoDel, RFC 8289 §3).
 *
 * @see https://www.rfc-editor.org/rfc/rfc8289#section-3
 */
export function decideSize(load: PoolLoad, limits: SizeLimits): SizeDecision {
  // Without any thread nothing else would ever happen, so a failed start does not hold up the next: whoever waits learns of the failure.
  if (load.threads === 0 && load.queued > 0) return grow;
  const growInMs = timeToGrow(load, limits);
  if (growInMs <= 0) return grow;
  const shrinkInMs = load.idle > 0 && load.threads > limits.minThreads ? limits.idleMs - load.longestIdleMs : Infinity;
  if (shrinkInMs <= 0) return shrink;
  return { action: 'hold', againInMs: Math.min(growInMs, shrinkInMs) };
}

function timeToGrow(load: PoolLoad, { minThreads, maxThreads, targetDelayMs }: SizeLimits): number {
  const retryInMs = retryStartMs - load.sinceFailedStartMs;
  if (load.threads < minThreads) return retryInMs;
  if (load.threads >= maxThreads || load.queued === 0 || load.starting > 0) return Infinity;
  return Math.max(targetDelayMs - load.oldestWaitMs, retryInMs);
}
