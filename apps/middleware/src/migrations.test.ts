import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type CommandResult, ServiceProcess } from './testing/service-process.ts';

/** A service in production's manner: tables change by reviewed files, and only when told. */
function service(): ServiceProcess {
  const process = new ServiceProcess();
  const migrations = { folder: path.join(process.folder, 'migrations'), atStart: false };
  writeFileSync(
    path.join(process.folder, 'midgard.yaml'),
    JSON.stringify({ databases: { realm: { url: `sqlite:${path.join(process.folder, 'realm.db')}`, migrations } } }),
  );
  return process;
}

/** @returns names of all tables, the library's own among them */
function tablesIn(file: string): readonly unknown[] {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare('select name from sqlite_schema order by name').all();
}

const outcome = ({ exitCode, stdout, stderr }: CommandResult): string => `${exitCode} ${stdout}${stderr}`;

test('tables change by reviewed files, forward and back, and the service starts when nothing is pending', { timeout: 120_000 }, async () => {
  await using midgard = service();
  const migrations = await midgard.command('migrations', '--game', 'realm', '--name', 'first');
  expect(outcome(migrations)).toMatch(/^0 wrote .*V001__first\.sql\nwrote .*U001__first\.sql\n$/);
  expect(outcome(await midgard.command('migrations', '--game', 'realm', '--name', 'second'))).toMatch(/^0 nothing changed/);

  expect(outcome(await midgard.command('start'))).toMatch(/^2 midgard: databases\.realm: \d+ statements are pending; run midgard migrate/);
  expect(outcome(await midgard.command('doctor'))).toMatch(/^3 [^]*realm[^]*\d+ statements pending/);

  const dry = await midgard.command('migrate', '--dry-run');
  expect(outcome(dry)).toMatch(/^0 [^]*create table "player"/);
  expect(outcome(await midgard.command('migrate'))).toMatch(/^0 [^]*realm [^]*: ran \d+ statements/);
  expect(outcome(await midgard.command('migrate'))).toMatch(/^0 [^]*realm [^]*: up to date/);
  const tables = tablesIn(path.join(midgard.folder, 'realm.db'));
  const { baseUrl } = await midgard.start();
  expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
  await midgard.end('SIGTERM');
  expect(tablesIn(path.join(midgard.folder, 'realm.db'))).toEqual(tables);

  expect(outcome(await midgard.command('migrate', '--game', 'realm', '--to', '0'))).toMatch(/^1 [^]*--allow-data-loss/);
  expect(outcome(await midgard.command('migrate', '--game', 'realm', '--to', '0', '--allow-data-loss'))).toMatch(/^0 [^]*ran U1 first/);
  expect(outcome(await midgard.command('migrate', '--game', 'realm', '--to', '1'))).toMatch(/^0 [^]*ran V1 first/);
  expect(outcome(await midgard.command('migrate', '--to', '1'))).toMatch(/^2 midgard: --to: say of which game/);
});

test('files that lag behind the entities are no migration that is done', { timeout: 60_000 }, async () => {
  await using midgard = service();
  expect(outcome(await midgard.command('migrate'))).toMatch(/^1 [^]*the files in [^]* do not lead to the entities/);
});

test('a database without partitions has nothing to maintain', { timeout: 60_000 }, async () => {
  await using midgard = service();
  await midgard.command('migrations', '--game', 'realm', '--name', 'first');
  await midgard.command('migrate');
  expect(outcome(await midgard.command('partitions', '--keep-years', '0'))).toMatch(/^0 [^]*realm [^]*: nothing to do\n$/);
  expect(outcome(await midgard.command('partitions', '--keep-years', '-1'))).toMatch(/^2 /);
});

test('tables that need a decision of a person are told as such, and the service does not start on them', { timeout: 60_000 }, async () => {
  await using midgard = new ServiceProcess();
  mkdirSync(path.join(midgard.folder, 'data'));
  using foreign = new DatabaseSync(path.join(midgard.folder, 'data', 'realm.db'));
  foreign.exec('create table player (id text primary key)');
  expect(outcome(await midgard.command('start'))).toMatch(/^1 midgard: player\.id has another type in the table; midgard doctor/);
});
