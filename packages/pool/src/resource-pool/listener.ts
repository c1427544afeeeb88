/** Why a resource was destroyed; `late`: it was made after its time was up or nobody wanted it any more. */
export type DestroyReason = 'idle' | 'lifetime' | 'unhealthy' | 'discarded' | 'resized' | 'closed' | 'late';

/** Why an `acquire` got nothing. */
export type AcquireFailure = 'timeout' | 'aborted' | 'overloaded' | 'create' | 'closed';

/** A resource that was borrowed long ago and has not come back. */
export interface Leak<T> {
  readonly resource: T;
  readonly heldMs: number;
  /** Where it was acquired, if this loan was a sampled one. */
  readonly stack: string | undefined;
}

/**
 * Hears what a {@link ResourcePool} does, for metrics and logs. All members are optional; each is called when the pool is
 * at rest, so it may call the pool. What a member throws does not reach the pool or its callers: it becomes an uncaught exception.
 */
export interface ResourcePoolListener<T> {
  /** `created` less `destroyed` and `destroyFailed` is what lives. */
  created?(resource: T, tookMs: number): void;
  createFailed?(error: unknown): void;
  /** It was destroyed, and `destroy` came to a good end. */
  destroyed?(resource: T, reason: DestroyReason): void;
  /** `destroy` threw, rejected or took too long; the pool forgets the resource all the same. */
  destroyFailed?(resource: T, reason: DestroyReason, error: unknown): void;
  /** A health check threw, rejected, took too long (`error`) or said no (no `error`). */
  checkFailed?(resource: T, error?: unknown): void;
  acquired?(resource: T, waitMs: number): void;
  acquireFailed?(reason: AcquireFailure, waitMs: number): void;
  /** It came back, by `release` or `discard`. */
  released?(resource: T, heldMs: number): void;
  /** It has been out for `leaks.afterMs`; told once a loan. */
  leaked?(leak: Leak<T>): void;
}

/** Calls a listener so that its mistakes are seen, but not in the middle of the pool's work. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
