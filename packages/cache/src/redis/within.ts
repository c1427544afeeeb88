/**
 * Waits no longer than this for a promise; what it comes to after that is ignored.
 *
 * An answer that has arrived while this process was busy counts as in time: so a stalled event loop is not taken for a silent server.
 *
 * @param late makes the error where time is over
 */
export function within<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  const { promise: waited, resolve, reject } = Promise.withResolvers<T>();
  // Timers come before the network in a turn of the loop, and immediates after it.
  const timer = setTimeout(() => setImmediate(() => reject(late())), timeoutMs);
  promise.then(
    (value) => {
      clearTimeout(timer);
      resolve(value);
    },
    (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    },
  );
  return waited;
}
