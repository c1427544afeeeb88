/**
 * What can be wrong with a credential or with the set-up of this library. A service answers
 * `REQUIRED` with 3001, `EXPIRED` with 3002, `INVALID` with 3003, `FORBIDDEN` with 3004, `LIMITED` with 3005, `OVERLOADED` with 1005;
 * `OPTIONS` is a mistake of the program and never the caller's fault.
 */
export type AuthErrorCode =
  | 'ERR_AUTH_REQUIRED'
  | 'ERR_AUTH_EXPIRED'
  | 'ERR_AUTH_INVALID'
  | 'ERR_AUTH_FORBIDDEN'
  | 'ERR_AUTH_LIMITED'
  | 'ERR_AUTH_OVERLOADED'
  | 'ERR_AUTH_OPTIONS';

/**
 * The one error of this library. Its message is safe to show to the caller: it never holds a credential,
 * and one message stands for every way in which a credential can be wrong, so that it teaches an attacker nothing.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people; holds no secret
   * @param options.cause what led to it, for the log only
   */
  constructor(code: AuthErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
