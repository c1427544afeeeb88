import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { defineEntity, id, openDatabase, text } from '../../index.ts';

const fingerprint = 'e74c01da2479aba6a0f6bc9491283c41ab0727fd2cf172fa7553f70747d1c8e4';
const definition =
  '{"id":{"kind":"id","isNullable":false,"maxLength":0,"precision":0,"scale":0},"name":{"kind":"text","isNullable":false,"maxLength":10,"precision":0,"scale":0}}';

/** What version 0.1 left behind for one entity. */
const script = `
  create table "midgard_migration" ("id" integer primary key, "entity" text not null, "fingerprint" text not null, "definition" text not null, "statements" text not null, "applied_at" integer not null) strict;
  create table "thing" ("id" integer not null, "name" text not null, primary key ("id")) strict, without rowid;
  create index "ix_thing_37c08276" on "thing" ("name");
  insert into "midgard_migration" values (1, 'thing', '${fingerprint}', '${definition}', 'create table …', 1234);
`;

const thing = (maxLength: number) => defineEntity('thing', { columns: { id: id(), name: text(maxLength) }, key: ['id'], indexes: [{ on: ['name'] }] });

test('a file that an older release has migrated is known, and its record is gone on with', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-older-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const raw = new DatabaseSync(path.join(folder, 'x.db'));
  onTestFinished(() => raw.close());
  raw.exec(script);
  await using database = await openDatabase(`sqlite:${folder}/x.db`);
  expect(await database.plan([thing(10)])).toEqual([]);
  await database.migrate([thing(10)]);
  expect(raw.prepare('select id from midgard_migration').all()).toHaveLength(1);
  await expect(database.migrate([thing(9)])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', message: 'thing.name would be shorter than it was' });
  await database.migrate([thing(20)]);
  expect(raw.prepare('select id from midgard_migration').all()).toHaveLength(2);
});
