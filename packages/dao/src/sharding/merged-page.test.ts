import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database, Session } from '../database.ts';
import type { NewRow } from '../entity.ts';
import type { PlainPage } from './plain-dao.ts';
import type { ShardedDatabase } from './sharded-database.ts';
import { entities, item, openSharded } from './test/sharded-fixture.ts';
import { decimal, id, int, text, timestamp } from '../column.ts';
import { defineEntity } from '../entity.ts';
import { TestServers, mapOf } from './test/sharded-fixture.ts';

/** Few values of each column, so that many rows are equal in it. */
const listing = defineEntity('listing', {
  columns: { id: id(), seller: id(), name: text(8), level: int(), price: decimal(8, 2), at: timestamp(), rank: int().nullable() },
  key: ['id'],
  shardBy: 'seller',
});

type Listing = NewRow<typeof listing>;

const values = fc.record({
  seller: fc.bigInt({ min: 0n, max: 20n }),
  // By UTF-16 units the last two would come the other way round.
  name: fc.constantFrom('', 'a', 'A', 'ab', 'é', '\u{fffd}', '\u{1f600}'),
  level: fc.integer({ min: -2, max: 2 }),
  price: fc.constantFrom('-10.00', '-9.50', '-0.50', '0.00', '9.00', '10.00'),
  at: fc.constantFrom(new Date(0), new Date(-1), new Date(5)),
  rank: fc.constantFrom(null, 1, 2),
});
const query = fc.record({
  orderBy: fc.uniqueArray(fc.constantFrom('name', 'level', 'price', 'at', 'seller'), { maxLength: 3 }),
  descending: fc.boolean(),
  limit: fc.integer({ min: 1, max: 12 }),
  where: fc.constantFrom({}, { level: { gte: 0 } }, { seller: 3n }, { name: { startsWith: 'a' } }),
});

interface Both {
  readonly servers: TestServers;
  readonly sharded: ShardedDatabase;
  readonly single: Database;
}

async function both(): Promise<Both> {
  const servers = new TestServers();
  const sharded = await servers.connect(mapOf(4), { entities: [listing] });
  await sharded.migrate([listing]);
  const single = await servers.open('test:single');
  await single.migrate([listing]);
  return { servers, sharded, single };
}

async function empty({ servers, single }: Both): Promise<void> {
  const databases = [single, ...(await Promise.all(['a', 'b', 'c', 'd'].map((shardId) => servers.database(shardId))))];
  for (const database of databases) await database.transaction((session) => session.execute(sql`delete from listing`));
}

async function insertBoth({ sharded, single }: Both, rows: readonly Listing[]): Promise<void> {
  for (const row of rows) {
    const insert = (session: Session): Promise<unknown> => session.dao(listing).insert(row);
    await Promise.all([sharded.transaction(insert, { shardKey: row.seller }), single.transaction(insert)]);
  }
}

test('pages over shards are those of one database, also with rows inserted in between', async () => {
  const databases = await both();
  const property = fc.asyncProperty(fc.array(values, { maxLength: 60 }), fc.array(values, { maxLength: 20 }), query, async (first, later, asked) => {
    await empty(databases);
    const rows = [...first, ...later].map((row, index) => ({ ...row, id: BigInt((index * 37) % 1009) }));
    await insertBoth(databases, rows.slice(0, first.length));
    const waiting = rows.slice(first.length);
    const page = (database: Database, cursor: string | null): Promise<PlainPage> => database.read((session) => session.dao(listing).page({ ...asked, cursor }));
    let cursor: string | null = null;
    do {
      const sharded: PlainPage = await page(databases.sharded, cursor);
      const single: PlainPage = await page(databases.single, cursor);
      expect(sharded).toEqual(single);
      cursor = sharded.nextCursor;
      await insertBoth(databases, waiting.splice(0, 3));
    } while (cursor !== null);
  });
  await fc.assert(property, { numRuns: 100 });
}, 120_000);

test('finds over shards are those of one database, null first', async () => {
  const orderBy = fc.uniqueArray(fc.constantFrom('name', 'rank', 'price'), { minLength: 1, maxLength: 3 });
  const limit = fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined });
  const databases = await both();
  const property = fc.asyncProperty(fc.array(values, { maxLength: 40 }), orderBy, fc.boolean(), limit, async (all, order, descending, most) => {
    await empty(databases);
    await insertBoth(
      databases,
      all.map((row, index) => ({ ...row, id: BigInt(index) })),
    );
    const find = (database: Database): Promise<readonly unknown[]> =>
      database.read((session) => session.dao(listing).find({ orderBy: order, descending, ...(most !== undefined && { limit: most }) }));
    expect(await find(databases.sharded)).toEqual(await find(databases.single));
  });
  await fc.assert(property, { numRuns: 60 });
}, 120_000);

test('a cursor that was changed, or made for another list, is refused', async () => {
  const { database } = await openSharded(3);
  await database.migrate(entities);
  for (let playerId = 1n; playerId < 9n; playerId += 1n)
    await database.transaction((session) => session.dao(item).insert({ id: playerId, playerId, kind: 'axe', price: '1', data: {} }), { shardKey: playerId });
  const page = (cursor: string | null, descending = false): Promise<{ nextCursor: string | null }> =>
    database.read((session) => session.dao(item).page({ limit: 2, cursor, descending }));
  const { nextCursor } = await page(null);
  const changed = `${nextCursor!.startsWith('A') ? 'B' : 'A'}${nextCursor!.slice(1)}`;
  const invalid = expect.objectContaining({ code: 'ERR_DAO_CURSOR' });
  await expect(page(changed)).rejects.toEqual(invalid);
  await expect(page(nextCursor, true)).rejects.toEqual(invalid);
});

test('more rows than a find takes are an error over several shards, too', async () => {
  const { database } = await openSharded(2);
  const rows = Array.from({ length: 5100 }, (_, index) => index);
  for (const shardKey of [1n, 2n]) {
    const owned = rows.map((index) => ({ id: shardKey * 10_000n + BigInt(index), playerId: shardKey, kind: `k${index}`, price: '1', data: {} }));
    await database.transaction((session) => session.dao(item).insertMany(owned), { shardKey });
  }
  await database.read(async (session) => {
    await expect(session.dao(item).find()).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    expect(await session.dao(item).find({ limit: 10_000 })).toHaveLength(10_000);
  });
});
