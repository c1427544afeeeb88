import type { PresentTable } from '../../migrations/diff.ts';
import type { Schema, SchemaAccess } from '../../migrations/schema.ts';
import type { SqliteConnection } from './connection.ts';
import { toDaoError } from './errors.ts';
import type { Readers } from './readers.ts';
import { sqliteDdl } from './schema.ts';
import type { Writer } from './writer.ts';

const timeoutMs = 60_000;

/**
 * @returns access to the tables of a file. The writer's transaction is the lock: all of a migration, or nothing, and another process
 *   that starts at once finds it done. The work may wait for nothing but the statements, which take no turn of the event loop, so
 *   its time cannot be up between two of them.
 */
export function sqliteAccess(readers: Readers, writer: Writer): SchemaAccess {
  return {
    look: (work) => readers.read(({ connection }) => work(sqliteSchema(connection)), { timeoutMs }),
    alone: (work) => writer.transaction(({ connection }) => work(sqliteSchema(connection)), { timeoutMs }),
  };
}

function sqliteSchema(connection: SqliteConnection): Schema {
  return {
    ddl: sqliteDdl,
    present: async (table) => presentTable(connection, table),
    records: async (text, values) => connection.records(text, values.map(requireInput)),
    change: async (text, values = []) => {
      connection.records(text, values.map(requireInput));
    },
    toDaoError,
  };
}

function requireInput(value: unknown): string | bigint {
  if (typeof value === 'string' || typeof value === 'bigint') return value;
  throw new TypeError('migrations bind texts and bigints only');
}

function presentTable(connection: SqliteConnection, table: string): PresentTable | undefined {
  const columns = connection.records('select name, type, "notnull" as required, pk from pragma_table_info(?)', [table]);
  if (columns.length === 0) return undefined;
  const key = columns.filter(({ pk }) => pk !== 0n).sort((a, b) => Number(a['pk']) - Number(b['pk']));
  return {
    columns: Object.fromEntries(columns.map(({ name, type, required }) => [String(name), { type: String(type).toLowerCase(), isRequired: required === 1n }])),
    key: key.map(({ name }) => String(name)),
    indexes: connection.records(`select name from pragma_index_list(?) where origin = 'c'`, [table]).map(({ name }) => String(name)),
    partitions: [],
  };
}
