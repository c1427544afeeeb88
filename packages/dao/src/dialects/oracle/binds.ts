import type OracleDriver from 'oracledb';
import { DaoError } from '../../errors.ts';
import { type BindType, TypedCell } from './cell.ts';

/** The npm package `oracledb`, or what stands in for it in tests. */
export type Driver = typeof OracleDriver;

/** Texts and bytes beyond these go as temporary LOBs: Oracle would take a longer text for a LONG, which it binds in few places. */
const maxTextBytes = 4000;
const maxRawBytes = 2000;

/** Where a LOB is wanted and a shorter value will not do: in the SELECT of a MERGE a text would be a VARCHAR2 and no CLOB. */
const needsLobs = /^merge\b/i;

/** @returns the binds of one execution, in the driver's terms */
export function bindsOf(driver: Driver, text: string, values: readonly unknown[]): OracleDriver.BindParameter[] {
  const lobs = needsLobs.test(text);
  return values.map((value) => {
    const cell = cellOf(value);
    return { type: driverType(driver, cell.type, lobs, sizeOf(cell)), val: cell.value };
  });
}

/** @returns the binds of many executions: one type for each column, wide enough for its longest value */
export function manyBindsOf(
  driver: Driver,
  rows: readonly (readonly unknown[])[],
): { readonly rows: TypedCell['value'][][]; readonly definitions: OracleDriver.BindDefinition[] } {
  const cells = rows.map((row) => row.map(cellOf));
  const definitions = (cells[0] ?? []).map(({ type }, column) => {
    const maxSize = cells.reduce((size, row) => Math.max(size, sizeOf(row[column])), 1);
    return { type: driverType(driver, type, false, maxSize), maxSize };
  });
  return { rows: cells.map((row) => row.map(({ value }) => value)), definitions };
}

function cellOf(value: unknown): TypedCell {
  if (value instanceof TypedCell) return value;
  if (typeof value === 'bigint' || typeof value === 'number') return new TypedCell('number', value);
  if (Buffer.isBuffer(value)) return new TypedCell('bytes', value);
  if (value === null || typeof value === 'string') return new TypedCell('text', value);
  throw new DaoError('ERR_DAO_RANGE', 'a value that cannot be bound');
}

function sizeOf(cell: TypedCell | undefined): number {
  const value = cell?.value;
  if (typeof value === 'string') return Buffer.byteLength(value);
  return Buffer.isBuffer(value) ? value.length : 0;
}

function driverType(driver: Driver, type: BindType, needsLob: boolean, bytes: number): OracleDriver.DbType {
  switch (type) {
    case 'number':
      return driver.DB_TYPE_NUMBER;
    case 'time':
      return driver.DB_TYPE_TIMESTAMP;
    case 'bytes':
    case 'blob':
      return (type === 'blob' && needsLob) || bytes > maxRawBytes ? driver.DB_TYPE_BLOB : driver.DB_TYPE_RAW;
    case 'json':
      return needsLob || bytes > maxTextBytes ? driver.DB_TYPE_CLOB : driver.DB_TYPE_VARCHAR;
    default:
      return bytes > maxTextBytes ? driver.DB_TYPE_CLOB : driver.DB_TYPE_VARCHAR;
  }
}
