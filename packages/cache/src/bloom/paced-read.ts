import type { Timers } from '@midgard/pool';
import type { Clock } from '../clock.ts';

/** How {@link pacedRead} keeps its place among the other works of the process and of the database. */
export interface Pace {
  readonly maxKeysPerSecond: number;
  readonly pageTimeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Longest that keys are taken without letting anything else run. */
const maxTurnMs = 2;
/** Keys between two looks at the clock: some 50 µs. */
const keysPerLook = 512;

/**
 * Reads pages of keys to their end, no faster than the pace, and lets the event loop turn after 2 ms of work, however long a page is.
 *
 * @param take told of each key; false: enough, read no further
 * @throws what the source throws, the reason of the signal once it is aborted, and a `TimeoutError` when a page takes too long
 */
export async function pacedRead<K>(
  source: (signal: AbortSignal) => AsyncIterable<readonly K[]>,
  take: (key: K) => boolean,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  const pages = source(signal)[Symbol.asyncIterator]();
  let isAtEnd = false;
  try {
    for (;;) {
      const askedAt = pace.clock.now();
      const page = await soon(() => pages.next(), pace, signal);
      isAtEnd = page.done === true;
      if (page.done === true || !(await takePage(page.value, take, pace, signal))) return;
      await pause(askedAt + (page.value.length / pace.maxKeysPerSecond) * 1000 - pace.clock.now(), pace, signal);
    }
  } finally {
    // Not waited for: a source that hangs would hang this too.
    if (!isAtEnd) void Promise.resolve(pages.return?.()).catch(() => {});
  }
}

async function takePage<K>(page: readonly K[], take: (key: K) => boolean, pace: Pace, signal: AbortSignal): Promise<boolean> {
  let turnBegan = pace.clock.now();
  for (const [i, key] of page.entries()) {
    if (!take(key)) return false;
    if (i % keysPerLook === keysPerLook - 1 && pace.clock.now() - turnBegan >= maxTurnMs) {
      await pause(0, pace, signal);
      turnBegan = pace.clock.now();
    }
  }
  return true;
}

async function pause(delayMs: number, { timers }: Pace, signal: AbortSignal): Promise<void> {
  if (delayMs < 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = timers.after(delayMs, resolve);
  try {
    await orAborted(promise, signal);
  } finally {
    timer.cancel();
  }
}

async function soon<T>(work: () => Promise<T>, { timers, pageTimeoutMs }: Pace, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = timers.after(pageTimeoutMs, () => reject(new DOMException(`no page of keys within ${pageTimeoutMs} ms`, 'TimeoutError')));
  try {
    return await orAborted(Promise.race([work(), promise]), signal);
  } finally {
    timer.cancel();
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
