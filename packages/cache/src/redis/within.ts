/**
 * Waits no longer than this for a promise; what it comes to after that is ignored.
 *
 * @param late makes the error where time is over
 */
export function within<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  const { promise: waited, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(late()), timeoutMs);
  void promise.then(resolve, reject).finally(() => clearTimeout(timer));
  return waited;
}
