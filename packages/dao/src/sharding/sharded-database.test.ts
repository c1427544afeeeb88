import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { id, text } from '../column.ts';
import { defineEntity } from '../entity.ts';
import { hashKey } from './hash-ring.ts';
import { definitionOf, ringOf } from './shard-map.ts';
import { openShardedDatabase } from './sharded-database.ts';
import { TestServers, entities, item, mapOf, openSharded, player, wallet } from './test/sharded-fixture.ts';

const players = Array.from({ length: 60 }, (_, index) => BigInt(index + 1));
const shardError = expect.objectContaining({ code: 'ERR_DAO_SHARD' });

async function filled(count: number): ReturnType<typeof openSharded> {
  const opened = await openSharded(count);
  for (const playerId of players) {
    await opened.database.transaction(
      async (session) => {
        await session.dao(player).insert({ id: playerId, name: `p${playerId}`, level: Number(playerId % 4n), score: 0n });
        await session.dao(wallet).insert({ playerId, currency: 'gold', balance: 5n });
        await session.dao(item).insert({ id: 1000n + playerId, playerId, kind: 'axe', price: '1.50', data: { worn: true } });
      },
      { shardKey: playerId },
    );
  }
  return opened;
}

test('rows of one shard key lie together, on the shard that the ring names', async () => {
  const { servers } = await filled(3);
  const ring = ringOf(definitionOf(mapOf(3)));
  for (const shardId of ['a', 'b', 'c']) {
    const own = players.filter((playerId) => ring.locate(hashKey(String(playerId))) === shardId);
    expect(own.length).toBeGreaterThan(0);
    const shard = await servers.database(shardId);
    const owners = await shard.read(async (session) => [
      (await session.dao(player).find()).map((row) => row.id),
      (await session.dao(wallet).find()).map((row) => row.playerId),
      (await session.dao(item).find()).map((row) => row.playerId),
    ]);
    expect(owners).toEqual([own, own, own]);
  }
});

test('a transaction without a shard key is refused', async () => {
  const { database } = await openSharded(2);
  await expect(database.transaction((session) => session.dao(player).get(1n))).rejects.toEqual(shardError);
});

test('a session refuses the rows of another shard key, wherever they lie, and writes nothing of its work', async () => {
  const { database } = await filled(1);
  const attempts: readonly ((session: Parameters<Parameters<typeof database.transaction>[0]>[0]) => Promise<unknown>)[] = [
    (session) => session.dao(player).get(2n),
    (session) => session.dao(player).getMany([1n, 2n]),
    (session) => session.dao(player).find({ where: { id: 2n } }),
    (session) => session.dao(wallet).count({ playerId: { gte: 0n } }),
    (session) => session.dao(player).update(2n, { level: 9 }),
    (session) => session.dao(player).delete(2n),
    (session) => session.dao(player).increment(2n, { score: 1n }),
    (session) => session.dao(player).insert({ id: 99n, name: 'x', level: 0, score: 0n }),
    (session) => session.dao(wallet).upsert({ playerId: 2n, currency: 'gold', balance: 0n }),
    (session) => session.dao(wallet).addMany([{ playerId: 2n, currency: 'gold', balance: 1n }], ['balance']),
    (session) => session.dao(wallet).saveNewer([{ row: { playerId: 2n, currency: 'gold', balance: 1n }, version: 9 }]),
    (session) => session.dao(item).update(1001n, { playerId: 2n }),
    (session) => session.execute(sql`update player set level = 9`),
    (session) => session.dao(defineEntity('unknown', { columns: { id: id() }, key: ['id'] })).get(1n),
  ];
  for (const [index, attempt] of attempts.entries()) {
    const work = database.transaction(
      async (session) => {
        await session.dao(player).update(1n, { level: 77 });
        await attempt(session);
      },
      { shardKey: 1n },
    );
    await expect(work, `attempt ${index}`).rejects.toEqual(shardError);
  }
  expect(await database.read((session) => session.dao(player).count({ level: 77 }))).toBe(0);
});

test('rows whose key does not name their shard are reached only through their own shard key', async () => {
  const { database } = await filled(1);
  await database.transaction(
    async (session) => {
      const items = session.dao(item);
      expect(await items.get(1002n)).toBeUndefined();
      expect((await items.getMany([1001n, 1002n])).map((row) => row.id)).toEqual([1001n]);
      expect((await items.find()).map((row) => row.id)).toEqual([1001n]);
      expect((await items.page()).items.map((row) => row.id)).toEqual([1001n]);
      expect(await items.count()).toBe(1);
      expect(await items.delete(1002n)).toBe(false);
      await expect(items.update(1002n, { kind: 'bow' })).rejects.toMatchObject({ code: 'ERR_DAO_NOT_FOUND' });
      await expect(items.upsert({ id: 1002n, playerId: 1n, kind: 'bow', price: '1', data: {} })).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE' });
      expect((await items.update(1001n, { kind: 'bow', playerId: 1n })).kind).toBe('bow');
    },
    { shardKey: 1n },
  );
  expect(await database.read((session) => session.dao(item).count())).toBe(players.length);
});

test('a read of one shard key sees its rows, and takes hand-written statements', async () => {
  const { database } = await filled(3);
  const read = await database.read(
    async (session) => ({
      wallet: await session.dao(wallet).get({ playerId: 7n, currency: 'gold' }),
      names: await session.execute(sql`select name from player where id = ${7n}`),
    }),
    { shardKey: 7n },
  );
  expect(read).toEqual({ wallet: { playerId: 7n, currency: 'gold', balance: 5n, version: 1 }, names: [{ name: 'p7' }] });
});

test('a read over all shards finds every row once, and writes nothing', async () => {
  const { database } = await filled(3);
  await database.read(async (session) => {
    expect(await session.dao(player).get(9n)).toMatchObject({ name: 'p9' });
    expect(await session.dao(item).get(1009n)).toMatchObject({ playerId: 9n });
    expect((await session.dao(player).getMany([9n, 3n, 99n, 9n])).map((row) => row.id)).toEqual([9n, 3n]);
    expect((await session.dao(player).find()).map((row) => row.id)).toEqual(players);
    expect((await session.dao(player).find({ orderBy: 'level', descending: true, limit: 3 })).map((row) => row.id)).toEqual([59n, 55n, 51n]);
    expect((await session.dao(wallet).find({ where: { playerId: 4n } })).map((row) => row.playerId)).toEqual([4n]);
    expect(await session.dao(player).count({ level: 2 })).toBe(15);
    await expect(session.dao(player).update(1n, { level: 1 })).rejects.toMatchObject({ code: 'ERR_DAO_READ_ONLY' });
    await expect(session.execute(sql`select 1`)).rejects.toEqual(shardError);
  });
});

test('what fails on one shard leaves the rest of the work usable, and a changed row is told of without the records of the library', async () => {
  const { database } = await filled(2);
  const changes = await database.transaction(
    async (session) => {
      await expect(session.dao(player).insert({ id: 5n, name: 'again', level: 0, score: 0n })).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE' });
      await session.dao(player).increment(5n, { score: 2n });
      return session.changes;
    },
    { shardKey: 5n },
  );
  expect(changes).toEqual([{ entity: 'player', column: 'id', cacheKey: '5' }]);
});

test('a session is over when its work ends, also for a call that nobody awaited', async () => {
  const { database } = await filled(1);
  let late: Promise<unknown> = Promise.resolve();
  await database.transaction(
    async (session) => {
      await session.dao(player).get(1n);
      late = Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => session.dao(player).update(1n, { level: 50 }));
      late.catch(() => undefined);
    },
    { shardKey: 1n },
  );
  await expect(late).rejects.toMatchObject({ code: 'ERR_DAO_SESSION' });
});

test('a transaction inside of one of another shard is refused instead of waiting in a circle', async () => {
  const { database } = await filled(3);
  const nested = database.transaction(() => database.transaction(() => 1, { shardKey: 2n }), { shardKey: 1n });
  await expect(nested).rejects.toMatchObject({ code: 'ERR_DAO_NESTED' });
});

test('time that is up ends the work of a shard', async () => {
  const { database } = await filled(1);
  const work = database.transaction(() => new Promise(() => undefined), { shardKey: 1n, timeoutMs: 20 });
  await expect(work).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
});

test('a unique index that would hold within each shard only is refused, unless its values are unique anyway', async () => {
  const account = defineEntity('account', { columns: { id: id(), name: text(16) }, key: ['id'], indexes: [{ on: ['name'], unique: true }] });
  const servers = new TestServers();
  await expect(servers.connect(mapOf(2), { entities: [account] })).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA', columns: ['name'] });
  await servers.connect(mapOf(2), { entities: [account], uniqueWithinShard: [account] });
});

test('the shards of one map cannot be opened with another one', async () => {
  const { servers } = await filled(2);
  await servers.connect(mapOf(2));
  const wrong = [
    { ...mapOf(2), virtualNodes: 16 },
    { ...mapOf(3), version: 1 },
    mapOf(4, 2),
    {
      ...mapOf(2),
      shards: [
        { id: 'a', url: 'test:b' },
        { id: 'b', url: 'test:a' },
      ],
    },
    {
      ...mapOf(2),
      shards: [
        { id: 'a', url: 'test:a' },
        { id: 'b', url: 'test:empty' },
      ],
    },
  ];
  for (const map of wrong) await expect(servers.connect(map), JSON.stringify(map)).rejects.toEqual(shardError);
});

test('two processes that open fresh shards at once agree', async () => {
  const servers = new TestServers();
  const [one, other] = await Promise.all([servers.connect(mapOf(2)), servers.connect(mapOf(2))]);
  await one.migrate(entities);
  await one.transaction((session) => session.dao(player).insert({ id: 1n, name: 'x', level: 1, score: 0n }), { shardKey: 1n });
  expect(await other.read((session) => session.dao(player).get(1n), { shardKey: 1n })).toMatchObject({ name: 'x' });
});

test('real databases are opened by their URLs and closed', async () => {
  const map = { version: 1, shards: [{ id: 'a', url: 'sqlite::memory:' }] };
  const database = await openShardedDatabase({ map, entities });
  await database.ping();
  await database.close();
  await expect(database.ping()).rejects.toMatchObject({ code: 'ERR_DAO_CLOSED' });
});
