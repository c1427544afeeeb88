/**
 * `OPTIONS`: a bound, a size or a time makes no sense; `OVERLOADED`: as many wait as may; `TIMEOUT`: it took or waited too long;
 * `CRASHED`: the thread under the task died; `CLOSED`: the pool takes no more, or its time of grace is over.
 */
export type WorkersErrorCode = 'ERR_WORKERS_OPTIONS' | 'ERR_WORKERS_OVERLOADED' | 'ERR_WORKERS_TIMEOUT' | 'ERR_WORKERS_CRASHED' | 'ERR_WORKERS_CLOSED';

/** The one error of this library. */
export class WorkersError extends Error {
  override readonly name = 'WorkersError';
  readonly code: WorkersErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   * @param options.cause what went wrong below, where something did
   */
  constructor(code: WorkersErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
