import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MariaDbServer } from './mariadb-server.ts';

/** One row of an answer, by column. */
export type AdminRow = Readonly<Record<string, unknown>>;

/**
 * Runs statements one after the other as `root` by the server's Unix socket, who may do everything.
 *
 * @returns the first row of the last one, empty if it has none
 */
export async function administer(server: MariaDbServer, statements: readonly string[]): Promise<AdminRow> {
  const connection = await createConnection({ socketPath: server.socketPath, user: 'root' });
  try {
    let first: AdminRow = {};
    for (const statement of statements) {
      const [rows] = await connection.query<RowDataPacket[]>(statement);
      first = (Array.isArray(rows) ? rows[0] : undefined) ?? {};
    }
    return first;
  } finally {
    connection.destroy();
  }
}
