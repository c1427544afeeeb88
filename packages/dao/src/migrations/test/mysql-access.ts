import { mysqlCatalogue } from '../../dialects/mysql/catalogue.ts';
import { MysqlConnection } from '../../dialects/mysql/connection.ts';
import { parseTarget } from '../../dialects/mysql/target.ts';
import { understand } from '../../dialects/mysql/errors.ts';
import { faultError } from '../../server/server-dialect.ts';
import { ServerAccess, type ServerAccessParts } from '../server-access.ts';

/** @returns the migrations' way to a MySQL or MariaDB */
export function mysqlAccess(url: string, parts: Partial<ServerAccessParts> = {}): ServerAccess {
  return new ServerAccess({
    catalogue: mysqlCatalogue,
    connect: () => MysqlConnection.open(parseTarget(url, false), AbortSignal.timeout(10_000)),
    toDaoError: (error) => faultError(understand(error, undefined), undefined, error),
    ...parts,
  });
}
