import { DaoError } from './errors.ts';

/** What a column holds; each dialect has one storage type for each kind. */
export type ColumnKind = 'id' | 'int64' | 'int' | 'text' | 'decimal' | 'bool' | 'json' | 'timestamp' | 'bytes';

/** Whether a new row must name the column, may leave it out (null), or never names it because the library writes it. */
export type InsertMode = 'required' | 'optional' | 'managed';

/** Columns that the library writes by itself. */
export type ManagedRole = 'version' | 'createdAt' | 'updatedAt';

/** Any value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The properties of a column that do not depend on its value's type. */
export interface ColumnTraits {
  readonly isNullable: boolean;
  /** Most code points (text) or bytes (bytes). */
  readonly maxLength: number;
  /** Digits in all, and behind the point (decimal). */
  readonly precision: number;
  readonly scale: number;
  readonly role: ManagedRole | null;
}

const plainTraits: ColumnTraits = { isNullable: false, maxLength: 0, precision: 0, scale: 0, role: null };

/** One column of an entity; made by {@link id}, {@link text} and the others, never by hand. */
export class Column<Value = unknown, Kind extends ColumnKind = ColumnKind, Mode extends InsertMode = InsertMode> {
  /** Types only: neither field exists at run time. */
  declare readonly $value: Value;
  declare readonly $mode: Mode;
  readonly kind: Kind;
  readonly traits: ColumnTraits;

  constructor(kind: Kind, traits: Partial<ColumnTraits> = {}) {
    this.kind = kind;
    this.traits = { ...plainTraits, ...traits };
  }

  /** The same column, which may also be null; a new row may leave it out. */
  nullable(): Column<Value | null, Kind, 'optional'> {
    return new Column(this.kind, { ...this.traits, isNullable: true });
  }
}

function bounded(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new DaoError('ERR_DAO_SCHEMA', `${name} must be an integer from ${min} to ${max}`);
}

/** 64-bit id or counter: bigint from 0 to 2^63 − 1. */
export function id(): Column<bigint, 'id', 'required'> {
  return new Column('id');
}

/** Signed 64-bit integer: bigint from −2^63 to 2^63 − 1. */
export function int64(): Column<bigint, 'int64', 'required'> {
  return new Column('int64');
}

/** Signed 32-bit integer: number. */
export function int(): Column<number, 'int', 'required'> {
  return new Column('int');
}

/**
 * Unicode text, compared by code points. An empty text reads back as an empty text on every dialect;
 * U+0000, unpaired surrogates and more than 4000 bytes of UTF-8 are refused (`ERR_DAO_RANGE`): no dialect cuts a text.
 *
 * @param maxLength most code points, 1 to 4000; of those that take several bytes, as many as 4000 bytes hold
 */
export function text(maxLength: number): Column<string, 'text', 'required'> {
  return new Column('text', { maxLength: bounded('maxLength of text', maxLength, 1, 4000) });
}

/**
 * Exact decimal number as a string with always `scale` digits behind the point (`'1.50'`).
 *
 * @param precision digits in all, 1 to 18: so that every dialect, also one without decimals, keeps and sorts it exactly
 * @param scale digits behind the point, 0 to `precision`
 */
export function decimal(precision: number, scale: number): Column<string, 'decimal', 'required'> {
  bounded('precision of decimal', precision, 1, 18);
  return new Column('decimal', { precision, scale: bounded('scale of decimal', scale, 0, precision) });
}

/** True or false. */
export function bool(): Column<boolean, 'bool', 'required'> {
  return new Column('bool');
}

/** A JSON document; the type is a promise of the caller. Not usable in conditions, orders and keys. */
export function json<Value = JsonValue>(): Column<Value, 'json', 'required'> {
  return new Column('json');
}

/** A moment in UTC with milliseconds, years 1000 to 9999 (what every dialect can hold). */
export function timestamp(): Column<Date, 'timestamp', 'required'> {
  return new Column('timestamp');
}

/**
 * Bytes. Not usable in conditions, orders and keys.
 *
 * @param maxBytes most bytes, 1 to 16 MiB (default 64 KiB)
 */
export function bytes(maxBytes = 65_536): Column<Uint8Array, 'bytes', 'required'> {
  return new Column('bytes', { maxLength: bounded('maxBytes of bytes', maxBytes, 1, 16_777_216) });
}

/** Row version: 1 at insert, one more at every change. */
export function version(): Column<number, 'int', 'managed'> {
  return new Column('int', { role: 'version' });
}

/** Moment of the insert. */
export function createdAt(): Column<Date, 'timestamp', 'managed'> {
  return new Column('timestamp', { role: 'createdAt' });
}

/** Moment of the last change. */
export function updatedAt(): Column<Date, 'timestamp', 'managed'> {
  return new Column('timestamp', { role: 'updatedAt' });
}
