import { type Database, type DatabaseOptions, openDatabase } from '../database.ts';

/**
 * @param options as for `openDatabase`
 * @returns an empty SQLite database in a temporary file, which goes when it is closed
 */
export function temporaryDatabase(options: DatabaseOptions = {}): Promise<Database> {
  return openDatabase('sqlite::memory:', options);
}
