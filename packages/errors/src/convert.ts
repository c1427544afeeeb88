import type { JsonValue } from './midgard-error.ts';
import { MidgardError } from './midgard-error.ts';
import type { ErrorName } from './table.ts';
import { errorTable } from './table.ts';

/**
 * The one table from the libraries' string codes to the protocol's rows. What is missing here is a fault of ours
 * (a wrong option, a bad schema) and goes out as `internal`.
 */
const libraryCodes: ReadonlyMap<string, ErrorName> = new Map<string, ErrorName>([
  ['ERR_CODEC_PROTOCOL', 'protocol'],
  ['ERR_CODEC_TOO_LARGE', 'tooLarge'],
  ['ERR_CODEC_BODY', 'invalidInput'],
  ['ERR_POOL_EXHAUSTED', 'overloaded'],
  ['ERR_POOL_TIMEOUT', 'overloaded'],
  ['ERR_POOL_CLOSED', 'shuttingDown'],
  ['ERR_CACHE_UNAVAILABLE', 'cacheUnavailable'],
  ['ERR_CACHE_TIMEOUT', 'timeout'],
  ['ERR_DAO_NOT_FOUND', 'notFound'],
  ['ERR_DAO_VERSION', 'versionConflict'],
  ['ERR_DAO_DUPLICATE', 'alreadyExists'],
  ['ERR_DAO_UNAVAILABLE', 'databaseUnavailable'],
  ['ERR_DAO_CURSOR', 'invalidInput'],
  ['ERR_DAO_RANGE', 'invalidInput'],
  ['ERR_DAO_INSUFFICIENT', 'insufficient'],
  ['ERR_DAO_OVERLOADED', 'overloaded'],
  ['ERR_DAO_CONFLICT', 'overloaded'],
  ['ERR_DAO_CLOSED', 'shuttingDown'],
  ['ERR_DAO_TIMEOUT', 'timeout'],
  ['ERR_QUEUE_FULL', 'overloaded'],
  ['ERR_QUEUE_CLOSED', 'shuttingDown'],
  ['ERR_QUEUE_UNAVAILABLE', 'databaseUnavailable'],
  ['ERR_QUEUE_LOG_FULL', 'overloaded'],
  ['ERR_QUEUE_LOG_RECORD', 'tooLarge'],
  ['ERR_QUEUE_LOG_WRITE', 'databaseUnavailable'],
  ['ERR_QUEUE_LOG_FAILED', 'databaseUnavailable'],
  ['ERR_WORKERS_OVERLOADED', 'overloaded'],
  ['ERR_WORKERS_TIMEOUT', 'timeout'],
  ['ERR_WORKERS_CLOSED', 'shuttingDown'],
  ['ERR_AUTH_REQUIRED', 'notAuthenticated'],
  ['ERR_AUTH_EXPIRED', 'tokenExpired'],
  ['ERR_AUTH_INVALID', 'credentialInvalid'],
  ['ERR_AUTH_FORBIDDEN', 'notPermitted'],
  ['ERR_AUTH_LIMITED', 'rateLimited'],
  ['ERR_AUTH_OVERLOADED', 'overloaded'],
]);

/** Typed fields of library errors that a caller may know; everything else stays with the cause. */
const tellableFields = ['entity', 'columns', 'retryAfterMs'] as const;

/**
 * Turns anything that was thrown into the error that the caller sees.
 *
 * A {@link MidgardError} passes unchanged. A library's error is told by its string `code`: the row of the table gives
 * number and message, and only fields that are safe (`entity`, `columns`, `retryAfterMs`) become details. A library's own message
 * is never shown, since it may quote SQL or a path; the codec's is, for it speaks of the caller's bytes alone.
 * Everything else is `internal` with the message "internal error". The cause is kept for the log.
 *
 * @param error anything; O(1)
 * @example
 * ```ts
 * import { toMidgardError } from '@midgard/errors';
 * try {
 *   JSON.parse('{');
 * } catch (error) {
 *   toMidgardError(error).toBody(); // { code: 1000, message: 'internal error' }
 * }
 * ```
 */
export function toMidgardError(error: unknown): MidgardError {
  if (MidgardError.is(error)) return error;
  if (!(error instanceof Error)) return new MidgardError('internal', '', { cause: error });
  // AbortSignal.timeout() rejects with a DOMException of this name.
  if (error.name === 'TimeoutError') return new MidgardError('timeout', '', { cause: error });
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const name = libraryCodes.get(code);
  if (name === undefined) return new MidgardError('internal', '', { cause: error });
  const message = code.startsWith('ERR_CODEC_') ? error.message : errorTable[name].title;
  return new MidgardError(name, message, { details: tellable(error), cause: error });
}

function tellable(error: Error): JsonValue | undefined {
  const fields = new Map<string, unknown>(Object.entries(error));
  const told: Record<string, JsonValue> = {};
  for (const field of tellableFields) {
    const value = fields.get(field);
    if (isTellable(value)) told[field] = value;
  }
  return Object.keys(told).length === 0 ? undefined : told;
}

function isTellable(value: unknown): value is string | number | readonly string[] {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return typeof value === 'string' || typeof value === 'number';
}
