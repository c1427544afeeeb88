import type { AppliedFile, Database, Entity } from '@midgard/dao';
import { SetupError } from '../setup-error.ts';

/** How the tables of a database are brought to its entities. */
export interface Tables {
  /** For messages: `service`, or the id of the game. */
  readonly name: string;
  readonly entities: readonly Entity[];
  /** Folder of reviewed SQL files; undefined: the entities themselves are compared with the tables. */
  readonly folder: string | undefined;
  /** Whether the service does it when it starts, or only says what is missing. */
  readonly isAtStart: boolean;
}

/** @returns the statements that would bring the tables to their entities */
export async function pendingStatements(database: Database, tables: Tables): Promise<readonly string[]> {
  if (tables.folder === undefined) return database.plan(tables.entities);
  const statements = statementsOf(await database.migrateFiles(tables.folder, { isDryRun: true }));
  if (statements.length === 0) await requireEnough(database, tables);
  return statements;
}

/** @returns the statements that were run; none where another instance was first */
export async function bringTables(database: Database, tables: Tables): Promise<readonly string[]> {
  if (tables.folder === undefined) return database.migrate(tables.entities);
  const ran = statementsOf(await database.migrateFiles(tables.folder));
  await requireEnough(database, tables);
  // Files know nothing of the table of the data keys, which the library makes.
  await database.encryption?.ready();
  return ran;
}

/** What a start does: brings the tables to their entities, or refuses to go on without. */
export async function readyTables(database: Database, tables: Tables): Promise<void> {
  if (tables.isAtStart) await bringTables(database, tables);
  else await requireNothingPending(database, tables);
  // A wrong key is told now, and not by the first player who is read.
  await database.encryption?.ready();
}

async function requireNothingPending(database: Database, tables: Tables): Promise<void> {
  const { length } = await pendingStatements(database, tables);
  if (length === 0) return;
  const advice = `run midgard migrate, or set databases.${tables.name}.migrations.atStart`;
  throw new SetupError('ERR_SETUP_DATABASE', `databases.${tables.name}: ${length === 1 ? '1 statement is' : `${length} statements are`} pending; ${advice}`);
}

/** Files may lag behind the entities: then whoever ran them would believe that all is well. */
async function requireEnough(database: Database, { name, entities, folder }: Tables): Promise<void> {
  const { length } = await database.plan(entities);
  if (length > 0)
    throw new SetupError(
      'ERR_SETUP_DATABASE',
      `databases.${name}.migrations.folder: the files in ${folder} do not lead to the entities; write the next one with midgard migrations`,
    );
}

function statementsOf(files: readonly AppliedFile[]): readonly string[] {
  return files.flatMap(({ statements }) => statements);
}
