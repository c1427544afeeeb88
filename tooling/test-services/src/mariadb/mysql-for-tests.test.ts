import { createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { findMariaDb, mysqlForTests, type MysqlForTests, startMariaDb } from '../index.ts';

async function mysqlOfTest(given: string): Promise<MysqlForTests> {
  vi.stubEnv('MIDGARD_TEST_MYSQL_URL', given);
  onTestFinished(() => void vi.unstubAllEnvs());
  const mysql = await mysqlForTests();
  if ('missing' in mysql) throw new Error(mysql.missing);
  onTestFinished(() => mysql.remove());
  return mysql;
}

async function names(url: string, sql: string): Promise<readonly unknown[]> {
  const connection = await createConnection({ uri: url, rowsAsArray: true });
  try {
    const [rows] = await connection.query(sql);
    return Array.isArray(rows) ? rows.flat() : [];
  } finally {
    connection.destroy();
  }
}

describe.skipIf(findMariaDb() === undefined)('mysqlForTests (needs mariadbd)', { timeout: 60_000 }, () => {
  test('each database is new, empty and its own', async () => {
    const mysql = await mysqlOfTest('');
    const [first, second] = await Promise.all([mysql.freshDatabase(), mysql.freshDatabase()]);
    await names(first, 'CREATE TABLE hero (id INT PRIMARY KEY)');
    expect(await names(first, 'SHOW TABLES')).toEqual(['hero']);
    expect(await names(second, 'SHOW TABLES')).toEqual([]);
  });

  test('a given server is used, keeps what it had and loses what the tests made', async () => {
    const server = await startMariaDb();
    onTestFinished(() => server.remove());
    const before = await names(server.url, 'SHOW DATABASES');
    const mysql = await mysqlOfTest(`${server.url}/mysql?connectTimeout=5000`);
    const url = await mysql.freshDatabase();
    await names(url, 'CREATE TABLE hero (id INT PRIMARY KEY)');
    expect(new URL(url).host).toBe(new URL(server.url).host);
    expect(await names(server.url, 'SHOW DATABASES')).toHaveLength(before.length + 1);
    await mysql.remove();
    expect(await names(server.url, 'SHOW DATABASES')).toEqual(before);
  });
});
