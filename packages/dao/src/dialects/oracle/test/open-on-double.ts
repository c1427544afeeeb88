/** For processes that are to open databases of the double as others open those of Oracle. */
import driver from '@midgard/oracle-double/driver';
import type { Database, DatabaseOptions } from '../../../database.ts';
import { oracleThrough } from '../dialect.ts';

const dialect = oracleThrough(async () => driver);

/** @returns a database of the double, as `openDatabase` gives one of Oracle */
export function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  return dialect.open(url.slice('oracle:'.length), options);
}
