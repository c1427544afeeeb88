/**
 * Lets an error that nobody here may handle become an uncaught exception on a turn of its own, as that of a `setTimeout` callback
 * would: the work under way is finished first, and nothing is swallowed.
 */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Calls a listener, whose own mistakes must not reach the work that it hears of. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    throwLater(error);
  }
}
