import { DaoError, type DaoErrorCode } from '../errors.ts';
import type { Schema } from './schema.ts';

/** What says that the statement and the rows do not fit each other, and not that the database cannot be reached or is busy. */
const refusals: ReadonlySet<DaoErrorCode> = new Set(['ERR_DAO_STATEMENT', 'ERR_DAO_DUPLICATE', 'ERR_DAO_RANGE']);

/** @returns what a failed step of a migration means: `ERR_DAO_SCHEMA` with this message where the database refused it */
export function stepError(schema: Schema, cause: unknown, { message, entity }: { readonly message: string; readonly entity?: string }): DaoError {
  const known = schema.toDaoError(cause);
  return refusals.has(known.code) ? new DaoError('ERR_DAO_SCHEMA', message, { entity, cause }) : known;
}
