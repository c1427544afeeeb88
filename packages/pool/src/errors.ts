/** `SIZE`: a bound makes no sense; `NOT_LENT`: released twice, or something that this pool never lent (told in debug mode only). */
export type PoolErrorCode = 'ERR_POOL_SIZE' | 'ERR_POOL_NOT_LENT';

/** The one error of this library: a mistake of the program. */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly code: PoolErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   */
  constructor(code: PoolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
