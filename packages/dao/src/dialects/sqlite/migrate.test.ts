import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { type ColumnMap, createdAt, defineEntity, id, int, int64, json, openDatabase, text, timestamp, type Database, type Entity } from '../../index.ts';

async function open(): Promise<Database> {
  const database = await openDatabase('sqlite::memory:');
  onTestFinished(() => database.close());
  return database;
}

function thing(columns: ColumnMap, indexes: { readonly on: readonly string[]; readonly unique?: boolean }[] = []): Entity {
  // @ts-expect-error the names of these columns are not known to the types
  return defineEntity('thing', { columns: { id: id(), ...columns }, key: ['id'], indexes });
}

const base = thing({ name: text(10) });

test('plan tells what migrate runs, and afterwards nothing', async () => {
  const database = await open();
  expect(await database.plan([base])).toEqual(['create table "thing" ("id" integer not null, "name" text not null, primary key ("id")) strict, without rowid']);
  expect(await database.plan([base])).toHaveLength(1);
  await database.migrate([base]);
  expect(await database.plan([base])).toEqual([]);
});

test('each change is recorded once, with its fingerprint and statements', async () => {
  const database = await open();
  await database.migrate([base]);
  await database.migrate([base]);
  const wider = thing({ name: text(10), note: text(5).nullable() });
  await database.migrate([wider]);
  const rows = await database.read((session) =>
    session.execute(sql`select entity, length(fingerprint) as length, statements from midgard_migration order by id`),
  );
  expect(rows).toEqual([
    {
      entity: 'thing',
      length: 64n,
      statements: 'create table "thing" ("id" integer not null, "name" text not null, primary key ("id")) strict, without rowid',
    },
    { entity: 'thing', length: 64n, statements: 'alter table "thing" add column "note" text' },
  ]);
});

test('a new nullable column is null in the rows that are there', async () => {
  const database = await open();
  await database.migrate([base]);
  await database.transaction((session) => session.dao(base).insert({ id: 1n, name: 'a' }));
  const wider = defineEntity('thing', { columns: { id: id(), name: text(10), seenAt: timestamp().nullable() }, key: ['id'] });
  await database.migrate([wider]);
  expect(await database.read((session) => session.dao(wider).get(1n))).toEqual({ id: 1n, name: 'a', seenAt: null });
});

test('indexes come and go with the entity, and hand-made ones stay', async () => {
  const database = await open();
  await database.migrate([thing({ name: text(10) }, [{ on: ['name'] }])]);
  const unique = thing({ name: text(10) }, [{ on: ['name'], unique: true }]);
  expect(await database.plan([unique])).toEqual([
    expect.stringMatching(/^drop index "ix_thing_/),
    expect.stringMatching(/^create unique index "uq_thing_.* \("name"\)$/),
  ]);
  await database.migrate([unique]);
  expect(await database.plan([unique])).toEqual([]);
});

test.each<readonly [title: string, to: Entity]>([
  ['a new required column', thing({ name: text(10), level: int() })],
  ['a column that became nullable', thing({ name: text(10).nullable() })],
  ['a shorter text', thing({ name: text(9) })],
  ['another type', thing({ name: int() })],
  ['another kind of the same type', thing({ name: json() })],
  ['a required column that is gone', thing({})],
  ['another key', defineEntity('thing', { columns: { id: id(), name: text(10) }, key: ['name'] })],
])('%s is refused, and nothing of the migration happens', async (_title, to) => {
  const database = await open();
  await database.migrate([base]);
  const other = defineEntity('other', { columns: { id: id() }, key: ['id'] });
  await expect(database.plan([other, to])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', entity: 'thing' });
  await expect(database.migrate([other, to])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
  expect(await database.plan([other])).toHaveLength(1);
});

test('a unique index over equal values is refused, and leaves no half of the migration', async () => {
  const database = await open();
  await database.migrate([base]);
  await database.transaction((session) =>
    session.dao(base).insertMany([
      { id: 1n, name: 'a' },
      { id: 2n, name: 'a' },
    ]),
  );
  await expect(database.migrate([thing({ name: text(10), more: int().nullable() }, [{ on: ['name'], unique: true }])])).rejects.toMatchObject({
    code: 'ERR_DAO_SCHEMA',
  });
  expect(await database.plan([base])).toEqual([]);
});

test('a column may widen', async () => {
  const database = await open();
  await database.migrate([thing({ name: text(10), count: int() })]);
  await database.migrate([thing({ name: text(20), count: int64() })]);
});

test('two processes that migrate at once both end well', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-migrate-'));
  const open = (): Promise<Database> => openDatabase(`sqlite:${folder}/x.db`);
  const databases = await Promise.all([open(), open()]);
  onTestFinished(async () => {
    await Promise.all(databases.map((database) => database.close()));
    rmSync(folder, { recursive: true });
  });
  await Promise.all(databases.map((database) => database.migrate([base])));
  expect(await databases[0].read((session) => session.execute(sql`select count(*) as n from midgard_migration`))).toEqual([{ n: 1n }]);
});

test.each<readonly [title: string, define: () => unknown]>([
  [
    'a nullable key',
    () =>
      defineEntity('x', {
        columns: { id: id().nullable() }, // @ts-expect-error refused by the types, too
        key: ['id'],
      }),
  ],
  [
    'a key of a time',
    () =>
      defineEntity('x', {
        columns: { at: createdAt() }, // @ts-expect-error refused by the types, too
        key: ['at'],
      }),
  ],
  [
    'an unknown key column',
    () =>
      defineEntity('x', {
        columns: { id: id() }, // @ts-expect-error refused by the types, too
        key: ['other'],
      }),
  ],
  ['a name that is too long', () => defineEntity('x'.repeat(31), { columns: { id: id() }, key: ['id'] })],
  ['a name that is ours', () => defineEntity('midgardMigration', { columns: { id: id() }, key: ['id'] })],
  ['two names that become one', () => defineEntity('x', { columns: { id: id(), aB: int(), a_b: int() }, key: ['id'] })],
  ['an index on JSON', () => defineEntity('x', { columns: { id: id(), data: json() }, key: ['id'], indexes: [{ on: ['data'] }] })],
  ['a text of no length', () => text(0)],
  [
    'a partition by a text',
    () =>
      defineEntity('x', {
        columns: { id: id(), name: text(5) },
        key: ['id', 'name'], // @ts-expect-error refused by the types, too
        partition: { by: 'name', every: 'year' },
      }),
  ],
  ['a partition beside the key', () => defineEntity('x', { columns: { id: id(), other: id() }, key: ['id'], partition: { by: 'other', every: 'year' } })],
  [
    'a partition that a unique index leaves out',
    () =>
      defineEntity('x', {
        columns: { id: id(), name: text(5) },
        key: ['id'],
        indexes: [{ on: ['name'], unique: true }],
        partition: { by: 'id', every: 'year' },
      }),
  ],
])('%s is no entity', (_title, define) => {
  expect(define).toThrow(expect.objectContaining({ code: 'ERR_DAO_SCHEMA' }));
});
