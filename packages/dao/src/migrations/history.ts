import type { RecordedColumns } from './diff.ts';
import type { Schema } from './schema.ts';
import { parseColumns } from './shape-json.ts';
import type { ColumnDefinition, TableShape } from './shape.ts';

const column = (kind: ColumnDefinition['kind'], maxLength = 0): ColumnDefinition => ({ kind, isNullable: false, maxLength, precision: 0, scale: 0 });

/** The table that remembers what was migrated, in order; the last row of an entity is how it is now. */
const history: TableShape = {
  entity: 'midgard_migration',
  table: 'midgard_migration',
  columns: {
    id: column('int64'),
    entity: column('text', 128),
    fingerprint: column('text', 64),
    definition: column('json'),
    statements: column('json'),
    applied_at: column('int64'),
  },
  key: ['id'],
  indexes: {},
};

/** Fingerprint of a row that is written between the steps of a migration, where each of them commits by itself. */
export const unfinished = '-';

/** What is remembered of an entity. */
export interface Recorded {
  readonly fingerprint: string | undefined;
  readonly columns: RecordedColumns;
}

/** One row to remember. */
export interface HistoryEntry {
  readonly entity: string;
  readonly fingerprint: string;
  readonly columns: RecordedColumns;
  readonly statements: readonly string[];
  readonly appliedAtMs: number;
}

/** Makes the table if it is missing; under the lock. */
export async function openHistory(schema: Schema): Promise<void> {
  if ((await schema.present(history.table)) === undefined) await schema.change(schema.ddl.createTable(history));
}

/** @returns what is remembered of each entity, by its name; nothing where no migration ran */
export async function readHistory(schema: Schema): Promise<ReadonlyMap<string, Recorded>> {
  if ((await schema.present(history.table)) === undefined) return new Map();
  const { quote } = schema.ddl;
  const names = ['entity', 'fingerprint', 'definition'].map(quote).join(', ');
  const rows = await schema.records(`select ${names} from ${quote(history.table)} order by ${quote('id')}`, []);
  return new Map(
    rows.map((row) => [String(row['entity']), { fingerprint: String(row['fingerprint']), columns: parseColumns(JSON.parse(String(row['definition']))) }]),
  );
}

/** Remembers what was done; under the lock, so that the number is free. */
export async function remember(schema: Schema, entry: HistoryEntry): Promise<void> {
  const { quote, placeholder, isTransactional } = schema.ddl;
  const [last] = await schema.records(`select max(${quote('id')}) as ${quote('last')} from ${quote(history.table)}`, []);
  const names = Object.keys(history.columns);
  const text = `insert into ${quote(history.table)} (${names.map(quote).join(', ')}) values (${names.map((_, index) => placeholder(index + 1)).join(', ')})`;
  const statements = isTransactional ? entry.statements.join(';\n') : JSON.stringify(entry.statements);
  // null as long as there is no row
  const id = BigInt(Number(last?.['last'] ?? 0)) + 1n;
  await schema.change(text, [id, entry.entity, entry.fingerprint, JSON.stringify(entry.columns), statements, BigInt(entry.appliedAtMs)]);
}
