import { createHash } from 'node:crypto';
import type { ColumnKind } from '../../column.ts';
import { type Ddl, columnOf } from '../../migrations/ddl.ts';
import { endOf, lastPartition, partitionOf } from '../../migrations/partition-years.ts';
import type { ColumnDefinition, TableShape } from '../../migrations/shape.ts';
import { maxRawLength } from './codec.ts';

const types: Readonly<Record<ColumnKind, (definition: ColumnDefinition) => string>> = {
  id: () => 'number(19)',
  int64: () => 'number(19)',
  int: () => 'number(10)',
  bool: () => 'number(1)',
  decimal: ({ precision, scale }) => (scale === 0 ? `number(${precision})` : `number(${precision},${scale})`),
  text: ({ maxLength }) => `varchar2(${maxLength} char)`,
  // Without a check IS JSON: before 21c it refuses documents that are no object and no array, and what is written is from JSON.stringify.
  json: () => 'clob',
  timestamp: () => 'timestamp(3)',
  // A byte more than the entity says: see the codec.
  bytes: ({ maxLength }) => (maxLength <= maxRawLength ? `raw(${maxLength + 1})` : 'blob'),
};

// Names are letters, digits and underscores: defineEntity takes no others.
function quote(name: string): string {
  return `"${name.toUpperCase()}"`;
}

function quoteAll(names: readonly string[]): string {
  return names.map(quote).join(', ');
}

/** @returns the name of the primary key's constraint and index, in lower case as all names here; at most 30 bytes */
export function primaryKeyName(table: string): string {
  return `pk_${table.slice(0, 18)}_${createHash('sha256').update(table).digest('hex').slice(0, 8)}`;
}

function columnClause(shape: TableShape, name: string): string {
  const definition = columnOf(shape, name);
  return `${quote(name)} ${types[definition.kind](definition)}${definition.isNullable ? '' : ' not null'}`;
}

/** With partitions the indexes are local: so a year that is dropped leaves none of them unusable. */
function indexHome({ partitionBy }: TableShape, word: string): string {
  return partitionBy === undefined ? '' : ` ${word}`;
}

function partitionClause({ partitionBy }: TableShape): string {
  return partitionBy === undefined ? '' : ` partition by range (${quote(partitionBy)}) (partition ${quote(lastPartition)} values less than (maxvalue))`;
}

/** Statements for tables of Oracle 12.2 and later; names are upper case, and of at most 30 bytes. */
export const oracleDdl: Ddl = {
  dialect: 'oracle',
  isTransactional: false,
  columnType: (definition) => types[definition.kind](definition),
  placeholder: (position) => `:${position}`,
  quote,
  createTable(shape) {
    const columns = Object.keys(shape.columns).map((name) => columnClause(shape, name));
    const key = `constraint ${quote(primaryKeyName(shape.table))} primary key (${quoteAll(shape.key)})${indexHome(shape, 'using index local')}`;
    return `create table ${quote(shape.table)} (${columns.join(', ')}, ${key})${partitionClause(shape)}`;
  },
  dropTable: (shape) => `drop table ${quote(shape.table)}`,
  addColumn: (shape, column) => `alter table ${quote(shape.table)} add (${columnClause(shape, column)})`,
  // Only the type: NOT NULL must not be said again of a column that has it.
  changeColumn(shape, column) {
    const definition = columnOf(shape, column);
    return `alter table ${quote(shape.table)} modify (${quote(column)} ${types[definition.kind](definition)})`;
  },
  dropColumn: (shape, column) => `alter table ${quote(shape.table)} drop column ${quote(column)}`,
  createIndex(shape, index) {
    const { on, isUnique } = shape.indexes[index] ?? { on: [], isUnique: false };
    return `create ${isUnique ? 'unique ' : ''}index ${quote(index)} on ${quote(shape.table)} (${quoteAll(on)})${indexHome(shape, 'local')}`;
  },
  dropIndex: (_shape, index) => `drop index ${quote(index)}`,
  partitions: {
    addYears: (shape, years) =>
      years.map(
        (year) =>
          `alter table ${quote(shape.table)} split partition ${quote(lastPartition)} at (${endOf(year)}) into (partition ${quote(partitionOf(year))}, partition ${quote(lastPartition)}) update indexes`,
      ),
    dropYear: (shape, year) => `alter table ${quote(shape.table)} drop partition ${quote(partitionOf(year))} update indexes`,
  },
};
