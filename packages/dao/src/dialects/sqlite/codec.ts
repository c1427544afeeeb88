import type { SQLInputValue } from 'node:sqlite';
import type { Column, ColumnKind } from '../../column.ts';
import { DaoError } from '../../errors.ts';
import { fromUnits, toUnits } from '../../statements/decimal.ts';
import type { Codec } from '../../statements/flavor.ts';

interface Coding {
  /** SQLite's type; the tables are STRICT, so nothing else gets into the column. */
  readonly type: 'INTEGER' | 'TEXT' | 'BLOB';
  readonly encode: (value: unknown, column: Column) => SQLInputValue;
  readonly decode: (cell: unknown, column: Column) => unknown;
}

const integer = { type: 'INTEGER', encode: toInteger } as const;

/** How each kind is stored: decimals as integers of their smallest unit, so that they sort and compare exactly; times as UTC milliseconds. */
const codings: Readonly<Record<ColumnKind, Coding>> = {
  id: { ...integer, decode: (cell) => cell },
  int64: { ...integer, decode: (cell) => cell },
  int: { ...integer, decode: Number },
  bool: { ...integer, decode: (cell) => cell === 1n },
  timestamp: { ...integer, decode: (cell) => new Date(Number(cell)) },
  decimal: {
    type: 'INTEGER',
    encode: (value, { traits }) => toUnits(String(value), traits.scale),
    decode: (cell, { traits }) => fromUnits(String(cell), traits.scale),
  },
  text: { type: 'TEXT', encode: String, decode: (cell) => cell },
  json: { type: 'TEXT', encode: (value) => JSON.stringify(value), decode: (cell) => JSON.parse(String(cell)) },
  bytes: { type: 'BLOB', encode: (value) => (value instanceof Uint8Array ? value : null), decode: (cell) => cell },
};

/** Numbers are bound as bigint: node:sqlite binds a number as a float. */
function toInteger(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Date) return BigInt(value.getTime());
  return BigInt(Number(value));
}

/** How values are stored in SQLite. */
export const codec: Codec<SQLInputValue> = {
  encode(column, value) {
    // A JSON null in a column that is never null is the document `null`.
    if (value === null && (column.kind !== 'json' || column.traits.isNullable)) return null;
    return codings[column.kind].encode(value, column);
  },
  decode: (column, cell) => (cell === null ? null : codings[column.kind].decode(cell, column)),
  encodeLoose(value) {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof value === 'boolean') return value ? 1n : 0n;
    if (value instanceof Date) return BigInt(value.getTime());
    if (value === null || typeof value === 'bigint' || typeof value === 'string' || value instanceof Uint8Array) return value;
    throw new DaoError('ERR_DAO_RANGE', 'a value of the template cannot be bound');
  },
};

/** @returns SQLite's type of a kind */
export function storageType(kind: ColumnKind): Coding['type'] {
  return codings[kind].type;
}
