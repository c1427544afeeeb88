import type { Column, ColumnKind } from './column.ts';
import type { Entity } from './entity.ts';
import { DaoError } from './errors.ts';

/** Bounds that every dialect keeps, by kind. */
export const integerBounds: Readonly<Record<'id' | 'int64' | 'int', { readonly min: bigint; readonly max: bigint }>> = {
  id: { min: 0n, max: 2n ** 63n - 1n },
  int64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  int: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
};
/**
 * Most bytes of a text in UTF-8, however few characters it may have: Oracle's VARCHAR2 holds no more unless it was set up otherwise, and what
 * one database took must fit into the next.
 */
export const maxTextBytes = 4000;
/** UTF-8 takes at most so many bytes for each unit of UTF-16. */
const maxBytesPerUnit = 3;
// MySQL's DATETIME begins in the year 1000, Oracle's and ISO's four digits end in 9999.
const firstMoment = Date.UTC(1000, 0, 1);
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** As deep as a document may nest; deeper ones would overflow the stack of whoever walks them. */
const maxJsonDepth = 128;

type Check = (value: unknown, column: Column) => boolean;

const checks: Readonly<Record<ColumnKind, Check>> = {
  id: (value) => typeof value === 'bigint' && value >= integerBounds.id.min && value <= integerBounds.id.max,
  int64: (value) => typeof value === 'bigint' && value >= integerBounds.int64.min && value <= integerBounds.int64.max,
  int: (value) => typeof value === 'number' && Number.isInteger(value) && value >= -2_147_483_648 && value <= 2_147_483_647,
  text: (value, { traits }) => typeof value === 'string' && fitsText(value, traits.maxLength),
  decimal: (value, { traits }) => typeof value === 'string' && fitsDecimal(value, traits.precision, traits.scale),
  bool: (value) => typeof value === 'boolean',
  json: (value) => isJson(value, 0),
  timestamp: (value) => value instanceof Date && value.getTime() >= firstMoment && value.getTime() <= lastMoment,
  bytes: (value, { traits }) => value instanceof Uint8Array && value.byteLength <= traits.maxLength,
};

/**
 * Holds a value against its column, so that no dialect rounds, cuts or reinterprets it.
 *
 * @throws {DaoError} `ERR_DAO_RANGE` with the column's name
 */
export function checkValue(entity: Entity, name: string, column: Column, value: unknown): void {
  if (value === null ? column.traits.isNullable || column.kind === 'json' : checks[column.kind](value, column)) return;
  throw new DaoError('ERR_DAO_RANGE', `${entity.name}.${name}: not a valid ${describeColumn(column)}`, { entity: entity.name, columns: [name] });
}

function describeColumn({ kind, traits }: Column): string {
  if (kind === 'text') return `text of at most ${traits.maxLength} characters and ${maxTextBytes} bytes of UTF-8`;
  if (kind === 'decimal') return `decimal(${traits.precision}, ${traits.scale})`;
  if (kind === 'bytes') return `byte array of at most ${traits.maxLength} bytes`;
  return kind;
}

function fitsText(value: string, maxLength: number): boolean {
  if (value.includes('\u0000') || !value.isWellFormed()) return false;
  if (value.length * maxBytesPerUnit > maxTextBytes && Buffer.byteLength(value) > maxTextBytes) return false;
  if (value.length <= maxLength) return true;
  if (value.length > 2 * maxLength) return false;
  let codePoints = 0;
  for (const _ of value) codePoints += 1;
  return codePoints <= maxLength;
}

function fitsDecimal(value: string, precision: number, scale: number): boolean {
  // The length is bounded first: the pattern then runs over few characters.
  const match = value.length <= 40 ? /^-?0*(\d*)(?:\.(\d+))?$/.exec(value) : null;
  if (match === null || !/\d/.test(value) || /^-?\./.test(value)) return false;
  return (match[1] ?? '').length <= precision - scale && (match[2] ?? '').length <= scale;
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= maxJsonDepth) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // `undefined` members are left out as JSON.stringify does.
  return Object.values(value).every((item) => item === undefined || isJson(item, depth + 1));
}
