import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findMariaDb, type MariaDbServer, type MariaDbSettings, startMariaDb } from '../index.ts';
import { until } from '../until.ts';

async function serverOfTest(settings?: MariaDbSettings): Promise<MariaDbServer> {
  const server = await startMariaDb(settings);
  onTestFinished(() => server.remove());
  return server;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

describe.skipIf(findMariaDb() === undefined)('a private MariaDB (needs mariadbd)', { timeout: 60_000 }, () => {
  test('takes the settings that are given, and small ones else', async () => {
    const server = await serverOfTest({ 'innodb-flush-log-at-trx-commit': '2', 'max-connections': '17' });
    const asked = '@@innodb_flush_log_at_trx_commit AS flush, @@max_connections AS connections, @@innodb_buffer_pool_size AS pool, @@log_bin AS log';
    expect(await ask(server.url, `SELECT ${asked}`)).toEqual([{ flush: 2, connections: 17, pool: 32 * 1024 * 1024, log: 0 }]);
  });

  test('killed, it has what was committed when it is started again at the same place', async () => {
    const server = await serverOfTest();
    const { url } = server;
    await ask(url, 'CREATE DATABASE realm');
    await ask(server.urlOf('realm'), 'CREATE TABLE hero (id INT PRIMARY KEY)');
    await ask(server.urlOf('realm'), 'INSERT INTO hero VALUES (7)');
    await server.stop('SIGKILL');
    await expect(ask(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();
    expect(server.url).toBe(url);
    expect(await ask(server.urlOf('realm'), 'SELECT id FROM hero')).toEqual([{ id: 7 }]);
  });

  test('frozen, it answers nothing until it is thawed', async () => {
    const server = await serverOfTest();
    const connection = await createConnection(server.url);
    onTestFinished(() => connection.destroy());
    await server.freeze();
    let isAnswered = false;
    const answer = connection.query('SELECT 1').then(() => (isAnswered = true));
    await expect(createConnection({ uri: server.url, connectTimeout: 200 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(isAnswered).toBe(false);
    server.thaw();
    expect(await answer).toBe(true);
  });

  test('frozen, it can be stopped', async () => {
    const server = await serverOfTest();
    await server.freeze();
    await server.stop();
    await expect(ask(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('nothing of it stays when it is removed', async () => {
    const server = await serverOfTest();
    await server.remove();
    expect(existsSync(dirname(server.socketPath))).toBe(false);
    await expect(ask(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('nothing of it stays when the process that started it is killed', async () => {
    const program = `
      import { readdirSync } from 'node:fs';
      import { startMariaDb } from ${JSON.stringify(fileURLToPath(new URL('mariadb-server.ts', import.meta.url)))};
      const { url, socketPath } = await startMariaDb();
      console.log(JSON.stringify({ url, socketPath }));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    const { url, socketPath } = JSON.parse(String(line));
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    child.kill('SIGKILL');
    await until(() => !existsSync(dirname(socketPath)));
    await expect(ask(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
