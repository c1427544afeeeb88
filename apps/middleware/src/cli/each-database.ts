import process from 'node:process';
import type { Database } from '@midgard/dao';
import { databaseTrouble } from '../database/database-trouble.ts';
import type { ListedDatabase } from './listed-databases.ts';

/** @param title of the database, for people */
type Work = (database: Database, listed: ListedDatabase, title: string) => Promise<void>;

/** Does something with one database after the other. One that fails keeps the others from nothing; then the command fails at its end. */
export async function onEach(failure: string, databases: readonly ListedDatabase[], work: Work): Promise<void> {
  const failed: string[] = [];
  for (const listed of databases) {
    const title = `${listed.name} (${listed.shownUrl})`;
    try {
      await using database = await listed.open();
      await work(database, listed, title);
    } catch (error) {
      const { reason, advice } = databaseTrouble(error);
      process.stderr.write(`✗ ${title}: ${reason}${advice === undefined ? '' : `; ${advice}`}\n`);
      failed.push(listed.name);
    }
  }
  if (failed.length === 0) return;
  process.stderr.write(`midgard: ${failure}: ${failed.join(', ')}; what was done stays, and the next call goes on there\n`);
  process.exitCode = 1;
}
