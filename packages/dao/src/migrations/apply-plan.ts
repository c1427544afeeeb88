import { DaoError } from '../errors.ts';
import { type MigrationFile, checksumOf } from './migration-files.ts';
import { losesData } from './sql-text.ts';
import type { AppliedVersion } from './version-table.ts';

/** A file to be run, or the rest of it. */
export interface PlannedFile {
  readonly migration: MigrationFile;
  readonly direction: 'forward' | 'back';
  /** All statements of the file, of which the first `done` were run before. */
  readonly statements: readonly string[];
  readonly done: number;
}

/** Where to go. */
export interface Destination {
  readonly to: number | undefined;
  readonly allowsDataLoss: boolean;
}

/** @returns a digest of the statements that were run of a file that is not finished */
export function progressOf(statements: readonly string[]): string {
  return checksumOf(statements.join(';\n'));
}

/**
 * @returns the files to run, in order
 * @throws {DaoError} `ERR_DAO_SCHEMA`: what was applied is not what the files say, or something would be lost without leave;
 *   `ERR_DAO_INPUT`: there is no such version
 */
export function planFiles(
  migrations: readonly MigrationFile[],
  applied: readonly AppliedVersion[],
  { to, allowsDataLoss }: Destination,
): readonly PlannedFile[] {
  const target = to ?? migrations.length;
  if (!Number.isInteger(target) || target < 0 || target > migrations.length)
    throw new DaoError('ERR_DAO_INPUT', `there is no version to go to: they are 0 to ${migrations.length}`);
  for (const [index, version] of applied.entries()) checkApplied(version, migrations[index], { index, isLast: index === applied.length - 1 });
  return target < applied.length ? planBack(migrations, applied, { target, allowsDataLoss }) : planForward(migrations, applied, target);
}

function checkApplied(applied: AppliedVersion, migration: MigrationFile | undefined, { index, isLast }: { index: number; isLast: boolean }): void {
  const title = `version ${applied.version} (${applied.name})`;
  if (applied.version !== index + 1) throw new DaoError('ERR_DAO_SCHEMA', `version ${index + 1} was left out before ${title} was applied`);
  if (migration === undefined) throw new DaoError('ERR_DAO_SCHEMA', `${title} was applied, and has no file`);
  const isFinished = applied.done === applied.total;
  if (!isFinished && !isLast) throw new DaoError('ERR_DAO_SCHEMA', `${title} is not finished, and later ones were applied`);
  const expected = isFinished ? migration.checksum : progressOf(migration.forward.slice(0, applied.done));
  if (applied.checksum !== expected || applied.name !== migration.name)
    throw new DaoError('ERR_DAO_SCHEMA', `the file of ${title} was changed after it was applied`);
}

function planForward(migrations: readonly MigrationFile[], applied: readonly AppliedVersion[], target: number): readonly PlannedFile[] {
  const half = applied.find(({ undone }) => undone > 0);
  if (half !== undefined) throw new DaoError('ERR_DAO_SCHEMA', `version ${half.version} (${half.name}) is half taken back: finish that first`);
  return migrations
    .slice(0, target)
    .map((migration, index) => ({ migration, direction: 'forward' as const, statements: migration.forward, done: applied[index]?.done ?? 0 }))
    .filter(({ statements, done }, index) => applied[index] === undefined || done < statements.length);
}

function planBack(
  migrations: readonly MigrationFile[],
  applied: readonly AppliedVersion[],
  { target, allowsDataLoss }: { target: number; allowsDataLoss: boolean },
): readonly PlannedFile[] {
  const half = applied.find(({ done, total }) => done < total);
  if (half !== undefined) throw new DaoError('ERR_DAO_SCHEMA', `version ${half.version} (${half.name}) is half applied: finish that first`);
  const planned = migrations.slice(target, applied.length).map((migration, index): PlannedFile => {
    if (migration.back === undefined) throw new DaoError('ERR_DAO_SCHEMA', `version ${migration.version} (${migration.name}) has no file for the way back`);
    return { migration, direction: 'back', statements: migration.back, done: applied[target + index]?.undone ?? 0 };
  });
  const losing = planned.filter(({ statements, done }) => statements.slice(done).some(losesData)).map(({ migration }) => migration.version);
  if (losing.length > 0 && !allowsDataLoss)
    throw new DaoError('ERR_DAO_SCHEMA', `taking back version ${losing.join(', ')} deletes tables or columns with what is in them: allow it if that is meant`);
  return planned.toReversed();
}
