import mysql2, { type TypedParameterValue } from 'mysql2';
import type { Column, ColumnKind } from '../../column.ts';
import { DaoError } from '../../errors.ts';
import { fromUnits, toUnits } from '../../statements/decimal.ts';
import type { Codec } from '../../statements/flavor.ts';

// Not among the names that Node finds in this CommonJS module.
const { TypedParameter } = mysql2;

/**
 * What is bound: with its type said where the driver would guess another one. A number would go as a float, a bigint as a text, and
 * the server would compare and add both as floats.
 */
export type MysqlCell = TypedParameterValue | string | number | Buffer | null;

interface Coding {
  readonly encode: (value: unknown, column: Column) => MysqlCell;
  readonly decode: (cell: unknown, column: Column) => unknown;
}

const bigints: Coding = { encode: (value) => TypedParameter.LONGLONG(String(value)), decode: (cell) => BigInt(String(cell)) };

/** How each kind is stored. Times are bound and read as texts in UTC: a Date would pass through time zones of driver and process. */
const codings: Readonly<Record<ColumnKind, Coding>> = {
  id: bigints,
  int64: bigints,
  int: { ...bigints, decode: Number },
  bool: { encode: (value) => TypedParameter.LONG(value === true ? 1 : 0), decode: (cell) => Number(cell) === 1 },
  timestamp: { encode: (value) => (value instanceof Date ? toDateTime(value) : null), decode: fromDateTime },
  decimal: {
    encode: (value, { traits }) => TypedParameter.NEWDECIMAL(fromUnits(String(toUnits(String(value), traits.scale)), traits.scale)),
    decode: (cell, { traits }) => fromUnits(String(toUnits(String(cell), traits.scale)), traits.scale),
  },
  text: { encode: String, decode: (cell) => cell },
  json: { encode: (value) => JSON.stringify(value), decode: (cell) => JSON.parse(String(cell)) },
  bytes: {
    encode: (value) => (value instanceof Uint8Array ? toBuffer(value) : null),
    decode: (cell) => (cell instanceof Uint8Array ? Uint8Array.from(cell) : cell),
  },
};

function toDateTime(moment: Date): string {
  return moment.toISOString().slice(0, 23).replace('T', ' ');
}

function fromDateTime(cell: unknown): Date {
  return new Date(`${String(cell).replace(' ', 'T')}Z`);
}

function toBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function isTyped(cell: unknown): cell is TypedParameterValue {
  return typeof cell === 'object' && cell !== null && 'type' in cell && 'value' in cell;
}

/** How values are stored in MySQL and MariaDB. */
export const codec: Codec<MysqlCell> = {
  encode(column, value) {
    // A JSON null in a column that is never null is the document `null`.
    if (value === null && (column.kind !== 'json' || column.traits.isNullable)) return null;
    return codings[column.kind].encode(value, column);
  },
  decode: (column, cell) => (cell === null ? null : codings[column.kind].decode(isTyped(cell) ? cell.value : cell, column)),
  encodeLoose(value) {
    if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) return TypedParameter.LONGLONG(String(value));
    if (typeof value === 'boolean') return TypedParameter.LONG(value ? 1 : 0);
    if (value instanceof Date) return toDateTime(value);
    if (value instanceof Uint8Array) return toBuffer(value);
    if (value === null || typeof value === 'string' || typeof value === 'number') return value;
    throw new DaoError('ERR_DAO_RANGE', 'a value of the template cannot be bound');
  },
};
