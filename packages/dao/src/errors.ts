/** What went wrong, as a stable string; tests and callers compare this, never the message. */
export type DaoErrorCode =
  /** No row has this key. */
  | 'ERR_DAO_NOT_FOUND'
  /** The row has another version than the caller expected. */
  | 'ERR_DAO_VERSION'
  /** A row with this key, or with these values of a unique index, exists. `columns` names them. */
  | 'ERR_DAO_DUPLICATE'
  /** An increment would fall below its minimum. */
  | 'ERR_DAO_INSUFFICIENT'
  /** A value does not fit its column. `columns` names it. */
  | 'ERR_DAO_RANGE'
  /** A page cursor was not made by this database for this list. */
  | 'ERR_DAO_CURSOR'
  /** The database cannot be reached, is locked by others for too long, is full or is damaged. */
  | 'ERR_DAO_UNAVAILABLE'
  /** The time of a read or transaction is up, or its signal was aborted; nothing of it was written. */
  | 'ERR_DAO_TIMEOUT'
  /** Other transactions were in the way (deadlock, serialisation failure) as often as it was tried; nothing of it was written. */
  | 'ERR_DAO_CONFLICT'
  /** Too many transactions or reads wait. */
  | 'ERR_DAO_OVERLOADED'
  /** The database was closed. */
  | 'ERR_DAO_CLOSED'
  /** A query names an unknown column, operator or limit. */
  | 'ERR_DAO_INPUT'
  /** An entity is not well defined, or the tables cannot be brought to it. */
  | 'ERR_DAO_SCHEMA'
  /** No dialect for this URL. */
  | 'ERR_DAO_DIALECT'
  /** A write inside of `read`. */
  | 'ERR_DAO_READ_ONLY'
  /** A read or transaction was started inside of a transaction, which would wait for itself. */
  | 'ERR_DAO_NESTED'
  /** A session was used after its read or transaction had ended. */
  | 'ERR_DAO_SESSION'
  /** The database refused a statement: a table is missing (migrate first) or hand-written SQL is wrong. */
  | 'ERR_DAO_STATEMENT'
  /** Work would reach beyond its shard, or shard map, shards and what is recorded on them do not fit together. */
  | 'ERR_DAO_SHARD'
  /** An entity has encrypted columns, and the key that wraps their data keys is missing, wrong or out of reach. */
  | 'ERR_DAO_KEY'
  /** A stored value does not decrypt: it was changed, was moved from another row, column or table, or its data key is not there. */
  | 'ERR_DAO_DECRYPT';

/** Details of a {@link DaoError}. */
export interface DaoErrorOptions {
  readonly entity?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/**
 * The one error of this library. Messages are safe to show: they hold entity and column names, never SQL and never values.
 * The driver's own error, where there is one, is the `cause`.
 */
export class DaoError extends Error {
  override readonly name = 'DaoError';
  readonly code: DaoErrorCode;
  /** Entity concerned, where there is one. */
  readonly entity: string | undefined;
  /** Property names of the columns concerned, where they are known. */
  readonly columns: readonly string[] | undefined;

  constructor(code: DaoErrorCode, message: string, { entity, columns, cause }: DaoErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.entity = entity;
    this.columns = columns;
  }
}
