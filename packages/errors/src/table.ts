/**
 * The names of everything that can go wrong towards a caller; one for each row of the table in protocol.md.
 */
export type ErrorName =
  | 'internal'
  | 'databaseUnavailable'
  | 'cacheUnavailable'
  | 'protocol'
  | 'timeout'
  | 'overloaded'
  | 'tooManyInFlight'
  | 'slowConsumer'
  | 'shuttingDown'
  | 'tooLarge'
  | 'invalidInput'
  | 'notFound'
  | 'gameNotFound'
  | 'operationNotFound'
  | 'alreadyExists'
  | 'versionConflict'
  | 'insufficient'
  | 'invalidTransition'
  | 'idempotencyReused'
  | 'idempotencyInFlight'
  | 'notAuthenticated'
  | 'tokenExpired'
  | 'credentialInvalid'
  | 'notPermitted'
  | 'rateLimited';

/** One row of {@link errorTable}. */
export interface ErrorEntry {
  /** The number on the wire: 1xxx the service, 2xxx the request, 3xxx the caller. */
  readonly code: number;
  /** The HTTP status that carries it, or null where HTTP has no such situation (1007 closes a TCP connection). */
  readonly http: number | null;
  /** A few words for people; the `title` of `application/problem+json`. */
  readonly title: string;
}

/**
 * The error table of protocol.md: TCP, HTTP and WebSocket share it.
 *
 * @example
 * ```ts
 * import { errorTable } from '@midgard/errors';
 * errorTable.versionConflict; // { code: 2006, http: 409, title: 'version conflict' }
 * ```
 */
export const errorTable: Readonly<Record<ErrorName, ErrorEntry>> = Object.freeze({
  internal: entry(1000, 500, 'internal error'),
  databaseUnavailable: entry(1001, 503, 'database unavailable'),
  cacheUnavailable: entry(1002, 503, 'cache unavailable'),
  protocol: entry(1003, 400, 'protocol error'),
  timeout: entry(1004, 504, 'timeout'),
  overloaded: entry(1005, 503, 'overloaded'),
  tooManyInFlight: entry(1006, 429, 'too many in flight'),
  slowConsumer: entry(1007, null, 'slow consumer'),
  shuttingDown: entry(1008, 503, 'shutting down'),
  tooLarge: entry(1009, 413, 'frame or body too large'),
  invalidInput: entry(2001, 400, 'invalid input'),
  notFound: entry(2002, 404, 'not found'),
  gameNotFound: entry(2003, 404, 'game not found or disabled'),
  operationNotFound: entry(2004, 404, 'operation not found'),
  alreadyExists: entry(2005, 409, 'already exists'),
  versionConflict: entry(2006, 409, 'version conflict'),
  insufficient: entry(2007, 422, 'insufficient balance or quantity'),
  invalidTransition: entry(2008, 409, 'invalid state transition'),
  idempotencyReused: entry(2009, 422, 'idempotency key reused with another input'),
  idempotencyInFlight: entry(2010, 409, 'idempotency key still in flight'),
  notAuthenticated: entry(3001, 401, 'not authenticated'),
  tokenExpired: entry(3002, 401, 'token expired'),
  credentialInvalid: entry(3003, 401, 'token or key invalid or revoked'),
  notPermitted: entry(3004, 403, 'not permitted'),
  rateLimited: entry(3005, 429, 'rate limited'),
});

const namesByCode: ReadonlyMap<number, ErrorName> = new Map(errorNames().map((name) => [errorTable[name].code, name]));

/**
 * @param code any number, for instance one that came over the wire
 * @returns whether protocol.md knows the code
 */
export function isErrorCode(code: number): boolean {
  return namesByCode.has(code);
}

/**
 * Names a code that came over the wire.
 *
 * @param code any number
 * @returns the name, or undefined for a code of a newer or foreign server
 */
export function errorNameOf(code: number): ErrorName | undefined {
  return namesByCode.get(code);
}

/**
 * The HTTP status for a code. A code without one (1007) or an unknown code is answered with 500, because an
 * answer must have a status and nothing truer can be said.
 *
 * @param code a numeric error code
 * @returns 400–599
 */
export function httpStatusOf(code: number): number {
  const name = namesByCode.get(code);
  return (name === undefined ? null : errorTable[name].http) ?? 500;
}

/**
 * @param name any string
 * @returns whether it is a name of {@link errorTable}; own keys only, so `toString` is none
 */
export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(errorTable, name);
}

function entry(code: number, http: number | null, title: string): ErrorEntry {
  return Object.freeze({ code, http, title });
}

function errorNames(): ErrorName[] {
  return Object.keys(errorTable).filter((name) => isErrorName(name));
}
