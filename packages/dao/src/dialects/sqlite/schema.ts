import { type Ddl, columnOf } from '../../migrations/ddl.ts';
import type { TableShape } from '../../migrations/shape.ts';
import { storageType } from './codec.ts';

// Names are letters, digits and underscores: defineEntity takes no others.
function quote(name: string): string {
  return `"${name}"`;
}

function quoteAll(names: readonly string[]): string {
  return names.map(quote).join(', ');
}

function columnClause(shape: TableShape, name: string): string {
  const { kind, isNullable } = columnOf(shape, name);
  return `${quote(name)} ${storageType(kind).toLowerCase()}${isNullable ? '' : ' not null'}`;
}

/**
 * Statements for SQLite's tables: STRICT, so that no value of another type gets in, and stored by their key. With SQLite's row id as the
 * key an index's last column could not be used to find the place of a page, and deep pages took several times as long.
 */
export const sqliteDdl: Ddl = {
  dialect: 'sqlite',
  isTransactional: true,
  columnType: ({ kind }) => storageType(kind).toLowerCase(),
  placeholder: () => '?',
  quote,
  createTable(shape) {
    const columns = Object.keys(shape.columns).map((name) => columnClause(shape, name));
    return `create table ${quote(shape.table)} (${columns.join(', ')}, primary key (${quoteAll(shape.key)})) strict, without rowid`;
  },
  dropTable: (shape) => `drop table ${quote(shape.table)}`,
  addColumn: (shape, column) => `alter table ${quote(shape.table)} add column ${columnClause(shape, column)}`,
  changeColumn(shape, column) {
    throw new RangeError(`${shape.table}.${column}: types have no lengths here, so a wider column is the same column`);
  },
  dropColumn: (shape, column) => `alter table ${quote(shape.table)} drop column ${quote(column)}`,
  createIndex(shape, index) {
    const { on, isUnique } = shape.indexes[index] ?? { on: [], isUnique: false };
    return `create ${isUnique ? 'unique ' : ''}index ${quote(index)} on ${quote(shape.table)} (${quoteAll(on)})`;
  },
  dropIndex: (_shape, index) => `drop index ${quote(index)}`,
};
