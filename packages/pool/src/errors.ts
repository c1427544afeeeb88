/**
 * What went wrong. Of all pools:
 * - `ERR_POOL_SIZE`: a number of objects or bytes makes no sense
 * - `ERR_POOL_NOT_LENT`: given back twice, or never lent by this pool
 *
 * Of `BufferPool`:
 * - `ERR_POOL_EXHAUSTED`: the hard budget of bytes is spent
 * - `ERR_POOL_USED_AFTER_RELEASE`: in debug mode, somebody wrote into a buffer after giving it back; `cause` says who gave it back
 *
 * Of `ResourcePool`:
 * - `ERR_POOL_OPTIONS`: an option makes no sense
 * - `ERR_POOL_TIMEOUT`: time was up; of an `acquire`, `cause` is the last failure to create, if there was one
 * - `ERR_POOL_OVERLOADED`: too many wait already
 * - `ERR_POOL_CREATE`: no resource could be made, and none was out that might come back; `cause` says why
 * - `ERR_POOL_CLOSED`: the pool is closing or closed
 */
export type PoolErrorCode =
  | 'ERR_POOL_SIZE'
  | 'ERR_POOL_NOT_LENT'
  | 'ERR_POOL_EXHAUSTED'
  | 'ERR_POOL_USED_AFTER_RELEASE'
  | 'ERR_POOL_OPTIONS'
  | 'ERR_POOL_TIMEOUT'
  | 'ERR_POOL_OVERLOADED'
  | 'ERR_POOL_CREATE'
  | 'ERR_POOL_CLOSED';

/** The one error of this library. */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly code: PoolErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   * @param options `cause`: what led to it
   */
  constructor(code: PoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
