import { expect, test } from 'vitest';
import { DaoError, bool, bytes, createdAt, decimal, defineEntity, id, int, int64, json, openDatabase, sql, text, timestamp, updatedAt, version } from './index.ts';

const player = defineEntity('player', {
  columns: { id: id(), name: text(64), externalId: text(128).nullable(), level: int(), score: int64(), amount: decimal(10, 2), flag: bool(), data: json<{ a?: number }>(), blob: bytes().nullable(), at: timestamp().nullable(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['id'],
  indexes: [{ on: ['name'], unique: true }, { on: ['level'] }],
});
const wallet = defineEntity('walletBalance', { columns: { playerId: id(), currency: text(16), amount: int64() }, key: ['playerId', 'currency'] });

test('smoke', async () => {
  const db = await openDatabase('sqlite::memory:');

  await db.migrate([player, wallet]);
  expect(await db.plan([player, wallet])).toEqual([]);
  const row = await db.transaction(async (s) => {
    const r = await s.dao(player).insert({ id: 2n ** 63n - 1n, name: 'Ægir 🎲', level: 3, score: -5n, amount: '1.5', flag: true, data: { a: 1 } });
    await s.dao(wallet).insertMany([{ playerId: 1n, currency: 'gold', amount: 5n }, { playerId: 2n, currency: '', amount: 5n }]);
    return r;
  });
  expect(await db.read((s) => s.dao(player).get(row.id))).toEqual(row);
  const u = await db.transaction((s) => s.dao(player).update(row.id, { level: 4 }, { expectedVersion: 1 }));
  expect(u).toMatchObject({ level: 4, version: 2 });
  const inc = await db.transaction((s) => s.dao(wallet).increment({ playerId: 1n, currency: 'gold' }, { amount: -5n }, { min: 0n }));
  expect(inc.amount).toBe(0n);
  await expect(db.transaction((s) => s.dao(wallet).increment({ playerId: 1n, currency: 'gold' }, { amount: -5n }, { min: 0n }))).rejects.toMatchObject({ code: 'ERR_DAO_INSUFFICIENT' });
  expect(await db.read((s) => s.dao(wallet).getMany([{ playerId: 2n, currency: '' }, { playerId: 1n, currency: 'gold' }, { playerId: 9n, currency: 'x' }]))).toHaveLength(2);
  expect(await db.read((s) => s.dao(player).find({ where: { name: { startsWith: 'Æ' }, level: { in: [4, 5, 6] } }, orderBy: 'level' }))).toEqual([u]);
  expect(await db.read((s) => s.dao(player).page({ orderBy: ['level', 'name'], descending: true, limit: 1 }))).toEqual({ items: [u], nextCursor: null });
  expect(await db.transaction((s) => s.dao(wallet).upsert({ playerId: 1n, currency: 'gold', amount: 7n }))).toEqual({ playerId: 1n, currency: 'gold', amount: 7n });
  const p1 = await db.read((s) => s.dao(wallet).page({ limit: 1 }));
  const p2 = await db.read((s) => s.dao(wallet).page({ limit: 1, cursor: p1.nextCursor }));
  expect([p1.items[0]?.playerId, p2.items[0]?.playerId, p2.nextCursor]).toEqual([1n, 2n, null]);
  expect(await db.read((s) => s.execute(sql`select count(*) as n from wallet_balance where player_id = ${1}`))).toEqual([{ n: 1n }]);
  expect(await db.transaction((s) => s.dao(player).delete(row.id))).toBe(true);
  expect(await db.read((s) => s.dao(player).count())).toBe(0);
  await expect(db.transaction((s) => s.dao(wallet).insert({ playerId: 1n, currency: 'gold', amount: 1n }))).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE', columns: ['playerId', 'currency'] });
  await expect(db.transaction(() => db.transaction(async () => 1))).rejects.toBeInstanceOf(DaoError);
});
