import { SqliteConnection } from '../../dialects/sqlite/connection.ts';
import { sqliteAccess } from '../../dialects/sqlite/migrate.ts';
import { Readers } from '../../dialects/sqlite/readers.ts';
import { Writer } from '../../dialects/sqlite/writer.ts';
import type { SchemaAccess } from '../schema.ts';

/** @returns the migrations' way to a SQLite file, and what lets go of it */
export function sqliteAccessTo(path: string): { readonly access: SchemaAccess; readonly close: () => void } {
  const connection = new SqliteConnection(path, 1000);
  connection.exec('pragma journal_mode = wal');
  const writer = new Writer(connection, { busyTimeoutMs: 3000, maxQueue: 100, maxGroup: 1, maxGroupMs: 10 });
  const readers = new Readers(path, 4, 100);
  return {
    access: sqliteAccess(readers, writer),
    close() {
      readers.close();
      writer.close();
    },
  };
}
