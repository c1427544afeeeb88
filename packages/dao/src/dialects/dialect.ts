import type { SQL } from 'drizzle-orm';
import type { Condition } from '../conditions.ts';
import type { Database, DatabaseOptions } from '../database.ts';
import type { Entity } from '../entity.ts';

/** A row by property names. */
export type RowValues = Readonly<Record<string, unknown>>;

/** A dialect whose driver answers at once need not make a promise of it. */
type Answer<T> = T | Promise<T>;

/** Rows to read: in the order of `orderBy` columns (null is the least value), all in one direction. */
export interface Selection {
  readonly where: readonly Condition[];
  readonly orderBy: readonly string[];
  readonly descending: boolean;
  /** Values of the `orderBy` columns behind which to begin (none of them null), or null for the beginning. */
  readonly after: readonly unknown[] | null;
  readonly limit: number;
}

/** A change of the row that has the key, if it also fulfils `where`: new values, and integers to add to what is there. */
export interface Change {
  readonly key: readonly unknown[];
  readonly where: readonly Condition[];
  readonly set: RowValues;
  readonly add: Readonly<Record<string, bigint>>;
}

/**
 * What a merge does with a row whose key is there; `key` and `createdAt` always stay.
 *
 * - `replace`: gets all columns, and one more version
 * - `raise`: gets all columns with the version of the new row, if its own is lower; else it stays
 * - `add`: gets the named columns added, and one more version; a sum out of its bounds fails all (`ERR_DAO_RANGE`)
 */
export type MergeRule =
  | { readonly kind: 'replace' }
  | { readonly kind: 'raise' }
  | { readonly kind: 'add'; readonly columns: readonly { readonly column: string; readonly min: bigint; readonly max: bigint }[] };

/**
 * What a dialect does for one session, on one connection.
 *
 * Values were held against their columns before; rows come back as the entity declares them.
 * Every statement is atomic by itself, and a failed one leaves the transaction usable, or says that it is lost by
 * refusing all that follows. Throws {@link DaoError} only. Statements run in the order of the calls.
 */
export interface Executor {
  readonly isWritable: boolean;
  get(entity: Entity, key: readonly unknown[]): Answer<RowValues | undefined>;
  /**
   * @param isForUpdate whether no other transaction may change these rows until this one ends
   * @returns the rows that exist, in any order; keys may repeat
   */
  getMany(entity: Entity, keys: readonly (readonly unknown[])[], isForUpdate: boolean): Answer<readonly RowValues[]>;
  select(entity: Entity, selection: Selection): Answer<readonly RowValues[]>;
  count(entity: Entity, where: readonly Condition[]): Answer<number>;
  /** All rows or none. @returns the rows as they read back */
  insert(entity: Entity, rows: readonly RowValues[]): Answer<readonly RowValues[]>;
  /** @returns the changed row as it is now; undefined where there was none to change */
  update(entity: Entity, change: Change): Answer<RowValues | undefined>;
  /**
   * Inserts, or does with the row that has the key what the rule says; in as few statements as can be, all rows or none. Keys differ.
   *
   * @returns the rows that were written, as they are now
   */
  merge(entity: Entity, rows: readonly RowValues[], rule: MergeRule): Answer<readonly RowValues[]>;
  /** Deletes the row that has the key, if it also fulfils `where`. @returns whether there was one */
  delete(entity: Entity, key: readonly unknown[], where: readonly Condition[]): Answer<boolean>;
  /** Runs one select, insert, update, delete or with statement. */
  execute(statement: SQL): Answer<readonly RowValues[]>;
}

/**
 * A kind of database: a folder beside this file.
 *
 * Its `Database` keeps the promises of that interface, which the exported conformance suite (`@midgard/dao/testing`) holds it against:
 * one snapshot a read, acknowledged means durable, an ended session can do nothing, bounded queues and times.
 *
 * Storage rules for all dialects: text compares by code points; an empty text reads back empty (where '' is null, such as on Oracle,
 * it is stored as the one character U+0000, which no text may hold: order and prefixes stay right without any escaping);
 * timestamps are UTC milliseconds; decimals have at most 18 digits and are exact; booleans are 0 and 1; JSON is text.
 */
export interface Dialect {
  /** @param target what follows the scheme in the URL */
  open(target: string, options: DatabaseOptions): Promise<Database>;
}
