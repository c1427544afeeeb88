/** The only file of this dialect that knows drizzle-orm's inside: its SQL objects become SQLite's text. */
import type { SQLInputValue } from 'node:sqlite';
import { and, sql, type SQL } from 'drizzle-orm';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import type { Flavor, MergeParts } from '../../statements/flavor.ts';
import { list } from '../../statements/names.ts';
import { insertInto } from '../../statements/render.ts';
import { codec } from './codec.ts';

const dialect = new SQLiteSyncDialect();

/** SQLite's statements. */
export const flavor: Flavor<SQLInputValue> = {
  codec,
  render: (statement) => {
    const { sql: text, params } = dialect.sqlToQuery(statement);
    return { text, values: params };
  },
  hasRowComparison: true,
  hasLeastNull: true,
  hasReturning: true,
  mostRows: 128,
  maxBindings: 32_766,
  // SQLite takes a chain of OR to a depth of 1000.
  maxCompositeKeys: 100,
  limit: (count) => sql`limit ${count}`,
  forUpdate: undefined,
  merge,
  hasMergeBounds: true,
};

/** Values: as for an insert, then for each added column its least and its greatest value. */
function merge({ entity, names, slots, rows, shape: { replaced, added, stepped, raised } }: MergeParts): SQL {
  const inserted = insertInto(entity, names, rows, slots);
  const excluded = sql`excluded`;
  const sum = (name: string): SQL => sql`${names.of(names.table, name)} + ${names.of(excluded, name)}`;
  const replace = (name: string): SQL => sql`${names.column(name)} = ${names.of(excluded, name)}`;
  const assignments = [
    ...replaced.map(replace),
    ...added.map((name) => sql`${names.column(name)} = ${sum(name)}`),
    ...(stepped === undefined ? [] : [sql`${names.column(stepped)} = ${names.of(names.table, stepped)} + 1`]),
  ];
  const conditions = [
    ...added.map((name) => sql`${sum(name)} between ${slots.one()} and ${slots.one()}`),
    ...(raised === undefined ? [] : [sql`${names.of(names.table, raised)} < ${names.of(excluded, raised)}`]),
  ];
  // With nothing to set the key is set to itself, so that the row is returned all the same.
  const set = list(assignments.length > 0 ? assignments : entity.key.map(replace));
  const where = conditions.length === 0 ? sql`` : sql` where ${and(...conditions)}`;
  return sql`${inserted} on conflict (${names.key}) do update set ${set}${where} returning ${names.all}`;
}
