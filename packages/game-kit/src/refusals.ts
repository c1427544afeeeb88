import { DaoError, type DaoErrorCode } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import { MidgardError } from '@midgard/errors';

/** One thing that is wrong with an input, as `details.issues` of code 2001 lists them. */
export interface InputIssue {
  /** Where: names and indexes joined by dots, `''` for the input as a whole. */
  readonly path: string;
  readonly message: string;
  /** What would have been right. */
  readonly expected: string;
}

/**
 * The error of an input that no handler should see (2001).
 *
 * @param issues at least one
 */
export function invalidInput(issues: readonly InputIssue[]): MidgardError {
  const first = issues[0];
  const where = first === undefined || first.path === '' ? '' : ` at ${first.path}`;
  return new MidgardError('invalidInput', first === undefined ? '' : `invalid input${where}: ${first.message}`, {
    details: { issues: issues.map(({ path, message, expected }) => ({ path, message, expected })) },
  });
}

/**
 * The error of a row that is not there (2002).
 *
 * @param entity its kind, for people
 * @param id its key
 */
export function notFound(entity: string, id: bigint | string): MidgardError {
  return new MidgardError('notFound', `no such ${entity}`, { details: { entity, id: String(id) } });
}

/**
 * The error of a change that a row's state does not allow (2008).
 *
 * @param entity its kind, for people
 * @param id its key
 * @param from the state that it is in
 * @param to the state or act that was asked for
 */
export function invalidTransition(entity: string, id: bigint, from: string, to: string): MidgardError {
  return new MidgardError('invalidTransition', `the ${entity} is ${from}: ${to} is not possible`, { details: { entity, id: String(id), from, to } });
}

/**
 * Whether an error is the database library's, of that code.
 *
 * @param error anything that was thrown
 * @param codes the codes that count
 */
export function isDaoError(error: unknown, ...codes: readonly DaoErrorCode[]): error is DaoError {
  return error instanceof DaoError && codes.includes(error.code);
}

/**
 * Runs a write and says "already exists" (2005) in the caller's words where a unique index refuses it.
 *
 * @param work the write
 * @param message what exists already
 * @param details which field the caller must change
 */
export async function orAlreadyExists<T>(work: () => Promise<T>, message: string, details: JsonValue): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDaoError(error, 'ERR_DAO_DUPLICATE')) throw new MidgardError('alreadyExists', message, { details, cause: error });
    throw error;
  }
}
