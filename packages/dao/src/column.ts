import { DaoError } from './errors.ts';

/** What a column holds; each dialect has one storage type for each kind. */
export type ColumnKind = 'id' | 'int64' | 'int' | 'text' | 'decimal' | 'bool' | 'json' | 'timestamp' | 'bytes';

/** Whether a new row must name the column, may leave it out (null), or never names it because the library writes it. */
export type InsertMode = 'required' | 'optional' | 'managed';

/** Columns that the library writes by itself. */
export type ManagedRole = 'version' | 'createdAt' | 'updatedAt';

/**
 * Who can read a column in the database: anybody who reads the table; nobody without the keys; or nobody without the keys, who still sees
 * which rows have equal values.
 */
export type ColumnSecrecy = 'plain' | 'encrypted' | 'searchable';

/** Kinds that can be encrypted: an id names its row, which is what a value is bound to. */
export type EncryptableKind = Exclude<ColumnKind, 'id'>;

/** Kinds that can be looked up although they are encrypted: with few values, as a bool has, the look-up would tell them. */
export type SearchableKind = 'text' | 'int' | 'int64';

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
  readonly secrecy: ColumnSecrecy;
}

const plainTraits: ColumnTraits = { isNullable: false, maxLength: 0, precision: 0, scale: 0, role: null, secrecy: 'plain' };
const searchableKinds: ReadonlySet<string> = new Set(['text', 'int', 'int64'] satisfies SearchableKind[]);

/** One column of an entity; made by {@link id}, {@link text} and the others, never by hand. */
export class Column<
  Value = unknown,
  Kind extends ColumnKind = ColumnKind,
  Mode extends InsertMode = InsertMode,
  Secrecy extends ColumnSecrecy = ColumnSecrecy,
> {
  /** Types only: none of these fields exists at run time. */
  declare readonly $value: Value;
  declare readonly $mode: Mode;
  declare readonly $secrecy: Secrecy;
  readonly kind: Kind;
  readonly traits: ColumnTraits;

  constructor(kind: Kind, traits: Partial<ColumnTraits> = {}) {
    this.kind = kind;
    this.traits = { ...plainTraits, ...traits };
  }

  /** The same column, which may also be null; a new row may leave it out. */
  nullable(): Column<Value | null, Kind, 'optional', Secrecy> {
    return new Column(this.kind, { ...this.traits, isNullable: true });
  }

  /**
   * The same column, stored encrypted (AES-256-GCM) and bound to its table, column and row: see "Encrypted columns" in the README.
   * It cannot be compared, sorted by, counted in, indexed, nor be part of a key, unless it is searchable.
   *
   * @param options.searchable keeps a keyed hash of the value beside it: then equality (`eq`, `ne`, `in`) and indexes, also unique ones,
   *   work; whoever reads the table sees which rows have equal values. text, int and int64 only. Texts are compared as they are:
   *   bring them to one form (small letters, for example) before. Default false
   * @throws {DaoError} `ERR_DAO_SCHEMA`: an id, a managed column, or a kind that cannot be searchable
   */
  encrypted(this: Column<Value, EncryptableKind & Kind, 'required' | 'optional', 'plain'>): Column<Value, Kind, Mode, 'encrypted'>;
  encrypted(
    this: Column<Value, SearchableKind & Kind, 'required' | 'optional', 'plain'>,
    options: { readonly searchable: true },
  ): Column<Value, Kind, Mode, 'searchable'>;
  encrypted({ searchable: isSearchable = false }: { readonly searchable?: boolean } = {}): Column<Value, Kind, Mode> {
    const { kind, traits } = this;
    if (kind === 'id') throw new DaoError('ERR_DAO_SCHEMA', 'an id cannot be encrypted: it names its row; take int64 for a number that is to be');
    if (traits.role !== null) throw new DaoError('ERR_DAO_SCHEMA', `${traits.role} cannot be encrypted: the library itself compares and counts it`);
    if (isSearchable && !searchableKinds.has(kind))
      throw new DaoError('ERR_DAO_SCHEMA', `an encrypted ${kind} cannot be searchable: only ${[...searchableKinds].join(', ')} can`);
    return new Column(kind, { ...traits, secrecy: isSearchable ? 'searchable' : 'encrypted' });
  }
}

function bounded(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new DaoError('ERR_DAO_SCHEMA', `${name} must be an integer from ${min} to ${max}`);
}

/** 64-bit id or counter: bigint from 0 to 2^63 − 1. */
export function id(): Column<bigint, 'id', 'required', 'plain'> {
  return new Column('id');
}

/** Signed 64-bit integer: bigint from −2^63 to 2^63 − 1. */
export function int64(): Column<bigint, 'int64', 'required', 'plain'> {
  return new Column('int64');
}

/** Signed 32-bit integer: number. */
export function int(): Column<number, 'int', 'required', 'plain'> {
  return new Column('int');
}

/**
 * Unicode text, compared by code points. An empty text reads back as an empty text on every dialect;
 * U+0000, unpaired surrogates and more than 4000 bytes of UTF-8 are refused (`ERR_DAO_RANGE`): no dialect cuts a text.
 *
 * @param maxLength most code points, 1 to 4000; of those that take several bytes, as many as 4000 bytes hold
 */
export function text(maxLength: number): Column<string, 'text', 'required', 'plain'> {
  return new Column('text', { maxLength: bounded('maxLength of text', maxLength, 1, 4000) });
}

/**
 * Exact decimal number as a string with always `scale` digits behind the point (`'1.50'`).
 *
 * @param precision digits in all, 1 to 18: so that every dialect, also one without decimals, keeps and sorts it exactly
 * @param scale digits behind the point, 0 to `precision`
 */
export function decimal(precision: number, scale: number): Column<string, 'decimal', 'required', 'plain'> {
  bounded('precision of decimal', precision, 1, 18);
  return new Column('decimal', { precision, scale: bounded('scale of decimal', scale, 0, precision) });
}

/** True or false. */
export function bool(): Column<boolean, 'bool', 'required', 'plain'> {
  return new Column('bool');
}

/** A JSON document; the type is a promise of the caller. Not usable in conditions, orders and keys. */
export function json<Value = JsonValue>(): Column<Value, 'json', 'required', 'plain'> {
  return new Column('json');
}

/** A moment in UTC with milliseconds, years 1000 to 9999 (what every dialect can hold). */
export function timestamp(): Column<Date, 'timestamp', 'required', 'plain'> {
  return new Column('timestamp');
}

/**
 * Bytes. Not usable in conditions, orders and keys.
 *
 * @param maxBytes most bytes, 1 to 16 MiB (default 64 KiB)
 */
export function bytes(maxBytes = 65_536): Column<Uint8Array, 'bytes', 'required', 'plain'> {
  return new Column('bytes', { maxLength: bounded('maxBytes of bytes', maxBytes, 1, 16_777_216) });
}

/** Row version: 1 at insert, one more at every change. */
export function version(): Column<number, 'int', 'managed', 'plain'> {
  return new Column('int', { role: 'version' });
}

/** Moment of the insert. */
export function createdAt(): Column<Date, 'timestamp', 'managed', 'plain'> {
  return new Column('timestamp', { role: 'createdAt' });
}

/** Moment of the last change. */
export function updatedAt(): Column<Date, 'timestamp', 'managed', 'plain'> {
  return new Column('timestamp', { role: 'updatedAt' });
}
