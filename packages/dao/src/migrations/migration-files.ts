import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DaoError } from '../errors.ts';
import { statementsOf } from './sql-text.ts';

/** One step of the schema, as Flyway names it: `V003__add_note.sql`, and `U003__add_note.sql` for the way back. */
export interface MigrationFile {
  readonly version: number;
  readonly name: string;
  readonly forward: readonly string[];
  /** Undefined where there is no file for the way back. */
  readonly back: readonly string[] | undefined;
  /** Of the forward file. */
  readonly checksum: string;
}

const fileName = /^([VU])(\d{3,})__([a-z0-9_]+)\.sql$/;

/** @returns the name of a file; three digits, so that the first thousand sort by name */
export function migrationFileName(direction: 'V' | 'U', version: number, name: string): string {
  return `${direction}${String(version).padStart(3, '0')}__${name}.sql`;
}

/** @returns a name as it may stand in a file's name. @throws {DaoError} `ERR_DAO_INPUT` */
export function requireMigrationName(name: string): string {
  if (/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name) && name.length <= 100) return name;
  throw new DaoError('ERR_DAO_INPUT', 'the name of a migration is made of at most 100 small letters, digits and single underscores');
}

/** @returns a digest that does not change with line ends, which version control may rewrite */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}

/**
 * @param folder of one database, such as `migrations/mysql`; a missing one is empty
 * @returns the migrations by version, which begin at 1 and leave none out
 * @throws {DaoError} `ERR_DAO_SCHEMA`: versions that are missing or there twice, or a way back from nowhere
 */
export async function readMigrations(folder: string): Promise<readonly MigrationFile[]> {
  const files = (await filesIn(folder)).flatMap((file) => {
    const [, direction, version, name] = fileName.exec(file) ?? [];
    return name === undefined ? [] : [{ file, direction, version: Number(version), name }];
  });
  const forward = files.filter(({ direction }) => direction === 'V').sort((a, b) => a.version - b.version);
  const gap = forward.findIndex(({ version }, index) => version !== index + 1);
  if (gap >= 0) throw new DaoError('ERR_DAO_SCHEMA', `the migration files have no version ${gap + 1}, or have it twice`);
  const back = new Map(files.filter(({ direction }) => direction === 'U').map((file) => [`${file.version} ${file.name}`, file]));
  const migrations = forward.map(async ({ file, version, name }): Promise<MigrationFile> => {
    const text = await readFile(path.join(folder, file), 'utf8');
    const undo = back.get(`${version} ${name}`);
    back.delete(`${version} ${name}`);
    const undoText = undo === undefined ? undefined : await readFile(path.join(folder, undo.file), 'utf8');
    return { version, name, forward: statementsOf(text), back: undoText === undefined ? undefined : statementsOf(undoText), checksum: checksumOf(text) };
  });
  const read = await Promise.all(migrations);
  for (const { file } of back.values()) throw new DaoError('ERR_DAO_SCHEMA', `${file} is the way back of no migration`);
  return read;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new DaoError('ERR_DAO_INPUT', 'the folder of the migrations cannot be read', { cause: error });
  }
}
