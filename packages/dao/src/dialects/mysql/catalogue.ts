import type { PresentTable } from '../../migrations/diff.ts';
import type { Catalogue } from '../../migrations/catalogue.ts';
import { mysqlDdl } from './schema.ts';

/** Such as `bigint(20)`: MariaDB shows a width that means nothing, MySQL 8 does not. */
const displayWidth = /(?<=^(?:big)?int)\(\d+\)$/;

/** The lock falls with its connection. Its name is the server's, so it holds the database's. */
const lockName = `concat('midgard:', sha1(database()))`;

const tableWaitSeconds = 30;

/** What MySQL and MariaDB know about their tables. */
export const mysqlCatalogue: Catalogue = {
  async ddl(connection) {
    // While it waits for a transaction that has read the table, everybody else waits behind it; by default for a day.
    await connection.command(`set session lock_wait_timeout = ${tableWaitSeconds}`);
    const [row] = await connection.records('select version() as version', []);
    return mysqlDdl(String(row?.['version']).includes('MariaDB') ? 'mariadb' : 'mysql');
  },

  async present(connection, table): Promise<PresentTable | undefined> {
    const columns = await connection.records(
      'select column_name as name, column_type as type, is_nullable as nullable, collation_name as collation from information_schema.columns where table_schema = database() and table_name = ?',
      [table],
    );
    if (columns.length === 0) return undefined;
    const indexed = await connection.records(
      'select index_name as name, column_name as part from information_schema.statistics where table_schema = database() and table_name = ? order by index_name, seq_in_index',
      [table],
    );
    const parts = await connection.records(
      'select partition_name as name from information_schema.partitions where table_schema = database() and table_name = ? and partition_name is not null order by partition_ordinal_position',
      [table],
    );
    const names = indexed.map(({ name }) => String(name));
    return {
      columns: Object.fromEntries(
        columns.map(({ name, type, nullable, collation }) => {
          const collated = typeof collation === 'string' ? ` collate ${collation}` : '';
          return [String(name), { type: `${String(type).toLowerCase().replace(displayWidth, '')}${collated}`, isRequired: nullable === 'NO' }];
        }),
      ),
      key: indexed.filter(({ name }) => name === 'PRIMARY').map(({ part }) => String(part)),
      indexes: [...new Set(names)].filter((name) => name !== 'PRIMARY'),
      partitions: parts.map(({ name }) => String(name).toLowerCase()),
    };
  },

  locksByTransaction: false,

  async tryLock(connection) {
    const [row] = await connection.records(`select get_lock(${lockName}, 1) as locked`, []);
    return String(row?.['locked']) === '1';
  },

  async unlock(connection) {
    await connection.records(`select release_lock(${lockName}) as released`, []);
  },
};
