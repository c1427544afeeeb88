/** `OPTIONS`: a bound, a time or a policy makes no sense; `SIZE`: `sizeOf` gave something other than a number of 0 or more. */
export type CacheErrorCode = 'ERR_CACHE_OPTIONS' | 'ERR_CACHE_SIZE';

/** The one error of this library: a mistake of the program that set the cache up. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   */
  constructor(code: CacheErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
