/** The only file of this dialect that knows drizzle-orm's inside: its SQL objects become text of Oracle. */
import { sql, type SQL } from 'drizzle-orm';
import { CasingCache } from 'drizzle-orm/casing';
import type { Column } from '../../column.ts';
import { DaoError } from '../../errors.ts';
import type { Flavor, MergeParts } from '../../statements/flavor.ts';
import { list } from '../../statements/names.ts';
import type { OracleCell } from './cell.ts';
import { codec } from './codec.ts';

/** drizzle has no dialect for Oracle, but its SQL objects ask for these only. */
const settings = {
  casing: new CasingCache(),
  escapeName: quote,
  escapeParam: (index: number): string => `:${index + 1}`,
  escapeString: (text: string): string => `'${text.replaceAll("'", "''")}'`,
};

/**
 * Names of ours are letters, digits and underscores; a hand-written one may hold anything, but Oracle has no way to write a quote in it.
 * Only a to z change: other letters could become those of another name.
 */
function quote(name: string): string {
  if (/["\0]/.test(name)) throw new DaoError('ERR_DAO_STATEMENT', 'a name that Oracle cannot have');
  return `"${name.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase())}"`;
}

/** The statements of Oracle 12.1 and later. */
export const flavor: Flavor<OracleCell> = {
  codec,
  render: (statement) => {
    const { sql: text, params } = statement.toQuery(settings);
    return { text, values: params };
  },
  hasRowComparison: false,
  hasLeastNull: false,
  // RETURNING … INTO needs a bind of each column's type and gives times in the zone of the process.
  hasReturning: false,
  // A merge of many rows: longer statements take the server longer to read than they save. Rows are inserted by array binds.
  mostRows: 64,
  maxBindings: 32_768,
  maxCompositeKeys: 100,
  limit: (count) => sql`fetch next ${count} rows only`,
  forUpdate: sql`for update`,
  merge,
  hasMergeBounds: false,
};

const target = sql.identifier('T');
const source = sql.identifier('S');

/**
 * Values: those of all columns of each row.
 *
 * The rows are united with none of the table's own, which gives their columns names and types: a LOB cannot be had from CAST (ORA-00932).
 * What rows are found by is never set (ORA-38104).
 */
function merge({ entity, names, slots, rows, shape: { replaced, added, stepped, raised } }: MergeParts): SQL {
  const columns = Object.entries(entity.columns);
  const row = (): SQL => sql`select ${list(columns.map(([, column]) => given(column, sql`${slots.one()}`)))} from DUAL`;
  const united = sql.join([sql`select ${names.all} from ${names.table} where 1 = 0`, ...Array.from({ length: rows }, row)], sql` union all `);
  const keys = sql.join(
    entity.key.map((name) => sql`${names.of(target, name)} = ${names.of(source, name)}`),
    sql` and `,
  );
  const assignments = [
    ...replaced.map((name) => sql`${names.of(target, name)} = ${names.of(source, name)}`),
    ...added.map((name) => sql`${names.of(target, name)} = ${names.of(target, name)} + ${names.of(source, name)}`),
    ...(stepped === undefined ? [] : [sql`${names.of(target, stepped)} = ${names.of(target, stepped)} + 1`]),
  ];
  const condition = raised === undefined ? sql`` : sql` where ${names.of(target, raised)} < ${names.of(source, raised)}`;
  const update = assignments.length === 0 ? sql`` : sql` when matched then update set ${list(assignments)}${condition}`;
  const inserted = list(columns.map(([name]) => names.of(source, name)));
  return sql`merge into ${names.table} ${target} using (${united}) ${source} on (${keys})${update} when not matched then insert (${names.all}) values (${inserted})`;
}

/** A decimal is bound as a text, which has no place in a union with numbers. */
function given({ kind, traits }: Column, slot: SQL): SQL {
  return kind === 'decimal' ? sql`cast(${slot} as ${sql.raw(`NUMBER(${traits.precision}, ${traits.scale})`)})` : slot;
}
