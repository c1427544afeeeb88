import { type Condition, requireColumn } from './conditions.ts';
import type { RowValues } from './dialects/dialect.ts';
import type { Entity, NewRow } from './entity.ts';
import { DaoError } from './errors.ts';
import { checkValue } from './values.ts';

/**
 * Fills in a new row: managed columns, and null for nullable ones that were left out.
 *
 * @throws {DaoError} `ERR_DAO_INPUT`: an unknown or managed column is named; `ERR_DAO_RANGE`: a value is missing or does not fit
 */
export function completeRow(entity: Entity, row: RowValues, nowMs: number): RowValues {
  for (const name of Object.keys(row)) {
    if (requireColumn(entity, name).traits.role !== null) throw managedError(entity, name);
  }
  const complete: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(entity.columns)) {
    const { role, isNullable } = column.traits;
    if (role !== null) {
      complete[name] = role === 'version' ? 1 : new Date(nowMs);
      continue;
    }
    const value = row[name] ?? (isNullable || row[name] === null ? null : undefined);
    checkValue(entity, name, column, value);
    complete[name] = value;
  }
  return complete;
}

/**
 * Tells whether a row could be inserted, as far as its values go: for writes that are acknowledged before they are made.
 *
 * @throws {DaoError} `ERR_DAO_INPUT`: an unknown or managed column is named; `ERR_DAO_RANGE`: a value is missing or does not fit
 */
export function checkNewRow<E extends Entity>(entity: E, row: NewRow<E>): void {
  completeRow(entity, row, 0);
}

/** @returns the error for a column that only the library writes */
export function managedError(entity: Entity, name: string): DaoError {
  return new DaoError('ERR_DAO_INPUT', `${entity.name}.${name}: written by the library only`, { entity: entity.name, columns: [name] });
}

/**
 * @param key an object of the key's columns, or the value of the only one
 * @returns the values in the order of the key's columns
 * @throws {DaoError} `ERR_DAO_RANGE`: a value is missing or does not fit; `ERR_DAO_INPUT`: an unknown column is named
 */
export function keyValues(entity: Entity, key: unknown): readonly unknown[] {
  const names = entity.key;
  const values = isObject(key) ? names.map((name) => key[name]) : [key];
  if (isObject(key) && Object.keys(key).some((name) => !names.includes(name)))
    throw new DaoError('ERR_DAO_INPUT', `${entity.name}: a key names key columns only`, { entity: entity.name });
  for (const [index, name] of names.entries()) checkValue(entity, name, requireColumn(entity, name), values[index]);
  return values;
}

/** @returns a text that tells the keys of an entity apart, from the values in the order of the key's columns */
export function keyName(values: readonly unknown[]): string {
  // The usual key is one column, and lists of keys are long: nothing is quoted that nothing can be confused with.
  return values.length === 1 ? String(values[0]) : JSON.stringify(values.map(String));
}

function isObject(key: unknown): key is Readonly<Record<string, unknown>> {
  return typeof key === 'object' && key !== null;
}

/** @throws {DaoError} `ERR_DAO_INPUT`: a version is expected of an entity without one */
export function versionCondition(entity: Entity, expected: number | undefined): readonly Condition[] {
  if (expected === undefined) return [];
  const column = entity.managed.version;
  if (column === undefined) throw new DaoError('ERR_DAO_INPUT', `${entity.name} has no version`, { entity: entity.name });
  if (!Number.isInteger(expected)) throw versionConflict(entity);
  return [{ column, operator: 'eq', values: [expected] }];
}

/** @returns the error for a row with another version than expected */
export function versionConflict(entity: Entity): DaoError {
  return new DaoError('ERR_DAO_VERSION', `${entity.name} has another version`, { entity: entity.name });
}

/** @returns the error for a key without a row */
export function notFound(entity: Entity): DaoError {
  return new DaoError('ERR_DAO_NOT_FOUND', `${entity.name} not found`, { entity: entity.name });
}
