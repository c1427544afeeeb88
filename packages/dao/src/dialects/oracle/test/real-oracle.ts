import oracledb from 'oracledb';
import { parseTarget } from '../target.ts';

/** URL of a schema of a real Oracle that tests may empty. */
export const realOracle: string | undefined = process.env['MIDGARD_TEST_ORACLE_URL'];

/** Drops all tables of the schema. */
export async function emptySchema(url: string): Promise<void> {
  const { user, password, connectString } = parseTarget(url);
  const connection = await oracledb.getConnection({ user, password, connectString });
  try {
    const { rows = [] } = await connection.execute<[string]>('select table_name from user_tables');
    for (const [table] of rows) await connection.execute(`drop table "${table}" cascade constraints purge`);
  } finally {
    await connection.close();
  }
}
