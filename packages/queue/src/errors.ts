/**
 * - `OPTIONS`: a bound, a size or a time makes no sense
 * - `FULL`: more waits than the bound allows; try again later
 * - `CLOSED`: nothing is taken any more
 * - `DATA`: what a job carries does not parse, or is not JSON
 * - `UNAVAILABLE`: Redis did not confirm in time; what was asked of it may be done or not
 * - `REDIS_POLICY`: this Redis may evict, and so lose, jobs
 * - `REDIS_DURABILITY`: this Redis keeps no append-only file, and so loses jobs when it restarts
 * - `SIZE`: an item is heavier than the bound, or its weight makes no sense
 * - `BATCH`: the handler of a batch gave other than one result for each item
 * - `CRON`: a cron pattern or a time zone cannot be read, or names a time that never comes
 * - `JOB`: a name is taken, or there is no job of it, or it runs and must not run twice at a time
 * - `LOG_LOCKED`: another log has the folder open
 * - `LOG_RECORD`: a record is larger than the bound
 * - `LOG_FULL`: the disk, or the log by its own bound, is full
 * - `LOG_WRITE`: the disk failed, and nothing of what was refused is on it
 * - `LOG_FAILED`: the disk failed, and it cannot be told what is on it
 * - `LOG_CORRUPT`: a record is damaged or missing where no crash can have done it
 */
export type QueueErrorCode =
  | 'ERR_QUEUE_OPTIONS'
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUEUE_CLOSED'
  | 'ERR_QUEUE_DATA'
  | 'ERR_QUEUE_UNAVAILABLE'
  | 'ERR_QUEUE_REDIS_POLICY'
  | 'ERR_QUEUE_REDIS_DURABILITY'
  | 'ERR_QUEUE_SIZE'
  | 'ERR_QUEUE_BATCH'
  | 'ERR_QUEUE_CRON'
  | 'ERR_QUEUE_JOB'
  | 'ERR_QUEUE_LOG_LOCKED'
  | 'ERR_QUEUE_LOG_RECORD'
  | 'ERR_QUEUE_LOG_FULL'
  | 'ERR_QUEUE_LOG_WRITE'
  | 'ERR_QUEUE_LOG_FAILED'
  | 'ERR_QUEUE_LOG_CORRUPT';

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
