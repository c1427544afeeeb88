import type { Column, ColumnKind } from '../../column.ts';
import { DaoError } from '../../errors.ts';
import { fromUnits, toUnits } from '../../statements/decimal.ts';
import type { Codec } from '../../statements/flavor.ts';
import { type BindType, type OracleCell, TypedCell, UtcMoment } from './cell.ts';

/** Stored for an empty text, which Oracle takes for null; no text of ours may hold it. */
const emptyText = '\u0000';
/** Oracle goes from the 4th to the 15th of October 1582 and turns each day between into the latter, without a word. */
const missingDays = { from: Date.UTC(1582, 9, 5), to: Date.UTC(1582, 9, 15) };
/** Longest bytes column that is a RAW; see {@link toBytes} for the byte more that is stored. */
export const maxRawLength = 1999;

interface Coding {
  readonly type: (column: Column) => BindType;
  readonly encode: (value: unknown, column: Column) => TypedCell['value'];
  readonly decode: (cell: unknown, column: Column) => unknown;
}

const isNumber = (): BindType => 'number';
const bigints: Coding = { type: isNumber, encode: (value) => BigInt(String(value)), decode: (cell) => BigInt(String(cell)) };

/** How each kind is stored; the types of the columns are in `schema.ts`. */
const codings: Readonly<Record<ColumnKind, Coding>> = {
  id: bigints,
  int64: bigints,
  int: { ...bigints, decode: Number },
  bool: { type: isNumber, encode: (value) => (value === true ? 1n : 0n), decode: (cell) => Number(cell) === 1 },
  timestamp: { type: () => 'time', encode: toMoment, decode: (cell) => (cell instanceof Date ? new Date(cell.getTime()) : cell) },
  // As a text: a number of the driver is a float. The session's decimal point is a point.
  decimal: {
    type: () => 'text',
    encode: (value, { traits }) => fromUnits(String(toUnits(String(value), traits.scale)), traits.scale),
    decode: (cell, { traits }) => fromUnits(String(toUnits(String(cell), traits.scale)), traits.scale),
  },
  text: { type: () => 'text', encode: (value) => toText(String(value)), decode: fromText },
  json: { type: () => 'json', encode: (value) => JSON.stringify(value), decode: (cell) => JSON.parse(String(cell)) },
  bytes: {
    type: ({ traits }) => (traits.maxLength > maxRawLength ? 'blob' : 'bytes'),
    encode: (value) => (value instanceof Uint8Array ? toBytes(value) : null),
    decode: fromBytes,
  },
};

function toMoment(value: unknown): Date | null {
  if (!(value instanceof Date)) return null;
  const time = value.getTime();
  if (time >= missingDays.from && time < missingDays.to) throw new DaoError('ERR_DAO_RANGE', 'a day of October 1582 that the calendar of Oracle does not have');
  return new UtcMoment(time);
}

function toText(value: string): string {
  return value === '' ? emptyText : value;
}

/** @returns a text as it was before Oracle: the character that stands for an empty one is none */
export function fromText(cell: unknown): unknown {
  return cell === emptyText ? '' : cell;
}

/** Oracle takes no bytes for null, too: an empty array, and each that begins with 0, has a 0 in front. */
function toBytes(value: Uint8Array): Buffer {
  if (value.length > 0 && value[0] !== 0) return Buffer.from(value);
  const cell = Buffer.alloc(value.length + 1);
  cell.set(value, 1);
  return cell;
}

function fromBytes(cell: unknown): unknown {
  if (!(cell instanceof Uint8Array)) return cell;
  return Uint8Array.from(cell[0] === 0 ? cell.subarray(1) : cell);
}

/** How values are stored in Oracle. */
export const codec: Codec<OracleCell> = {
  encode(column, value) {
    const { type, encode } = codings[column.kind];
    // A JSON null in a column that is never null is the document `null`.
    const isNull = value === null && (column.kind !== 'json' || column.traits.isNullable);
    return new TypedCell(type(column), isNull ? null : encode(value, column));
  },
  decode(column, cell) {
    const value = cell instanceof TypedCell ? cell.value : cell;
    return value === null || value === undefined ? null : codings[column.kind].decode(value, column);
  },
  encodeLoose(value) {
    if (typeof value === 'boolean') return new TypedCell('number', value ? 1n : 0n);
    if (typeof value === 'bigint' || typeof value === 'number') return new TypedCell('number', value);
    if (typeof value === 'string') return new TypedCell('text', toText(value));
    if (value instanceof Date) return new TypedCell('time', toMoment(value));
    if (value instanceof Uint8Array) return new TypedCell('bytes', toBytes(value));
    if (value === null) return null;
    throw new DaoError('ERR_DAO_RANGE', 'a value of the template cannot be bound');
  },
};
