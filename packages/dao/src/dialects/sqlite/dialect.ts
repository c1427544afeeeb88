import type { DatabaseOptions } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import type { Dialect } from '../dialect.ts';
import { SqliteDatabase } from './database.ts';
import { DatabaseFile } from './file.ts';

/** Whoever gives these relies on them; the bounds of a pool are tuning, and may stay when only the URL changes. */
const optionsOfServers = ['standbys', 'replicas'] as const satisfies (keyof DatabaseOptions)[];

/** SQLite through node:sqlite, which is built into Node. */
export const sqlite: Dialect = {
  async open(target, options) {
    for (const name of optionsOfServers)
      if (options[name] !== undefined) throw new DaoError('ERR_DAO_INPUT', `${name} are for servers: an SQLite file has none`);
    const file = await DatabaseFile.prepare(target);
    try {
      return new SqliteDatabase(file, options);
    } catch (error) {
      await file.release();
      throw error;
    }
  },
};
