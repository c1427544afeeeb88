import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { onTestFinished } from 'vitest';

/** @returns a connection that is gone after the test */
export async function connected(url: string): Promise<Connection> {
  const connection = await createConnection(url);
  onTestFinished(() => connection.destroy());
  return connection;
}

/** Runs a statement by hand. */
export async function rowsOf(connection: Connection, text: string, values: string[] = []): Promise<readonly RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(text, values);
  return rows;
}
