/**
 * `OPTIONS`: a setting makes no sense, the message names it; `CLASH`: a name is taken; `UNKNOWN`: nothing has that name;
 * `DELIVERY`: a channel did not take a message.
 */
export type HealthErrorCode = 'ERR_HEALTH_OPTIONS' | 'ERR_HEALTH_CLASH' | 'ERR_HEALTH_UNKNOWN' | 'ERR_HEALTH_DELIVERY';

/** The one error of this library. Its message holds no secret, no address and no text of a third party. */
export class HealthError extends Error {
  override readonly name: string = 'HealthError';
  readonly code: HealthErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   */
  constructor(code: HealthErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a program calls an error: `ECONNREFUSED`, `ERR_POOL_EXHAUSTED`. A message is no such thing, since it may tell of hosts and secrets. */
const wordOfError = /^[A-Z][A-Z0-9_]{0,47}$/;

/**
 * The word for what was thrown that may be shown and logged.
 *
 * @param error anything that was thrown
 * @param otherwise where it has no code that is a plain word
 */
export function reasonOf(error: unknown, otherwise: string): string {
  if (!(error instanceof Error)) return otherwise;
  const own = 'code' in error ? error.code : undefined;
  if (typeof own === 'string' && wordOfError.test(own)) return own;
  return error.cause === undefined ? otherwise : reasonOf(error.cause, otherwise);
}
