import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { int, text } from '../column.ts';
import { checkOracleSql } from '../dialects/oracle/test/check.ts';
import type { DdlDialect } from './ddl.ts';
import { generateMigration } from './generate.ts';
import { readMigrations } from './migration-files.ts';
import { losesData, statementsOf } from './sql-text.ts';
import { event, thing } from './test/entities.ts';
import { migrationFolder } from './test/file-cases.ts';

const small = thing({ name: text(10) });
const large = thing({ name: text(10), level: int().nullable() }, [{ on: ['level'] }]);

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'midgard-generate-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('each change is the next pair of files, forward and back, and no change is no file', async () => {
  const folder = await emptyFolder();
  const generate = (entities: (typeof small)[], name: string): Promise<readonly string[]> => generateMigration({ entities, dialect: 'mysql', folder, name });
  expect(await generate([small], 'begin')).toEqual([path.join(folder, 'mysql', 'V001__begin.sql'), path.join(folder, 'mysql', 'U001__begin.sql')]);
  expect(await generate([small], 'again')).toEqual([]);
  expect(await generate([large], 'levels')).toHaveLength(2);
  // A table whose entity is not given is not this game's to drop.
  expect(await generate([], 'nothing')).toEqual([]);
  expect(await generate([large], 'nothing')).toEqual([]);
  expect(await readdir(path.join(folder, 'mysql'))).toEqual(['U001__begin.sql', 'U002__levels.sql', 'V001__begin.sql', 'V002__levels.sql', 'schema.json']);
  const [, levels] = await readMigrations(path.join(folder, 'mysql'));
  expect(levels).toMatchObject({
    version: 2,
    forward: ['alter table `thing` add column `level` int null', 'create index `ix_thing_a4e7a236` on `thing` (`level`)'],
    back: ['drop index `ix_thing_a4e7a236` on `thing`', 'alter table `thing` drop column `level`'],
  });
});

test('a reviewer reads one statement after the other, and what the way back loses', async () => {
  const folder = await emptyFolder();
  await generateMigration({ entities: [small], dialect: 'sqlite', folder, name: 'begin' });
  const text = await readFile(path.join(folder, 'sqlite', 'V001__begin.sql'), 'utf8');
  expect(text).toMatch(/^-- Generated from the entities [0-9a-f]{64}\n--.*\n\ncreate table "thing" \(.*\) strict, without rowid;\n$/);
  expect(await readFile(path.join(folder, 'sqlite', 'U001__begin.sql'), 'utf8')).toContain('-- Loses what is in it:\ndrop table "thing";\n');
});

test.each<DdlDialect>(['sqlite', 'mysql', 'mariadb', 'oracle'])('what needs a decision on %s is refused and leaves no file', async (dialect) => {
  const folder = await emptyFolder();
  await generateMigration({ entities: [large], dialect, folder, name: 'begin' });
  for (const to of [thing({ name: text(9), level: int().nullable() }), thing({ name: int() }), thing({ name: text(10), more: int() }), thing({})]) {
    await expect(generateMigration({ entities: [event, to], dialect, folder, name: 'next' })).rejects.toMatchObject({
      code: 'ERR_DAO_SCHEMA',
      entity: 'thing',
    });
  }
  expect(await readdir(path.join(folder, dialect))).toHaveLength(3);
});

test.each(['', '../up', 'Name', 'a b', 'a__b', 'x'.repeat(101)])('"%s" is no name of a migration', async (name) => {
  await expect(generateMigration({ entities: [small], dialect: 'sqlite', folder: await emptyFolder(), name })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
});

test('a snapshot that is damaged stops everything instead of making all tables anew', async () => {
  const folder = await emptyFolder();
  await generateMigration({ entities: [small], dialect: 'sqlite', folder, name: 'begin' });
  await writeFile(path.join(folder, 'sqlite', 'schema.json'), '{"thing":{"table":"thing"}}');
  await expect(generateMigration({ entities: [small], dialect: 'sqlite', folder, name: 'next' })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
});

test('files for Oracle are what its grammar takes', async () => {
  const files = await readMigrations(path.join(await migrationFolder('oracle'), 'oracle'));
  const statements = files.flatMap(({ forward, back = [] }) => [...forward, ...back]);
  expect(statements.length).toBeGreaterThan(20);
  expect(statements.flatMap((statement) => checkOracleSql(statement, { isHandWritten: true }))).toEqual([]);
});

test('a semicolon in a text, a name or a comment ends no statement', () => {
  const file = `-- one; two\r\ninsert into "a;b" values ('it''s; -- no', \`c;\`) /* three; ' */ ;\n\nupdate x\n set y = 1 -- four;\n`;
  expect(statementsOf(file)).toEqual([`insert into "a;b" values ('it''s; -- no', \`c;\`)`, 'update x\n set y = 1']);
  expect(statementsOf('; ;\n')).toEqual([]);
});

test.each([
  ['drop table x', true],
  ['DROP  TABLE "X"', true],
  ['alter table x drop column y', true],
  ['alter table "X" drop ("Y")', true],
  ['alter table x drop partition p2024', true],
  ['delete from x', true],
  ['truncate table x', true],
  ['drop index ix on x', false],
  ['alter table x add column dropped int', false],
  ['create table deleted (a int)', false],
])('%s loses data: %s', (statement, loses) => {
  expect(losesData(statement)).toBe(loses);
});
