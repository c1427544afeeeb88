/** The only file of this dialect that knows drizzle-orm's inside: its SQL objects become text of MySQL and MariaDB. */
import { sql, type SQL } from 'drizzle-orm';
import { MySqlDialect } from 'drizzle-orm/mysql-core';
import type { Flavor, MergeParts } from '../../statements/flavor.ts';
import { list } from '../../statements/names.ts';
import { insertInto } from '../../statements/render.ts';
import { type MysqlCell, codec } from './codec.ts';

const dialect = new MySqlDialect();

/** The statements of MySQL and MariaDB. */
export const flavor: Flavor<MysqlCell> = {
  codec,
  render: (statement) => {
    const { sql: text, params } = dialect.sqlToQuery(statement);
    return { text, values: params };
  },
  // Allowed, but no index is used for it.
  hasRowComparison: false,
  hasLeastNull: true,
  // MariaDB's UPDATE and MySQL's statements have none.
  hasReturning: false,
  mostRows: 1024,
  maxBindings: 65_535,
  maxCompositeKeys: 100,
  limit: (count) => sql`limit ${count}`,
  forUpdate: sql`for update`,
  merge,
  hasMergeBounds: false,
};

/**
 * Values: as for an insert. `VALUES(c)` and not `AS new`, which MariaDB does not know.
 *
 * Assignments work from left to right and see what the ones before them did: the version by which rows are judged comes last.
 */
function merge({ entity, names, slots, rows, shape: { replaced, added, stepped, raised } }: MergeParts): SQL {
  const given = (name: string): SQL => sql`values(${names.column(name)})`;
  const judged = (name: string): SQL => {
    if (raised === undefined) return given(name);
    return sql`if(${names.column(raised)} < ${given(raised)}, ${given(name)}, ${names.column(name)})`;
  };
  const inOrder = raised === undefined ? replaced : [...replaced.filter((name) => name !== raised), raised];
  const assignments = [
    ...inOrder.map((name) => sql`${names.column(name)} = ${judged(name)}`),
    ...added.map((name) => sql`${names.column(name)} = ${names.column(name)} + ${given(name)}`),
    ...(stepped === undefined ? [] : [sql`${names.column(stepped)} = ${names.column(stepped)} + 1`]),
  ];
  const set = assignments.length > 0 ? assignments : entity.key.map((name) => sql`${names.column(name)} = ${names.column(name)}`);
  return sql`${insertInto(entity, names, rows, slots)} on duplicate key update ${list(set)}`;
}
