import type { MergeRule } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';

/**
 * @returns that a sum would be beyond its column. It names every column that was added to: SQLite and MySQL do not say which one it was,
 *   and an error is to be the same on all dialects
 */
export function sumError(entity: Entity, { columns }: Extract<MergeRule, { kind: 'add' }>, cause?: unknown): DaoError {
  return new DaoError('ERR_DAO_RANGE', `${entity.name}: a sum would be beyond its column`, {
    entity: entity.name,
    columns: columns.map(({ column }) => column),
    cause,
  });
}

/** @returns what an error of a merge means: what is added fits its column, so that a value which does not was a sum */
export function mergeError(error: unknown, entity: Entity, rule: MergeRule): unknown {
  return rule.kind === 'add' && error instanceof DaoError && error.code === 'ERR_DAO_RANGE' ? sumError(entity, rule, error.cause) : error;
}
