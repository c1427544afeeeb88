/**
 * The only file that knows drizzle-orm's inside: tables built from entities, and statements rendered to text.
 *
 * A statement is rendered once for each shape with placeholders, never with values; the values are bound by their place.
 */
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  or,
  sql,
  type Column,
  type Placeholder,
  type SQL,
  type SQLWrapper,
} from 'drizzle-orm';
import { SQLiteSyncDialect, blob, integer, sqliteTable, text, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Operator } from '../../conditions.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { storageType } from './codec.ts';

const dialect = new SQLiteSyncDialect();
const builders = { INTEGER: (name: string) => integer(name), TEXT: (name: string) => text(name), BLOB: (name: string) => blob(name) } as const;

/** A comparison without its values: `size` placeholders stand for them. */
export interface ConditionShape {
  readonly column: string;
  readonly operator: Operator;
  readonly size: number;
}

/** What a select looks like without its values. */
export interface SelectShape {
  readonly where: readonly ConditionShape[];
  readonly orderBy: readonly string[];
  readonly descending: boolean;
  readonly hasAfter: boolean;
}

/** An entity as drizzle's table. */
export interface EntityTable {
  readonly table: SQLiteTable;
  /** By property name. */
  readonly columns: Readonly<Record<string, Column>>;
  readonly key: readonly string[];
}

/** @returns drizzle's table of an entity */
export function tableOf(entity: Entity): EntityTable {
  const columns = Object.entries(entity.columns).map(([name, { kind }]) => [name, builders[storageType(kind)](entity.physicalNames[name] ?? name)]);
  const table: SQLiteTable = sqliteTable(entity.table, Object.fromEntries(columns));
  return { table, columns: getTableColumns(table), key: entity.key };
}

type Compare = (column: Column, slots: readonly Placeholder[]) => SQL | undefined;

const first =
  (compare: (column: Column, value: Placeholder | undefined) => SQL): Compare =>
  (column, slots) =>
    compare(column, slots[0]);
const comparisons: Readonly<Record<Operator, Compare>> = {
  eq: first(eq),
  ne: first(ne),
  gt: first(gt),
  gte: first(gte),
  lt: first(lt),
  lte: first(lte),
  in: (column, slots) => inArray(column, [...slots]),
  isNull: (column) => isNull(column),
  isNotNull: (column) => isNotNull(column),
  never: () => sql`1 = 0`,
};

/** Hands out placeholders in the order in which values will be bound. */
class Slots {
  #next = 0;

  take(count: number): Placeholder[] {
    return Array.from({ length: count }, () => sql.placeholder(String(this.#next++)));
  }

  one(): Placeholder {
    return sql.placeholder(String(this.#next++));
  }
}

function columnOf({ columns }: EntityTable, name: string): Column {
  const column = columns[name];
  if (column === undefined) throw new DaoError('ERR_DAO_INPUT', 'no such column');
  return column;
}

/** Unqualified, as INSERT and SET want it. */
function bare(table: EntityTable, name: string): SQLWrapper {
  return sql.identifier(columnOf(table, name).name);
}

function list(parts: readonly SQLWrapper[]): SQL {
  return sql.join([...parts], sql`, `);
}

function allColumns(table: EntityTable): SQL {
  return list(Object.keys(table.columns).map((name) => bare(table, name)));
}

function whereClause(table: EntityTable, conditions: readonly ConditionShape[], slots: Slots, further: readonly SQL[] = []): SQL {
  const all = [...conditions.map(({ column, operator, size }) => comparisons[operator](columnOf(table, column), slots.take(size))), ...further];
  return all.length === 0 ? sql`` : sql` where ${and(...all)}`;
}

/** @returns text of a template whose placeholders stand in their order */
function render(statement: SQL): string {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  const inOrder = params.every((param, index) => typeof param === 'object' && param !== null && 'name' in param && param.name === String(index));
  if (!inOrder) throw new DaoError('ERR_DAO_STATEMENT', 'values would be bound in another order than they are given');
  return text;
}

/** Values: those of `where`, of the place after which to begin, the limit. */
export function renderSelect(table: EntityTable, { where, orderBy, descending, hasAfter }: SelectShape): string {
  const slots = new Slots();
  const clause = hasAfter ? undefined : whereClause(table, where, slots);
  const order = list(orderBy.map((name) => (descending ? desc : asc)(columnOf(table, name))));
  return render(
    sql`select ${allColumns(table)} from ${table.table}${clause ?? afterClause(table, where, orderBy, descending, slots)} order by ${order} limit ${slots.one()}`,
  );
}

/** SQLite compares rows of values by its indexes, also where the directions are all descending. */
function afterClause(table: EntityTable, where: readonly ConditionShape[], orderBy: readonly string[], descending: boolean, slots: Slots): SQL {
  const conditions = where.map(({ column, operator, size }) => comparisons[operator](columnOf(table, column), slots.take(size)));
  const place = list(orderBy.map((name) => columnOf(table, name)));
  const after = sql`(${place}) ${sql.raw(descending ? '<' : '>')} (${list(slots.take(orderBy.length).map((slot) => sql`${slot}`))})`;
  return sql` where ${and(...conditions, after)}`;
}

/** Values: those of the keys, one key after the other. */
export function renderGetMany(table: EntityTable, keys: number): string {
  const slots = new Slots();
  const [only = ''] = table.key;
  const clause =
    table.key.length === 1
      ? inArray(columnOf(table, only), slots.take(keys))
      : or(...Array.from({ length: keys }, () => and(...table.key.map((name) => eq(columnOf(table, name), slots.one())))));
  return render(sql`select ${allColumns(table)} from ${table.table} where ${clause}`);
}

/** Values: those of `where`. */
export function renderCount(table: EntityTable, where: readonly ConditionShape[]): string {
  return render(sql`select count(*) from ${table.table}${whereClause(table, where, new Slots())}`);
}

function insertInto(table: EntityTable, rows: number, slots: Slots): SQL {
  const size = Object.keys(table.columns).length;
  const row = (): SQL => sql`(${list(slots.take(size).map((slot) => sql`${slot}`))})`;
  return sql`insert into ${table.table} (${allColumns(table)}) values ${list(Array.from({ length: rows }, row))}`;
}

/** Values: those of all columns in the order of the entity, one row after the other. */
export function renderInsert(table: EntityTable, rows: number): string {
  return render(insertInto(table, rows, new Slots()));
}

/** What happens to a row whose key is there when rows are merged. */
export interface MergeShape {
  /** Columns that get the new row's value. */
  readonly replaced: readonly string[];
  /** Columns that get the new row's value added; each has a least and a greatest value. */
  readonly added: readonly string[];
  /** Column that gets one more. */
  readonly stepped: string | undefined;
  /** Column whose value must be below the new row's, else the row stays as it is. */
  readonly raised: string | undefined;
}

/** Values: as for an insert, then for each added column its least and its greatest value. */
export function renderMerge(table: EntityTable, rows: number, { replaced, added, stepped, raised }: MergeShape): string {
  const slots = new Slots();
  const inserted = insertInto(table, rows, slots);
  const sum = (name: string): SQL => sql`${columnOf(table, name)} + excluded.${bare(table, name)}`;
  const assignments = [
    ...replaced.map((name) => sql`${bare(table, name)} = excluded.${bare(table, name)}`),
    ...added.map((name) => sql`${bare(table, name)} = ${sum(name)}`),
    ...(stepped === undefined ? [] : [sql`${bare(table, stepped)} = ${columnOf(table, stepped)} + 1`]),
  ];
  const conditions = [
    ...added.map((name) => sql`${sum(name)} between ${slots.one()} and ${slots.one()}`),
    ...(raised === undefined ? [] : [sql`${columnOf(table, raised)} < excluded.${bare(table, raised)}`]),
  ];
  const keyColumns = list(table.key.map((name) => bare(table, name)));
  // With nothing to set the key is set to itself, so that the row is returned all the same.
  const set = assignments.length > 0 ? list(assignments) : list(table.key.map((name) => sql`${bare(table, name)} = excluded.${bare(table, name)}`));
  const where = conditions.length === 0 ? sql`` : sql` where ${and(...conditions)}`;
  return render(sql`${inserted} on conflict (${keyColumns}) do update set ${set}${where} returning ${allColumns(table)}`);
}

/** Values: those that are set, those that are added, those of `where`. */
export function renderUpdate(table: EntityTable, set: readonly string[], add: readonly string[], where: readonly ConditionShape[]): string {
  const slots = new Slots();
  const assignments = [
    ...set.map((name) => sql`${bare(table, name)} = ${slots.one()}`),
    ...add.map((name) => sql`${bare(table, name)} = ${columnOf(table, name)} + ${slots.one()}`),
  ];
  return render(sql`update ${table.table} set ${list(assignments)}${whereClause(table, where, slots)} returning ${allColumns(table)}`);
}

/** Values: those of `where`. */
export function renderDelete(table: EntityTable, where: readonly ConditionShape[]): string {
  return render(sql`delete from ${table.table}${whereClause(table, where, new Slots())} returning ${allColumns(table)}`);
}

/** @returns text and values of a hand-written template */
export function renderTemplate(statement: SQL): { readonly text: string; readonly values: readonly unknown[] } {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return { text, values: params };
}
