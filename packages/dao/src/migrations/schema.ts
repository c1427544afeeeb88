import type { DaoError } from '../errors.ts';
import type { Ddl } from './ddl.ts';
import type { PresentTable } from './diff.ts';

/** A row by column names in lower case. */
export type SchemaRow = Readonly<Record<string, unknown>>;

/** The tables of one database, seen and changed through one connection. */
export interface Schema {
  readonly ddl: Ddl;
  /** @returns the table as it is; undefined where there is none */
  present(table: string): Promise<PresentTable | undefined>;
  /** Reads. Rejects with the driver's own error. */
  records(text: string, values: readonly unknown[]): Promise<readonly SchemaRow[]>;
  /** Runs one statement that changes tables or rows; where DDL is not transactional it is committed. Rejects with the driver's own error. */
  change(text: string, values?: readonly unknown[]): Promise<void>;
  /** @returns what a driver's error means */
  toDaoError(error: unknown): DaoError;
}

/** How migrations get at a database. */
export interface SchemaAccess {
  /** Looks, and changes nothing. */
  look<T>(work: (schema: Schema) => Promise<T>): Promise<T>;
  /**
   * Works while no other instance does; another one that comes meanwhile waits. Where DDL is transactional, all or nothing.
   *
   * @throws {DaoError} `ERR_DAO_UNAVAILABLE`: another instance holds the lock for too long; and whatever `work` throws
   */
  alone<T>(work: (schema: Schema) => Promise<T>): Promise<T>;
}
