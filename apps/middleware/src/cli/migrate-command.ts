import process from 'node:process';
import type { Database } from '@midgard/dao';
import { noteCommand } from '../audit/note-command.ts';
import { readSettings } from '../config.ts';
import { bringTables, pendingStatements } from '../database/tables.ts';
import { resolveSecrets } from '../secrets.ts';
import { SetupError } from '../setup-error.ts';
import { onEach } from './each-database.ts';
import { type ListedDatabase, listedDatabases } from './listed-databases.ts';

/** Arguments of `midgard migrate`. */
export interface MigrateArguments {
  readonly dryRun?: boolean;
  readonly game?: string;
  readonly to?: number;
  readonly allowDataLoss?: boolean;
}

/**
 * Brings every database of the service to its entities, one after the other, or prints what it would run; with `--to` the one of a game to a
 * version of its files, forward or back. What it prints on standard output is SQL with comments.
 */
export async function migrateCommand({ dryRun = false, game, to, allowDataLoss = false }: MigrateArguments): Promise<void> {
  const { config, isProduction, warnings } = readSettings();
  const all = await listedDatabases(config, resolveSecrets(config, isProduction));
  const databases = game === undefined ? all : all.filter(({ name }) => name === game);
  if (databases.length === 0) throw new SetupError('ERR_SETUP_ARGUMENT', `--game: no enabled game is called ${game}`);
  if (to !== undefined) requireFiles(databases);
  for (const warning of warnings) process.stderr.write(`! ${warning}\n`);
  await onEach('not migrated', databases, async (database, listed, title) => {
    if (to !== undefined) return toVersion(database, listed, { title, to, isDryRun: dryRun, allowsDataLoss: allowDataLoss });
    return dryRun ? show(database, listed, title) : migrate(database, listed, title);
  });
  // Afterwards: the log's own tables may be among those that were missing.
  if (!dryRun)
    await noteCommand(config, { operation: 'database.migrate', entity: 'database', subject: game ?? '*', changes: { to: to ?? null, allowDataLoss } });
}

function requireFiles(databases: readonly ListedDatabase[]): void {
  const [only, ...others] = databases;
  if (only === undefined || others.length > 0) throw new SetupError('ERR_SETUP_ARGUMENT', '--to: say of which game, with --game');
  if (only.folder === undefined)
    throw new SetupError('ERR_SETUP_ARGUMENT', `--to: versions are of files, and databases.${only.name}.migrations.folder is not set`);
}

async function show(database: Database, listed: ListedDatabase, title: string): Promise<void> {
  const statements = await pendingStatements(database, listed);
  process.stdout.write(`-- ${title}: ${statements.length === 0 ? 'up to date' : `${counted(statements)} to run`}\n`);
  for (const statement of statements) process.stdout.write(`${statement};\n`);
}

async function migrate(database: Database, listed: ListedDatabase, title: string): Promise<void> {
  const startedAt = performance.now();
  const { length } = await pendingStatements(database, listed);
  if (length > 0) process.stdout.write(`-- ${title}: migrating …\n`);
  const ran = await bringTables(database, listed);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`-- ${title}: ${ran.length === 0 ? 'up to date' : `ran ${counted(ran)} in ${seconds} s`}\n`);
}

interface Destination {
  readonly title: string;
  readonly to: number;
  readonly isDryRun: boolean;
  readonly allowsDataLoss: boolean;
}

async function toVersion(database: Database, { folder = '' }: ListedDatabase, { title, ...options }: Destination): Promise<void> {
  const files = await database.migrateFiles(folder, options);
  if (files.length === 0) process.stdout.write(`-- ${title}: is at version ${options.to}\n`);
  for (const { version, name, direction, statements } of files) {
    process.stdout.write(
      `-- ${title}: ${options.isDryRun ? 'would run' : 'ran'} ${direction === 'forward' ? 'V' : 'U'}${version} ${name}, ${counted(statements)}\n`,
    );
    if (options.isDryRun) for (const statement of statements) process.stdout.write(`${statement};\n`);
  }
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? '1 statement' : `${length} statements`;
}
