/** `OPTIONS`: a bound, a size or a time makes no sense. */
export type RingBufferErrorCode = 'ERR_RING_OPTIONS';

/** The one error of this library. */
export class RingBufferError extends Error {
  override readonly name = 'RingBufferError';
  readonly code: RingBufferErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   * @param options.cause what went wrong below, where something did
   */
  constructor(code: RingBufferErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
