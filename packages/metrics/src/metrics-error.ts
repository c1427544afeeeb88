/** The codes of {@link MetricsError}. */
export type MetricsErrorCode =
  /** A name, a help text or a label name that Prometheus does not take. */
  | 'ERR_METRICS_NAME'
  /** Two metrics of one registry would write lines of one name. */
  | 'ERR_METRICS_CLASH'
  /** Labels of a series that are not those of its metric. */
  | 'ERR_METRICS_LABELS'
  /** Buckets that do not rise, or a number that is out of its range. */
  | 'ERR_METRICS_OPTIONS'
  /** What was to be merged is nothing that a registry of this version gives. */
  | 'ERR_METRICS_SNAPSHOT';

/** A metric that is defined or used wrongly: a fault of the program, found where it starts. */
export class MetricsError extends Error {
  override readonly name: string = 'MetricsError';
  readonly code: MetricsErrorCode;

  /**
   * @param code tells what is wrong
   * @param message for the developer
   */
  constructor(code: MetricsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
