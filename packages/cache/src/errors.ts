/**
 * - `OPTIONS`: a bound, a time or a policy makes no sense
 * - `SIZE`: `sizeOf` gave something other than a number of 0 or more
 * - `TIER`: the shared tier cannot be reached or did not answer in time: whether it did what it was asked is unknown
 * - `TIER_SPARED`: the shared tier was not asked, since it failed a moment ago
 * - `BUS`: other instances could not be told
 * - `LOADER_TIMEOUT`: a loader took longer than its hard time-out
 * - `LOADER`: a loader of many gave not one value for each key
 * - `ENCODING`: what the shared tier holds cannot be read, or a value cannot be encoded
 */
export type CacheErrorCode =
  | 'ERR_CACHE_OPTIONS'
  | 'ERR_CACHE_SIZE'
  | 'ERR_CACHE_TIER'
  | 'ERR_CACHE_TIER_SPARED'
  | 'ERR_CACHE_BUS'
  | 'ERR_CACHE_LOADER_TIMEOUT'
  | 'ERR_CACHE_LOADER'
  | 'ERR_CACHE_ENCODING';

/** The one error of this library. What a loader throws goes through unchanged. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   * @param options.cause what led to it; never for a client's eyes
   */
  constructor(code: CacheErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
