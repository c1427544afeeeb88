/** Calls a listener. What it throws becomes an uncaught exception of its own: it must not leave the books of the caller half written. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
