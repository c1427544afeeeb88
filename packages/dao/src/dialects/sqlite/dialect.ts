import type { Dialect } from '../dialect.ts';
import { SqliteDatabase } from './database.ts';
import { DatabaseFile } from './file.ts';

/** SQLite through node:sqlite, which is built into Node. */
export const sqlite: Dialect = {
  async open(target, options) {
    const file = await DatabaseFile.prepare(target);
    try {
      return new SqliteDatabase(file, options);
    } catch (error) {
      await file.release();
      throw error;
    }
  },
};
