import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MariaDbServer } from './mariadb-server.ts';

const retryMs = 20;
const maxTries = 100;

/** One row of an answer, by column. */
export type AdminRow = Readonly<Record<string, unknown>>;

/**
 * Runs statements one after the other as `root` by the server's Unix socket, who may do everything.
 *
 * @returns the first row of the last one, empty if it has none
 */
export async function administer(server: MariaDbServer, statements: readonly string[]): Promise<AdminRow> {
  const connection = await connectionTo(server);
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

/** One place is kept for `root` where all others are taken, and the server may still count who had it before. */
async function connectionTo(server: MariaDbServer): Promise<Connection> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await createConnection({ socketPath: server.socketPath, user: 'root' });
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'ER_CON_COUNT_ERROR';
      if (!isFull || tries === maxTries) throw error;
      await sleep(retryMs);
    }
  }
}
