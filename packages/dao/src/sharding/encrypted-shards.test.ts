import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { defineEntity, id, json, localKeyWrapper, openDatabase, text, version } from '../index.ts';
import { rawEntity } from '../encryption/stored-entity.ts';
import { plainDao } from './plain-dao.ts';
import { openShardedDatabase } from './sharded-database.ts';
import { mapOf } from './test/sharded-fixture.ts';

const profile = defineEntity('profile', {
  columns: { id: id(), email: text(64).encrypted({ searchable: true }), data: json().encrypted().nullable(), version: version() },
  key: ['id'],
});

test('rows with encrypted columns move to an added shard, are found there, and get a new key on every shard', async () => {
  const encryption = { keyWrapper: localKeyWrapper(randomBytes(32)), refreshMs: 5 };
  const shards = new Map<string, ReturnType<typeof openDatabase>>();
  const open: typeof openDatabase = (url, options) => {
    const shard = shards.get(url) ?? openDatabase('sqlite::memory:', options);
    shards.set(url, shard);
    return shard;
  };
  const database = await openShardedDatabase({ map: mapOf(1), entities: [profile], encryption, open });
  onTestFinished(() => database.close());
  await database.migrate([profile]);
  const ids = Array.from({ length: 40 }, (_, at) => BigInt(at));
  for (const rowId of ids) {
    const row = { id: rowId, email: `${rowId}@example.org`, data: rowId % 2n === 0n ? { rowId: String(rowId) } : null };
    await database.transaction((session) => session.dao(profile).insert(row), { shardKey: rowId });
  }
  const before = await database.read((session) => session.dao(profile).find());
  await database.adopt(mapOf(2, 2));
  const reports = await database.reshard();
  expect(reports).toMatchObject([{ target: 'b', verified: { differences: 0 } }]);
  expect(await database.read((session) => session.dao(profile).find())).toEqual(before);
  const moved = await (await shards.get('test:b'))?.read((session) => plainDao(session, rawEntity(profile)).find());
  expect(moved?.length).toBeGreaterThan(5);
  const [first] = moved ?? [];
  const where = { email: `${String(first?.['id'])}@example.org` };
  expect(await database.read((session) => session.dao(profile).find({ where }))).toMatchObject([{ id: first?.['id'] }]);
  const report = await database.encryption?.rotate([profile]);
  expect(report).toEqual({ keys: [2, 2], renewed: 60, unreadable: 0 });
  const status = await database.encryption?.status([profile]);
  expect(status?.values.map(({ shard, column, key }) => `${shard} ${column} ${key}`).sort()).toEqual(['a data 2', 'a email 2', 'b data 2', 'b email 2']);
  expect(await database.read((session) => session.dao(profile).find())).toEqual(before);
});
