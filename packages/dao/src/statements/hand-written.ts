import type { SQL } from 'drizzle-orm';
import { DaoError } from '../errors.ts';
import type { Flavor } from './flavor.ts';

const writing: ReadonlySet<string> = new Set(['insert', 'update', 'delete']);

/**
 * Renders a hand-written statement. Others than these would take the connection out of our hands: BEGIN, COMMIT, SET, PRAGMA, ATTACH.
 *
 * A common table expression (`with`) may hide a write from the look at the first word: there the connection must refuse it.
 *
 * @throws {DaoError} `ERR_DAO_STATEMENT`: another kind of statement; `ERR_DAO_READ_ONLY`; `ERR_DAO_RANGE`: a value that cannot be bound
 */
export function requireStatement<Cell>(flavor: Flavor<Cell>, statement: SQL, isWritable: boolean): { readonly text: string; readonly values: readonly Cell[] } {
  const { text, values } = flavor.render(statement);
  const [, verb = ''] = /^\s*([a-z]+)\b/i.exec(text) ?? [];
  const isWrite = writing.has(verb.toLowerCase());
  if (!isWrite && !['select', 'with'].includes(verb.toLowerCase()))
    throw new DaoError('ERR_DAO_STATEMENT', 'a statement begins with select, insert, update, delete or with');
  if (isWrite && !isWritable) throw readOnlyError();
  return { text, values: values.map((value) => flavor.codec.encodeLoose(value)) };
}

/** @returns the error for a write inside of a read */
export function readOnlyError(): DaoError {
  return new DaoError('ERR_DAO_READ_ONLY', 'a read cannot write: use transaction');
}
