import { mysqlForTests } from '@midgard/test-services';
import { afterAll, describe } from 'vitest';
import { fileCases } from './test/file-cases.ts';
import { mysqlAccess } from './test/mysql-access.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

async function fresh(): Promise<ReturnType<typeof mysqlAccess>> {
  return mysqlAccess('url' in mysql ? await mysql.freshDatabase() : '');
}

const dialect = missing === '' ? await (await fresh()).look(async ({ ddl }) => ddl.dialect) : 'mariadb';

describe.skipIf(missing !== '')(`migration files of a MySQL server${missing}`, { timeout: 60_000 }, () => {
  fileCases({ dialect, fresh, isTransactional: false });
});
