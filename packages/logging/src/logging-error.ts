/** The codes of {@link LoggingError}. */
export type LoggingErrorCode =
  /** A setting that is out of its range. */
  | 'ERR_LOG_OPTIONS'
  /** The folder of the log files cannot be made or written. */
  | 'ERR_LOG_FOLDER';

/** A log that is set up wrongly, found where it is set up. Nothing that is logged makes one. */
export class LoggingError extends Error {
  override readonly name: string = 'LoggingError';
  readonly code: LoggingErrorCode;

  /**
   * @param code tells what is wrong
   * @param message names the setting and what was expected
   * @param options.cause what the system said
   */
  constructor(code: LoggingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
