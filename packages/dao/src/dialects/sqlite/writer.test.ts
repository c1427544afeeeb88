import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { type Database, type DatabaseOptions, openDatabase } from '../../database.ts';
import { sample, sampleRow, samples } from '../../testing/sample.ts';

function temporaryPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-writer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'deep', 'test.db');
}

async function openAt(file: string, options: DatabaseOptions = {}): Promise<Database> {
  const database = await openDatabase(`sqlite:${file}`, options);
  onTestFinished(() => database.close());
  await database.migrate(samples);
  return database;
}

/** A second connection, as another process would have. */
function openRaw(file: string): DatabaseSync {
  const raw = new DatabaseSync(file, { timeout: 0 });
  onTestFinished(() => {
    if (raw.isOpen) raw.close();
  });
  return raw;
}

test('transactions that wait together share a commit, up to the limit of a group', async () => {
  const groups: number[] = [];
  const database = await openAt(temporaryPath(), { maxGroup: 8, maxGroupMs: 60_000, listener: { committed: ({ transactions }) => groups.push(transactions) } });
  groups.length = 0;
  await Promise.all(Array.from({ length: 20 }, (_, index) => database.transaction((session) => session.dao(sample).insert(sampleRow(BigInt(index))))));
  expect(groups).toEqual([8, 8, 4]);
});

test('nobody of a group is told before its commit', async () => {
  const file = temporaryPath();
  const database = await openAt(file, { maxGroupMs: 60_000 });
  const raw = openRaw(file);
  const seen: unknown[] = [];
  await Promise.all(
    [1n, 2n, 3n].map((id) =>
      database.transaction((session) => session.dao(sample).insert(sampleRow(id))).then(() => seen.push(raw.prepare('select count(*) as n from sample').get())),
    ),
  );
  expect(seen).toEqual([{ n: 3 }, { n: 3 }, { n: 3 }]);
});

test('a commit that fails rejects the whole group, and the next group works', async () => {
  const file = temporaryPath();
  const database = await openAt(file, { maxGroupMs: 60_000 });
  // A deferred foreign key is checked by COMMIT alone.
  openRaw(file).exec('create table parent (id integer primary key); create table child (parent integer references parent (id) deferrable initially deferred)');
  const results = await Promise.allSettled([
    database.transaction((session) => session.dao(sample).insert(sampleRow(1n))),
    database.transaction((session) => session.execute(sql`insert into child values (${99})`)),
    database.transaction((session) => session.dao(sample).insert(sampleRow(2n))),
  ]);
  expect(results).toMatchObject(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: { code: 'ERR_DAO_UNAVAILABLE' } })));
  expect(await database.read((session) => session.dao(sample).count())).toBe(0);
  await database.transaction((session) => session.dao(sample).insert(sampleRow(3n)));
  expect(await database.read((session) => session.dao(sample).count())).toBe(1);
});

test('a transaction that SQLite rolled back by itself can write nothing more, and takes its group with it', async () => {
  const file = temporaryPath();
  const database = await openAt(file, { maxGroupMs: 60_000 });
  // RAISE(ROLLBACK) ends the transaction as a full disk would.
  openRaw(file).exec(`create trigger lost before insert on sample when new.name = 'lost' begin select raise(rollback, 'gone'); end`);
  const results = await Promise.allSettled([
    database.transaction((session) => session.dao(sample).insert(sampleRow(1n))),
    database.transaction(async (session) => {
      await session
        .dao(sample)
        .insert(sampleRow(2n, { name: 'lost' }))
        .catch(() => undefined);
      await session
        .dao(sample)
        .insert(sampleRow(3n))
        .catch(() => undefined);
    }),
    database.transaction((session) => session.dao(sample).insert(sampleRow(4n))),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect((await database.read((session) => session.dao(sample).find())).map((row) => row.id)).toEqual([4n]);
});

test('a lock of another process is waited for without blocking, and not for ever', async () => {
  const file = temporaryPath();
  const database = await openAt(file, { busyTimeoutMs: 30 });
  const raw = openRaw(file);
  raw.exec('begin immediate');
  await expect(database.transaction((session) => session.dao(sample).insert(sampleRow(1n)))).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  expect(await database.read((session) => session.dao(sample).count())).toBe(0);
  const waiting = database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
  setImmediate(() => raw.exec('rollback'));
  await expect(waiting).resolves.toMatchObject({ id: 1n });
});

test.each([
  'commit',
  'ROLLBACK',
  ' begin',
  'savepoint x',
  'release midgard_work',
  'pragma synchronous = off',
  `attach 'x' as y`,
  'vacuum',
  '/* a */ commit',
  '-- a\ncommit',
  '; commit',
  'create table x (a)',
  '',
])('the hand-written statement %j is refused, and its transaction goes on', async (text) => {
  const database = await openAt(temporaryPath());
  await database.transaction(async (session) => {
    await session.dao(sample).insert(sampleRow(1n));
    await expect(session.execute(sql.raw(text))).rejects.toMatchObject({ code: 'ERR_DAO_STATEMENT' });
    await session.dao(sample).insert(sampleRow(2n));
  });
  expect(await database.read((session) => session.dao(sample).count())).toBe(2);
});

test('a common table expression cannot write in a read', async () => {
  const database = await openAt(temporaryPath());
  await database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
  await expect(database.read((session) => session.execute(sql`with x as (select 1) delete from sample`))).rejects.toMatchObject({ code: 'ERR_DAO_READ_ONLY' });
  expect(await database.read((session) => session.dao(sample).count())).toBe(1);
});

test('errors of hand-written statements show neither the statement nor its values', async () => {
  const database = await openAt(temporaryPath());
  const error: unknown = await database
    .read((session) => session.execute(sql`select * from secret_table where x = ${'secret value'}`))
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ERR_DAO_STATEMENT' });
  expect(String(error)).not.toContain('secret');
});

test('the file and its log are for the owner only, and the folder is made', async () => {
  const file = temporaryPath();
  const database = await openAt(file);
  await database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
  expect([file, `${file}-wal`].map((name) => statSync(name).mode & 0o777)).toEqual([0o600, 0o600]);
});

test('close moves the log into the file, and what was written is there again', async () => {
  const file = temporaryPath();
  const first = await openAt(file);
  await first.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
  await first.close();
  expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  const second = await openAt(file);
  expect(await second.read((session) => session.dao(sample).get(1n))).toMatchObject({ id: 1n });
});

test('the writer syncs every commit, and checks foreign keys', async () => {
  const file = temporaryPath();
  const database = await openAt(file);
  const rows = await database.transaction((session) =>
    session.execute(sql`select synchronous, journal_mode, foreign_keys from pragma_synchronous, pragma_journal_mode, pragma_foreign_keys`),
  );
  expect(rows).toEqual([{ synchronous: 2n, journal_mode: 'wal', foreign_keys: 1n }]);
});

test('ping tells when the file is no longer in its place', async () => {
  const file = temporaryPath();
  const database = await openAt(file);
  await database.ping();
  rmSync(file);
  await expect(database.ping()).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
});

test.each([
  ['a folder', '/'],
  ['a place where no file can be', '/dev/null/x.db'],
])('%s is not opened', async (_title, target) => {
  await expect(openDatabase(`sqlite:${target}`)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
});

test('a file that is no database is told so', async () => {
  await expect(openDatabase(`sqlite:${import.meta.filename}`)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
});

test.each(['mysqlx://u:secret@h/d', 'oraclex://u:secret@h/s', 'postgres://secret', 'sqlite', 'sqlite:', '', 'constructor:x'])(
  '%j has no dialect, and the URL is not repeated',
  async (url) => {
    const error: unknown = await openDatabase(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_DAO_DIALECT' });
    expect(String(error)).not.toContain('secret');
  },
);

test('a file has neither standbys nor replicas, and says so rather than do without', async () => {
  await expect(openDatabase('sqlite::memory:', { standbys: ['sqlite:other.db'] })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
  await expect(openDatabase('sqlite::memory:', { replicas: [{ url: 'sqlite:other.db' }] })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
});
