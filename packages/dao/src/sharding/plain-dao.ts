import type { Session } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';

/** Rows to find or to page through, without the types of their entity. */
export interface PlainQuery {
  readonly where?: RowValues;
  readonly orderBy?: string | readonly string[];
  readonly descending?: boolean;
  readonly limit?: number;
}

/** A page of rows. */
export interface PlainPage {
  readonly items: readonly RowValues[];
  readonly nextCursor: string | null;
}

/** Which version a row must have. */
export interface PlainVersion {
  readonly expectedVersion?: number;
}

/** Whether rows that are read are to be changed. */
export interface PlainLock {
  readonly forUpdate?: boolean;
}

/** A `Dao` of an entity that is known only at run time; {@link Dao} says what each method promises. */
export interface PlainDao {
  insert(row: RowValues): Promise<RowValues>;
  insertMany(rows: readonly RowValues[]): Promise<readonly RowValues[]>;
  get(key: unknown, options?: PlainLock): Promise<RowValues | undefined>;
  getMany(keys: readonly unknown[], options?: PlainLock): Promise<readonly RowValues[]>;
  find(query?: PlainQuery): Promise<readonly RowValues[]>;
  page(query?: PlainQuery & { readonly cursor?: string | null }): Promise<PlainPage>;
  update(key: unknown, patch: RowValues, options?: PlainVersion): Promise<RowValues>;
  delete(key: unknown, options?: PlainVersion): Promise<boolean>;
  upsert(row: RowValues): Promise<RowValues>;
  count(where?: RowValues): Promise<number>;
  increment(key: unknown, deltas: RowValues, options?: { readonly min?: bigint }): Promise<RowValues>;
  addMany(rows: readonly RowValues[], columns: readonly string[]): Promise<void>;
  saveNewer(rows: readonly { readonly row: RowValues; readonly version: number }[]): Promise<readonly RowValues[]>;
}

/** @returns the session's data access object of an entity that is known only at run time */
export function plainDao(session: Session, entity: Entity): PlainDao {
  return session.dao(entity);
}
