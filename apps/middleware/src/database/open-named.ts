import { DaoError, type Database, type DatabaseOptions, openDatabase } from '@midgard/dao';
import { SetupError } from '../setup-error.ts';

/**
 * Opens a database of the configuration.
 *
 * @param id under which it stands there
 * @throws {SetupError} `ERR_SETUP_DATABASE`: the library refuses its settings; the message says where they stand and repeats no URL
 * @throws DaoError `ERR_DAO_UNAVAILABLE`: the file cannot be opened
 */
export async function openNamed(id: string, url: string, options: DatabaseOptions): Promise<Database> {
  try {
    return await openDatabase(url, options);
  } catch (error) {
    if (error instanceof DaoError && (error.code === 'ERR_DAO_INPUT' || error.code === 'ERR_DAO_DIALECT'))
      throw new SetupError('ERR_SETUP_DATABASE', `databases.${id}: ${error.message}`);
    throw error;
  }
}
