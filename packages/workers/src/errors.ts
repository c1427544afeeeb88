/** `OPTIONS`: a bound, a size or a time makes no sense. */
export type WorkersErrorCode = 'ERR_WORKERS_OPTIONS';

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
