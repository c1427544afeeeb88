/** `OPTIONS`: a bound, a size or a time makes no sense. */
export type QueueErrorCode = 'ERR_QUEUE_OPTIONS';

/** The one error of this library. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   * @param options.cause what went wrong below, where something did
   */
  constructor(code: QueueErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
