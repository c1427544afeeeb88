import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { findMariaDb } from './installation.ts';
import { type MariaDbSettings, startMariaDb } from './mariadb-server.ts';

// A test that forgot a transaction shall fail the clean-up and not let it wait for a day, which is the server's default.
const maxLockWaitSeconds = 10;

/** Nobody stops this server and looks what it kept: it waits for no disk, which is most of what making a table costs. */
const withoutDisk: MariaDbSettings = {
  'innodb-flush-method': 'nosync',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-doublewrite': 'OFF',
  'sync-frm': 'OFF',
};

/** A MySQL or MariaDB for tests that neither stop it nor mind its settings; each takes a database of its own. */
export interface MysqlForTests {
  /** Of the server, without a database. */
  readonly url: string;
  /** @returns the URL of a new, empty database with a random name; it goes with `remove`, so there is nothing to drop. About 1 ms */
  freshDatabase(): Promise<string>;
  /** Drops the databases, and ends the server if it is a private one. */
  remove(): Promise<void>;
}

/** What {@link mysqlForTests} gives, or why there is none. */
export type TestMysql = MysqlForTests | { readonly missing: string };

/**
 * The server at `MIDGARD_TEST_MYSQL_URL` (whose user may create databases), else a private one, else the reason why the tests are to be
 * skipped. Call it once at the top of a test file, and `remove` after all tests.
 *
 * @example
 * ```ts
 * import { mysqlForTests } from '@midgard/test-services';
 * import { afterAll, describe, test } from 'vitest';
 *
 * const mysql = await mysqlForTests();
 * const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
 * afterAll(() => ('url' in mysql ? mysql.remove() : undefined));
 *
 * describe.skipIf(missing !== '')(`something on MySQL${missing}`, () => {
 *   test('works', async () => {
 *     const url = 'url' in mysql ? await mysql.freshDatabase() : '';
 *   });
 * });
 * ```
 */
export async function mysqlForTests(): Promise<TestMysql> {
  const given = process.env['MIDGARD_TEST_MYSQL_URL'];
  if (given !== undefined && given !== '') return GivenMysql.open(given);
  if (findMariaDb() === undefined) return { missing: 'no MIDGARD_TEST_MYSQL_URL and no mariadbd' };
  return privateMysql();
}

/** Its databases go with its folder. */
async function privateMysql(): Promise<MysqlForTests> {
  const server = await startMariaDb(withoutDisk);
  const admin = await createConnection(server.url);
  return {
    url: server.url,
    async freshDatabase() {
      return server.urlOf(await createDatabase(admin));
    },
    async remove() {
      admin.destroy();
      await server.remove();
    },
  };
}

/** A server that was there before and stays: everything of ours is taken away again. */
class GivenMysql implements MysqlForTests {
  readonly url: string;
  readonly #admin: Connection;
  readonly #databases: string[] = [];

  private constructor(url: string, admin: Connection) {
    this.url = url;
    this.#admin = admin;
  }

  static async open(given: string): Promise<GivenMysql> {
    const url = new URL(given);
    url.pathname = '';
    const admin = await createConnection(url.href);
    await admin.query(`SET SESSION lock_wait_timeout = ${maxLockWaitSeconds}`);
    return new GivenMysql(url.href, admin);
  }

  async freshDatabase(): Promise<string> {
    const name = await createDatabase(this.#admin);
    this.#databases.push(name);
    const url = new URL(this.url);
    url.pathname = name;
    return url.href;
  }

  async remove(): Promise<void> {
    for (const name of this.#databases.splice(0)) await this.#admin.query(`DROP DATABASE ${name}`);
    this.#admin.destroy();
  }
}

async function createDatabase(admin: Connection): Promise<string> {
  const name = `midgard_test_${randomBytes(8).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  return name;
}
