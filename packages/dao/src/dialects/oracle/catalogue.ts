import type { Catalogue } from '../../migrations/catalogue.ts';
import type { PresentTable } from '../../migrations/diff.ts';
import type { ServerConnection } from '../../server/connection.ts';
import { oracleDdl } from './schema.ts';

type Row = Readonly<Record<string, unknown>>;

const lockTable = 'MIDGARD_MIGRATION_LOCK';

/** ORA-00054 and ORA-30006: another session has the lock, ORA-00955: another one made the table just now. */
const locked: ReadonlySet<string> = new Set(['ORA-00054', 'ORA-30006']);
const existsAlready: ReadonlySet<string> = new Set(['ORA-00955']);

const tableWaitSeconds = 30;

/** What Oracle knows about the tables of the user who is connected. */
export const oracleCatalogue: Catalogue = {
  async ddl(connection) {
    // By default it does not wait at all for a transaction that has written to the table.
    await connection.command(`alter session set ddl_lock_timeout = ${tableWaitSeconds}`);
    return oracleDdl;
  },

  async present(connection, table): Promise<PresentTable | undefined> {
    const rowsOf = (text: string): Promise<readonly Row[]> => connection.records(text, [table.toUpperCase()]);
    const columns = await rowsOf(
      'select column_name, data_type, nullable, char_length, data_length, data_precision, data_scale from user_tab_columns where table_name = :1',
    );
    if (columns.length === 0) return undefined;
    const key = await rowsOf(
      "select c.column_name from user_constraints k join user_cons_columns c on c.constraint_name = k.constraint_name and c.table_name = k.table_name where k.table_name = :1 and k.constraint_type = 'P' order by c.position",
    );
    const indexes = await rowsOf('select index_name from user_indexes where table_name = :1');
    const partitions = await rowsOf('select partition_name from user_tab_partitions where table_name = :1 order by partition_position');
    return {
      columns: Object.fromEntries(columns.map((column) => [nameIn(column, 'column_name'), { type: typeOf(column), isRequired: column['nullable'] === 'N' }])),
      key: key.map((column) => nameIn(column, 'column_name')),
      indexes: indexes.map((index) => nameIn(index, 'index_name')),
      partitions: partitions.map((partition) => nameIn(partition, 'partition_name')),
    };
  },

  locksByTransaction: true,

  /** A table that is locked for as long as a transaction lasts: DBMS_LOCK would need a grant that not every user has. */
  async tryLock(connection) {
    await createLockTable(connection);
    await connection.begin('readCommitted');
    try {
      await connection.command(`lock table "${lockTable}" in exclusive mode wait 1`);
      return true;
    } catch (error) {
      await connection.rollback();
      if (locked.has(codeOf(error))) return false;
      throw error;
    }
  },

  unlock: (connection) => connection.rollback(),
};

async function createLockTable(connection: ServerConnection): Promise<void> {
  const present = await connection.records('select table_name from user_tables where table_name = :1', [lockTable]);
  if (present.length > 0) return;
  try {
    await connection.command(`create table "${lockTable}" ("ID" number(1) not null)`);
  } catch (error) {
    if (!existsAlready.has(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error ? (/^ORA-\d{5}/.exec(error.message)?.[0] ?? '') : '';
}

function nameIn(row: Row, column: string): string {
  return String(row[column]).toLowerCase();
}

/** @returns the type as the statements spell it */
function typeOf(column: Row): string {
  const name = String(column['data_type']).toLowerCase();
  if (name === 'varchar2') return `varchar2(${Number(column['char_length'])} char)`;
  if (name === 'raw') return `raw(${Number(column['data_length'])})`;
  if (name !== 'number' || column['data_precision'] === null) return name;
  const scale = Number(column['data_scale']);
  return scale === 0 ? `number(${Number(column['data_precision'])})` : `number(${Number(column['data_precision'])},${scale})`;
}
