/** How a thread waits for a word of shared memory to change. The real one is {@link threadWaits}; tests bring their own. */
export interface ThreadWaits {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Blocks this thread until it is notified, the word differs from `value`, or the time is over. */
  block(words: Int32Array<SharedArrayBuffer>, index: number, value: number, timeoutMs: number): void;
  /** The same without blocking. */
  pause(words: Int32Array<SharedArrayBuffer>, index: number, value: number, timeoutMs: number): Promise<void>;
}

/** The longest time that a timer takes. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits by `Atomics.wait` and `Atomics.waitAsync`. */
export const threadWaits: ThreadWaits = {
  now: () => performance.now(),
  block: (words, index, value, timeoutMs) => {
    Atomics.wait(words, index, value, timeoutMs);
  },
  pause: async (words, index, value, timeoutMs) => {
    const { async: isAsync, value: woken } = Atomics.waitAsync(words, index, value, timeoutMs);
    if (!isAsync) return;
    // A pending waitAsync does not keep Node's event loop alive: a worker that only waits would end in the middle of it.
    const holdsLoop = setInterval(() => {}, longestTimerMs);
    await woken;
    clearInterval(holdsLoop);
  },
};

/** Wakes whoever set the word to 1 and waits on it. Costs one load while nobody does: a notify is a call into the runtime. */
export function wake(words: Int32Array<SharedArrayBuffer>, index: number): void {
  if (Atomics.load(words, index) === 0) return;
  if (Atomics.exchange(words, index, 0) !== 0) Atomics.notify(words, index);
}
