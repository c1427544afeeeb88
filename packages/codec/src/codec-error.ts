/**
 * Stable codes of {@link CodecError}.
 *
 * - `ERR_CODEC_PROTOCOL`: the peer broke the protocol (1003); the connection must be closed.
 * - `ERR_CODEC_TOO_LARGE`: a frame or an inflated body is beyond the frame limit (1009); on receipt the connection must be closed.
 * - `ERR_CODEC_BODY`: a body does not decode or has the wrong shape (2001); the connection goes on.
 * - `ERR_CODEC_ARGUMENT`: the caller passed something that no frame can carry; a fault of our own program.
 */
export type CodecErrorCode = 'ERR_CODEC_PROTOCOL' | 'ERR_CODEC_TOO_LARGE' | 'ERR_CODEC_BODY' | 'ERR_CODEC_ARGUMENT';

/** The only error that this library throws. Its message names no input bytes, so it may be shown to the peer. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  /** What went wrong, stable across versions. */
  readonly code: CodecErrorCode;
  /** Path of the field at fault, such as `auth.kind`; only with `ERR_CODEC_BODY` from a body of fixed shape. */
  readonly path?: string;

  /**
   * @param code what went wrong
   * @param message one sentence for people; shows nothing secret
   * @param options.path field at fault
   * @param options.cause error of the library below, never shown to a peer
   */
  constructor(code: CodecErrorCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.path !== undefined) this.path = options.path;
  }
}
