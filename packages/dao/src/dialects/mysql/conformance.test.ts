import { mysqlForTests } from '@midgard/test-services';
import { type RowDataPacket, createConnection } from 'mysql2/promise';
import { afterAll, describe } from 'vitest';
import { openDatabase } from '../../database.ts';
import { daoConformance } from '../../testing/conformance.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

let opened = '';

async function url(): Promise<string> {
  opened = 'url' in mysql ? await mysql.freshDatabase() : '';
  return opened;
}

/** Kills what works in the database that was opened last, and nothing else of the server. */
async function loseConnections(): Promise<void> {
  const admin = await createConnection('url' in mysql ? mysql.url : '');
  const [connections] = await admin.query<RowDataPacket[]>('select id from information_schema.processlist where db = ?', [new URL(opened).pathname.slice(1)]);
  // One may have ended by itself meanwhile.
  for (const { id } of connections) await admin.query('kill ?', [id]).catch(() => undefined);
  admin.destroy();
}

describe.skipIf(missing !== '')(`MySQL and MariaDB${missing}`, () => {
  daoConformance('mysql', async (options) => openDatabase(await url(), options), { otherProcesses: { url }, loseConnections });
});
