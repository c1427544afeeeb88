import process from 'node:process';
import { readSettings } from '../config.ts';
import { databaseTrouble } from '../database/database-trouble.ts';
import { resolveSecrets } from '../secrets.ts';
import { type ListedDatabase, listedDatabases } from './listed-databases.ts';

/**
 * Brings every database of the service to its entities, one after the other, or prints what it would run. One that fails keeps the others
 * from nothing; then the command fails at its end. What it prints on standard output is SQL with comments.
 */
export async function migrateCommand({ dryRun = false }: { dryRun?: boolean }): Promise<void> {
  const { config, isProduction, warnings } = readSettings();
  const databases = await listedDatabases(config, await resolveSecrets(config, isProduction));
  for (const warning of warnings) process.stderr.write(`! ${warning}\n`);
  const failed: string[] = [];
  for (const listed of databases) if (!(await (dryRun ? show(listed) : migrate(listed)))) failed.push(listed.name);
  if (failed.length === 0) return;
  process.stderr.write(`midgard: not migrated: ${failed.join(', ')}; what was done stays, and the next midgard migrate goes on there\n`);
  process.exitCode = 1;
}

function show(listed: ListedDatabase): Promise<boolean> {
  return attempt(listed, async () => {
    await using database = await listed.open();
    const statements = await database.plan(listed.entities);
    process.stdout.write(`-- ${titleOf(listed)}: ${statements.length === 0 ? 'up to date' : `${counted(statements)} to run`}\n`);
    for (const statement of statements) process.stdout.write(`${statement};\n`);
  });
}

function migrate(listed: ListedDatabase): Promise<boolean> {
  return attempt(listed, async () => {
    const startedAt = performance.now();
    await using database = await listed.open();
    const { length } = await database.plan(listed.entities);
    if (length > 0) process.stdout.write(`-- ${titleOf(listed)}: migrating …\n`);
    const ran = await database.migrate(listed.entities);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`-- ${titleOf(listed)}: ${ran.length === 0 ? 'up to date' : `ran ${counted(ran)} in ${seconds} s`}\n`);
  });
}

async function attempt(listed: ListedDatabase, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const { reason, advice } = databaseTrouble(error);
    process.stderr.write(`✗ ${titleOf(listed)}: ${reason}${advice === undefined ? '' : `; ${advice}`}\n`);
    return false;
  }
}

function titleOf({ name, shownUrl }: ListedDatabase): string {
  return `${name} (${shownUrl})`;
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? '1 statement' : `${length} statements`;
}
