import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bool, int, int64, json, text, timestamp } from '../../column.ts';
import type { Entity } from '../../entity.ts';
import { samples } from '../../testing/sample.ts';
import { applyMigrations } from '../apply.ts';
import type { DdlDialect } from '../ddl.ts';
import { generateMigration } from '../generate.ts';
import { Migrator } from '../migrator.ts';
import type { SchemaAccess } from '../schema.ts';
import { event, thing } from './entities.ts';

/** A database for these cases. */
export interface FileCase {
  readonly dialect: DdlDialect;
  /** @returns a way to a new, empty database */
  readonly fresh: () => Promise<SchemaAccess>;
  readonly isTransactional: boolean;
  /** Entities beside the one that changes. */
  readonly others?: readonly Entity[];
}

const clock = { now: () => 5000 };
const first = thing({ name: text(10), gone: text(5).nullable(), count: int() }, [{ on: ['gone'] }]);
const second = thing({ name: text(1000), gone: text(5).nullable(), count: int64(), note: json().nullable(), at: timestamp().nullable() }, [
  { on: ['name'] },
  { on: ['gone'], unique: true },
]);

/** @returns a folder with the files of two versions of an entity, and of others */
export async function migrationFolder(dialect: DdlDialect, others: readonly Entity[] = [event]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'midgard-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const generate = (name: string, entities: readonly Entity[]): Promise<readonly string[]> => generateMigration({ entities, dialect, folder, name });
  await generate('first', [first, ...others]);
  await generate('second', [second, ...samples]);
  return folder;
}

/** What migration files promise on every database that tests can have. */
export function fileCases({ dialect, fresh, isTransactional, others = [event] }: FileCase): void {
  const fileIn = (folder: string, name: string): string => path.join(folder, dialect, name);

  test('files bring a database to the entities, and back to nothing, as often as one likes', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    const migrator = new Migrator(access, clock);
    for (let round = 0; round < 2; round += 1) {
      expect(await applyMigrations(access, folder, { to: 1, by: 'us', clock })).toMatchObject([{ version: 1, name: 'first', direction: 'forward' }]);
      expect(await migrator.plan([first, ...others])).toEqual([]);
      expect(await applyMigrations(access, folder)).toMatchObject([{ version: 2 }]);
      expect(await migrator.plan([second, ...others, ...samples])).toEqual([]);
      expect(await applyMigrations(access, folder)).toEqual([]);
      expect(await applyMigrations(access, folder, { to: 1, allowsDataLoss: true })).toMatchObject([{ version: 2, direction: 'back' }]);
      expect(await migrator.plan([first, ...others])).toEqual([]);
      await applyMigrations(access, folder, { to: 0, allowsDataLoss: true });
    }
  });

  test('a dry run tells the statements and does none of them', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    const told = await applyMigrations(access, folder, { isDryRun: true });
    expect(told).toMatchObject([{ version: 1 }, { version: 2 }]);
    expect(await applyMigrations(access, folder)).toEqual(told);
    expect(await applyMigrations(access, folder, { to: 0, isDryRun: true })).toMatchObject([
      { version: 2, direction: 'back' },
      { version: 1, direction: 'back' },
    ]);
    expect(await applyMigrations(access, folder)).toEqual([]);
  });

  test('what holds data is deleted on the way back only with leave', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    await applyMigrations(access, folder);
    await expect(applyMigrations(access, folder, { to: 1 })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', message: expect.stringContaining('version 2') });
    expect(await applyMigrations(access, folder)).toEqual([]);
  });

  test('of instances that apply at once one does it, and the others find it done', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    const told = await Promise.all([1, 2, 3].map(() => applyMigrations(access, folder)));
    expect(told.map((files) => files.length).toSorted((a, b) => a - b)).toEqual([0, 0, 2]);
  });

  test('a file that was changed, renamed or lost after it was applied stops everything, and line ends are no change', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    await applyMigrations(access, folder, { to: 1 });
    const file = fileIn(folder, 'V001__first.sql');
    const original = await readFile(file, 'utf8');
    await writeFile(file, original.replaceAll('\n', '\r\n'));
    expect(await applyMigrations(access, folder, { isDryRun: true })).toMatchObject([{ version: 2 }]);
    await writeFile(file, `${original}-- changed\n`);
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
    await rm(file);
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
    await writeFile(fileIn(folder, 'V001__other.sql'), original);
    await rm(fileIn(folder, 'U001__first.sql'));
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
  });

  test('after a statement that the database refuses, the mended file is gone on with', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    await applyMigrations(access, folder);
    const file = fileIn(folder, 'V003__by_hand.sql');
    const parts = [
      '-- A comment; with a semicolon.\ncreate table one (a int)',
      `insert into one values (1)`,
      'create table one (b int)',
      'create table two (a int)',
    ];
    await writeFile(file, parts.join(';\n'));
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', message: expect.stringContaining('statement 3 of 4') });
    const rest = isTransactional ? 4 : 2;
    expect((await applyMigrations(access, folder, { isDryRun: true }))[0]?.statements).toHaveLength(rest);
    if (!isTransactional) {
      await writeFile(file, parts.join(';\n').replace('values (1)', 'values (2)'));
      await expect(applyMigrations(access, folder)).rejects.toMatchObject({ message: expect.stringContaining('was changed') });
      await writeFile(file, parts.join(';\n'));
      await writeFile(fileIn(folder, 'U003__by_hand.sql'), 'drop table two; drop table one;');
      await expect(applyMigrations(access, folder, { to: 2, allowsDataLoss: true })).rejects.toMatchObject({
        message: expect.stringContaining('half applied'),
      });
    }
    await writeFile(file, parts.join(';\n').replace('one (b int)', 'three (b int)'));
    expect((await applyMigrations(access, folder))[0]?.statements).toHaveLength(rest);
    expect(await access.look((schema) => schema.records('select count(*) as n from one', []))).toEqual([{ n: 1n }]);
  });

  test('a way back that stopped half-way is finished first', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    await writeFile(fileIn(folder, 'V003__by_hand.sql'), 'create table one (a int)');
    await writeFile(fileIn(folder, 'U003__by_hand.sql'), 'drop table one; drop table two;');
    await applyMigrations(access, folder);
    await expect(applyMigrations(access, folder, { to: 2, allowsDataLoss: true })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
    if (isTransactional) return expect(await applyMigrations(access, folder)).toEqual([]);
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ message: expect.stringContaining('half taken back') });
    await access.alone((schema) => schema.change('create table two (a int)'));
    expect(await applyMigrations(access, folder, { to: 2, allowsDataLoss: true })).toMatchObject([{ version: 3, statements: ['drop table two'] }]);
    expect(await applyMigrations(access, folder)).toMatchObject([{ version: 3, direction: 'forward' }]);
  });

  test('a version that is left out or is not there is refused', async () => {
    const folder = await migrationFolder(dialect, others);
    const access = await fresh();
    await expect(applyMigrations(access, folder, { to: 3 })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    await writeFile(fileIn(folder, 'V004__late.sql'), 'create table late (a int);');
    await expect(applyMigrations(access, folder)).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
    expect(await readdir(path.join(folder, dialect))).toContain('schema.json');
    await expect(generateMigration({ entities: [thing({ flag: bool() })], dialect, folder, name: 'more' })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
  });
}
