import type { ColumnDefinition, TableShape } from './shape.ts';

/** Databases whose statements differ. */
export type DdlDialect = 'sqlite' | 'mariadb' | 'mysql' | 'oracle';

/**
 * How a database's tables are made and changed: each method gives one statement, without a `;` at its end.
 *
 * A column, index or table goes by its physical name (snake_case); the shape tells what it is.
 */
export interface Ddl {
  /** Name of the folder with the files for this database. */
  readonly dialect: DdlDialect;
  /** Whether a failed migration leaves nothing behind: where false, each statement commits by itself. */
  readonly isTransactional: boolean;
  /** @returns the column type, spelled as the database itself shows it, so that it can be compared with what is there */
  readonly columnType: (definition: ColumnDefinition) => string;
  /** @returns the place of the value at this position, counted from 1 */
  readonly placeholder: (position: number) => string;
  /** @returns a name as it stands in a statement */
  readonly quote: (name: string) => string;
  readonly createTable: (shape: TableShape) => string;
  readonly dropTable: (shape: TableShape) => string;
  readonly addColumn: (shape: TableShape, column: string) => string;
  /** Gives a column the type that the shape says: it may be wider, never narrower. */
  readonly changeColumn: (shape: TableShape, column: string) => string;
  readonly dropColumn: (shape: TableShape, column: string) => string;
  readonly createIndex: (shape: TableShape, index: string) => string;
  readonly dropIndex: (shape: TableShape, index: string) => string;
  /** Where a table can be kept in parts. */
  readonly partitions?: PartitionDdl;
}

/** How the years of a partitioned table come and go. Its last partition, of what is yet to come, is made with the table. */
export interface PartitionDdl {
  /** @param years rising, above those that are there. @returns statements that take these years out of the last partition */
  readonly addYears: (shape: TableShape, years: readonly number[]) => readonly string[];
  /** @returns a statement that deletes all rows of the year */
  readonly dropYear: (shape: TableShape, year: number) => string;
}

/** One change of a table, in any database: a method of {@link Ddl} and what it takes. */
export interface Step {
  readonly kind: 'createTable' | 'dropTable' | 'addColumn' | 'changeColumn' | 'dropColumn' | 'createIndex' | 'dropIndex';
  readonly shape: TableShape;
  /** Column or index; empty for a whole table. */
  readonly name: string;
}

/** @returns the step as a statement */
export function render(ddl: Ddl, { kind, shape, name }: Step): string {
  return ddl[kind](shape, name);
}

/** @returns a column of a shape. @throws {RangeError} the shape has none of this name, which is a mistake of ours */
export function columnOf(shape: TableShape, name: string): ColumnDefinition {
  const definition = shape.columns[name];
  if (definition === undefined) throw new RangeError(`no column ${shape.table}.${name}`);
  return definition;
}
