import type { Conditions } from './conditions.ts';
import type { ColumnKind } from './column.ts';
import type { AgeOptions } from './query-cache.ts';
import type { Entity, KeyOf, NewRow, Patch, Row, SortableNames } from './entity.ts';

type NeverNull<E extends Entity> = { [K in keyof E['columns'] & string]: E['columns'][K]['$mode'] extends 'optional' ? never : K }[keyof E['columns'] & string];

type PageOrder<E extends Entity> = SortableNames<E> & NeverNull<E>;

/** Rows to find. */
export interface FindQuery<E extends Entity> extends AgeOptions {
  readonly where?: Conditions<E>;
  /** Column or columns to sort by, null first (last where descending); the key decides between equals. Default: the key. */
  readonly orderBy?: SortableNames<E> | readonly SortableNames<E>[];
  readonly descending?: boolean;
  /** 1 to 10 000; without it, more than 10 000 rows are an error rather than cut. */
  readonly limit?: number;
}

/** A page to read. */
export interface PageQuery<E extends Entity> extends AgeOptions {
  readonly where?: Conditions<E>;
  /** Column or columns to sort by, never nullable ones; the key decides between equals. Default: the key. */
  readonly orderBy?: PageOrder<E> | readonly PageOrder<E>[];
  readonly descending?: boolean;
  /** 1 to 1000 (default 50). */
  readonly limit?: number;
  /** `nextCursor` of the page before; null or absent for the first. */
  readonly cursor?: string | null;
}

/** A page; its cursor leads to the next one. */
export interface Page<E extends Entity> {
  readonly items: readonly Row<E>[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Which version a row must have. */
export interface VersionOptions {
  readonly expectedVersion?: number;
}

/** How rows are read in a transaction. */
export interface LockOptions {
  /**
   * Whether no other transaction may change the rows until this one ends; others that want them wait. For a row that is
   * read in order to be changed: two that only read it first would wait for each other, and one would have to run again.
   */
  readonly forUpdate?: boolean;
}

type NotCounted = Exclude<ColumnKind, 'id' | 'int64' | 'int'>;

type Counted<E extends Entity> = {
  [K in keyof E['columns'] & string]: E['columns'][K]['$mode'] extends 'optional' | 'managed'
    ? never
    : K extends SortableNames<E>
      ? E['columns'][K]['kind'] extends NotCounted
        ? never
        : K
      : never;
}[keyof E['columns'] & string];

/** What to add, by column; negative takes away. */
export type Increments<E extends Entity> = Readonly<Partial<{ [K in Counted<E>]: E['columns'][K]['$value'] }>>;

/** A row with the version that it is to have, from 1. */
export interface VersionedRow<E extends Entity> {
  readonly row: NewRow<E>;
  readonly version: number;
}

/**
 * Typed access to the rows of one entity within a session. Every value is bound; every method throws {@link DaoError}
 * with, besides what is named there: `ERR_DAO_RANGE` (a value does not fit its column), `ERR_DAO_INPUT` (unknown column, operator or
 * limit), `ERR_DAO_READ_ONLY` (a write in a read), `ERR_DAO_SESSION` or `ERR_DAO_TIMEOUT` (the session is over), `ERR_DAO_UNAVAILABLE`.
 */
export interface Dao<E extends Entity> {
  /** @throws {DaoError} `ERR_DAO_DUPLICATE` */
  insert(row: NewRow<E>): Promise<Row<E>>;
  /** Inserts all or none. @throws {DaoError} `ERR_DAO_DUPLICATE` */
  insertMany(rows: readonly NewRow<E>[]): Promise<readonly Row<E>[]>;
  /** O(log n). */
  get(key: KeyOf<E>, options?: LockOptions): Promise<Row<E> | undefined>;
  /** Found rows once each, in the order of the keys; one statement for each 1000 keys. */
  getMany(keys: readonly KeyOf<E>[], options?: LockOptions): Promise<readonly Row<E>[]>;
  find(query?: FindQuery<E>): Promise<readonly Row<E>[]>;
  /** A page by keyset: as fast far behind as at the beginning, given an index on the order. @throws {DaoError} `ERR_DAO_CURSOR` */
  page(query?: PageQuery<E>): Promise<Page<E>>;
  /** Changes a row, raises its version and sets updatedAt. @throws {DaoError} `ERR_DAO_NOT_FOUND`, `ERR_DAO_VERSION`, `ERR_DAO_DUPLICATE` */
  update(key: KeyOf<E>, patch: Patch<E>, options?: VersionOptions): Promise<Row<E>>;
  /** @returns whether there was such a row. @throws {DaoError} `ERR_DAO_VERSION` */
  delete(key: KeyOf<E>, options?: VersionOptions): Promise<boolean>;
  /** Inserts, or replaces all but the key and createdAt (columns left out become null) and raises the version. @throws {DaoError} `ERR_DAO_DUPLICATE` (another unique index) */
  upsert(row: NewRow<E>): Promise<Row<E>>;
  count(where?: Conditions<E>, options?: AgeOptions): Promise<number>;
  /**
   * Adds to integer columns in one statement, so that no concurrent change is lost.
   *
   * @param options.min least value of each of these columns afterwards (default: the least of its kind)
   * @throws {DaoError} `ERR_DAO_INSUFFICIENT` (below the minimum), `ERR_DAO_RANGE` (above the greatest of its kind), `ERR_DAO_NOT_FOUND`
   */
  increment(key: KeyOf<E>, deltas: Increments<E>, options?: { readonly min?: bigint }): Promise<Row<E>>;
  /**
   * Inserts each row, or adds its `columns` to those of the row that has its key; other columns of that row stay. All or
   * none, in as few multi-row statements as can be. Keys must differ.
   *
   * @throws {DaoError} `ERR_DAO_RANGE`: a sum would be beyond its column; `ERR_DAO_DUPLICATE` (another unique index)
   */
  addMany(rows: readonly NewRow<E>[], columns: readonly Counted<E>[]): Promise<void>;
  /**
   * Inserts each row with its version, or puts it in the place of the row that has its key, if that one's version is lower.
   * All or none, in as few multi-row statements as can be. Keys must differ; columns left out become null.
   *
   * @returns the rows that were written; one that is not among them had met a row of its version or a newer one
   * @throws {DaoError} `ERR_DAO_INPUT`: the entity has no version; `ERR_DAO_DUPLICATE` (another unique index)
   */
  saveNewer(rows: readonly VersionedRow<E>[]): Promise<readonly Row<E>[]>;
}
