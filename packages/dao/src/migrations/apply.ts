import path from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { type PlannedFile, planFiles, progressOf } from './apply-plan.ts';
import { type MigrationFile, readMigrations } from './migration-files.ts';
import type { Schema, SchemaAccess } from './schema.ts';
import { stepError } from './step-error.ts';
import { type Signature, forgetVersion, noteVersion, openVersions, readVersions } from './version-table.ts';

/** What {@link applyMigrations} may do. */
export interface ApplyOptions {
  /** Version to end at, forward or back; 0 is before the first file. Default: the last file. */
  readonly to?: number;
  /** Only tells what it would run. */
  readonly isDryRun?: boolean;
  /** Lets a way back delete tables, columns and rows. */
  readonly allowsDataLoss?: boolean;
  /** Who applies, for the record; at most 128 characters. */
  readonly by?: string;
  readonly clock?: Clock;
}

/** A file that was run, or would be. */
export interface AppliedFile {
  readonly version: number;
  readonly name: string;
  readonly direction: 'forward' | 'back';
  /** Those that were run, without what was run of the file before. */
  readonly statements: readonly string[];
}

/**
 * Brings a database to a version of its migration files, forward or back, while no other instance does. Where DDL is not transactional
 * (MySQL, Oracle) each statement is noted after it was run; when one fails, its file may be mended from there on, and the next call goes on.
 *
 * A crash in the moment between a statement and its note makes it fail once more as "exists already": then set `done` (or `undone`, on the
 * way back) in `midgard_schema_version` one higher by hand.
 *
 * @param folder holds a folder of files for each dialect; see `generateMigration`
 * @returns what was run
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a file is missing, was changed after it was applied, would lose data without leave, or the database
 *   refused a statement; `ERR_DAO_UNAVAILABLE`: another instance holds the lock for too long; `ERR_DAO_INPUT`: there is no such version
 */
export async function applyMigrations(access: SchemaAccess, folder: string, options: ApplyOptions = {}): Promise<readonly AppliedFile[]> {
  const { to, isDryRun = false, allowsDataLoss = false, by = 'midgard', clock = systemClock } = options;
  // Read before the lock is taken: SQLite's transaction must wait for nothing else than statements.
  const dialect = await access.look(async ({ ddl }) => ddl.dialect);
  const migrations = await readMigrations(path.join(folder, dialect));
  const plan = async (schema: Schema): Promise<readonly PlannedFile[]> =>
    planFiles(migrations, await readVersions(schema), { to, allowsDataLoss: allowsDataLoss || isDryRun });
  if (isDryRun) return access.look(async (schema) => (await plan(schema)).map(told));
  return access.alone(async (schema) => {
    const planned = await plan(schema);
    if (planned.length > 0) await openVersions(schema);
    for (const file of planned) await (file.direction === 'forward' ? runForward : runBack)(schema, file, { by, atMs: clock.now() });
    return planned.map(told);
  });
}

function told({ migration: { version, name }, direction, statements, done }: PlannedFile): AppliedFile {
  return { version, name, direction, statements: statements.slice(done) };
}

async function runForward(schema: Schema, { migration, statements, done: before }: PlannedFile, signature: Signature): Promise<void> {
  const note = (done: number): Promise<void> => {
    const checksum = done === statements.length ? migration.checksum : progressOf(statements.slice(0, done));
    return noteVersion(schema, { ...migration, checksum, done, total: statements.length, undone: 0 }, signature);
  };
  await note(before);
  for (const [index, statement] of statements.entries()) {
    if (index < before) continue;
    await runStatement(schema, statement, { file: 'V', migration, index, total: statements.length });
    await note(index + 1);
  }
}

async function runBack(schema: Schema, { migration, statements, done: before }: PlannedFile, signature: Signature): Promise<void> {
  const total = migration.forward.length;
  for (const [index, statement] of statements.entries()) {
    if (index < before) continue;
    await runStatement(schema, statement, { file: 'U', migration, index, total: statements.length });
    if (index + 1 < statements.length) await noteVersion(schema, { ...migration, done: total, total, undone: index + 1 }, signature);
  }
  await forgetVersion(schema, migration.version);
}

interface Place {
  readonly file: 'V' | 'U';
  readonly migration: MigrationFile;
  readonly index: number;
  readonly total: number;
}

async function runStatement(schema: Schema, statement: string, { file, migration, index, total }: Place): Promise<void> {
  try {
    await schema.change(statement);
  } catch (error) {
    const what = schema.ddl.isTransactional ? 'nothing was changed' : 'those before it stay';
    const message = `${file}${migration.version} (${migration.name}): the database refused statement ${index + 1} of ${total}; ${what}`;
    throw stepError(schema, error, { message });
  }
}
