import type { ColumnKind } from '../../column.ts';
import { DaoError } from '../../errors.ts';
import { type Ddl, columnOf } from '../../migrations/ddl.ts';
import { endOf, lastPartition, partitionOf } from '../../migrations/partition-years.ts';
import type { ColumnDefinition, TableShape } from '../../migrations/shape.ts';

/** The two servers that speak this protocol; they differ in collations and in how they keep wide values unique. */
export type MysqlFlavour = 'mariadb' | 'mysql';

/** What InnoDB takes in one index. */
const maxIndexBytes = 3072;
const bytesPerCharacter = 4;
/** Texts that no index could hold whole are stored as TEXT: all VARCHARs of a row together may take 65,535 bytes only. */
const maxVarcharCharacters = maxIndexBytes / bytesPerCharacter;
const maxVarbinaryBytes = 1024;

/** Binary collations that do not ignore spaces at the end: 'a' and 'a ' are two values. */
const collations: Readonly<Record<MysqlFlavour, string>> = { mariadb: 'utf8mb4_nopad_bin', mysql: 'utf8mb4_0900_bin' };

const plainTypes = { id: 'bigint', int64: 'bigint', int: 'int', bool: 'tinyint(1)', timestamp: 'datetime(3)' } as const;

/** @returns the statements for tables of MySQL 8 or MariaDB 10.6 and later */
export function mysqlDdl(flavour: MysqlFlavour): Ddl {
  const columnType = (definition: ColumnDefinition): string => {
    const { kind } = definition;
    return kind === 'text' || kind === 'json' ? `${textType(definition)} collate ${collations[flavour]}` : otherType({ ...definition, kind });
  };
  const columnClause = (shape: TableShape, name: string): string => {
    const definition = columnOf(shape, name);
    return `${quote(name)} ${columnType(definition)}${definition.isNullable ? ' null' : ' not null'}`;
  };
  return {
    dialect: flavour,
    isTransactional: false,
    columnType,
    placeholder: () => '?',
    quote,
    createTable(shape) {
      requireNarrowKey(shape);
      const columns = Object.keys(shape.columns).map((name) => columnClause(shape, name));
      const key = `primary key (${shape.key.map(quote).join(', ')})`;
      return `create table ${quote(shape.table)} (${columns.join(', ')}, ${key}) engine=InnoDB row_format=dynamic default collate ${collations[flavour]}${partitionClause(shape)}`;
    },
    dropTable: (shape) => `drop table ${quote(shape.table)}`,
    addColumn: (shape, column) => `alter table ${quote(shape.table)} add column ${columnClause(shape, column)}`,
    changeColumn: (shape, column) => `alter table ${quote(shape.table)} modify column ${columnClause(shape, column)}`,
    dropColumn: (shape, column) => `alter table ${quote(shape.table)} drop column ${quote(column)}`,
    createIndex(shape, index) {
      const isUnique = shape.indexes[index]?.isUnique === true;
      return `create ${isUnique ? 'unique ' : ''}index ${quote(index)} on ${quote(shape.table)} (${indexParts(shape, index, flavour).join(', ')})`;
    },
    dropIndex: (shape, index) => `drop index ${quote(index)} on ${quote(shape.table)}`,
    partitions: {
      addYears: (shape, years) => [
        `alter table ${quote(shape.table)} reorganize partition ${lastPartition} into (${[...years.map(yearClause), lastClause].join(', ')})`,
      ],
      dropYear: (shape, year) => `alter table ${quote(shape.table)} drop partition ${partitionOf(year)}`,
    },
  };
}

const lastClause = `partition ${lastPartition} values less than maxvalue`;

function yearClause(year: number): string {
  return `partition ${partitionOf(year)} values less than (${endOf(year)})`;
}

function partitionClause({ partitionBy }: TableShape): string {
  return partitionBy === undefined ? '' : ` partition by range (${quote(partitionBy)}) (${lastClause})`;
}

// Names are letters, digits and underscores: defineEntity takes no others.
function quote(name: string): string {
  return `\`${name}\``;
}

function textType({ kind, maxLength }: ColumnDefinition): string {
  if (kind === 'json') return 'longtext';
  return maxLength > maxVarcharCharacters ? 'text' : `varchar(${maxLength})`;
}

function otherType({ kind, maxLength, precision, scale }: ColumnDefinition & { readonly kind: Exclude<ColumnKind, 'text' | 'json'> }): string {
  if (kind === 'decimal') return `decimal(${precision},${scale})`;
  return kind === 'bytes' ? bytesType(maxLength) : plainTypes[kind];
}

function bytesType(maxLength: number): string {
  if (maxLength <= maxVarbinaryBytes) return `varbinary(${maxLength})`;
  if (maxLength <= 0xffff) return 'blob';
  return maxLength <= 0xff_ffff ? 'mediumblob' : 'longblob';
}

/** @returns the most bytes that a value takes in an index */
function indexBytes({ kind, maxLength, precision }: ColumnDefinition): number {
  if (kind === 'text') return maxLength * bytesPerCharacter;
  return kind === 'decimal' ? precision : 8;
}

function requireNarrowKey(shape: TableShape): void {
  const bytes = shape.key.reduce((sum, name) => sum + indexBytes(columnOf(shape, name)), 0);
  if (bytes > maxIndexBytes)
    throw new DaoError('ERR_DAO_SCHEMA', `${shape.entity}: a key of ${bytes} bytes is too wide for MySQL, which takes ${maxIndexBytes}`, {
      entity: shape.entity,
    });
}

/**
 * An index wider than InnoDB's bound holds the beginning of each text, which is enough to find rows, but not to sort by.
 * A unique one must see the whole value: MariaDB makes a hash of it by itself, MySQL has to be told to.
 */
function indexParts(shape: TableShape, index: string, flavour: MysqlFlavour): readonly string[] {
  const { on, isUnique } = shape.indexes[index] ?? { on: [], isUnique: false };
  const columns = on.map((name) => ({ name, bytes: indexBytes(columnOf(shape, name)), isText: columnOf(shape, name).kind === 'text' }));
  const total = columns.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= maxIndexBytes || (isUnique && flavour === 'mariadb')) return on.map(quote);
  const texts = columns.filter(({ isText }) => isText);
  const rest = columns.filter(({ isText }) => !isText).reduce((sum, { bytes }) => sum + bytes, 0);
  const shareCharacters = Math.floor((maxIndexBytes - rest) / texts.length / bytesPerCharacter);
  return columns.map(({ name, bytes, isText }) => {
    if (!isText || bytes <= shareCharacters * bytesPerCharacter) return quote(name);
    return isUnique ? `(unhex(sha2(${quote(name)}, 256)))` : `${quote(name)}(${shareCharacters})`;
  });
}
