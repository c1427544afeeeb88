import { expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import type { Conditions } from '../conditions.ts';
import type { Database } from '../database.ts';
import { type OpenForTest, holding, onFresh, sample, sampleRow } from './sample.ts';

/** Ten rows: level = id mod 3, rank null for even ids. */
async function fill(database: Database, count = 10): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) =>
    sampleRow(BigInt(index), { level: index % 3, rank: index % 2 === 0 ? null : index, at: new Date(index * 1000), isActive: index < 5 }),
  );
  await database.transaction((session) => session.dao(sample).insertMany(rows));
}

const conditions: readonly (readonly [title: string, where: Conditions<typeof sample>, ids: readonly number[]])[] = [
  ['a value', { level: 2 }, [2, 5, 8]],
  ['eq', { id: { eq: 3n } }, [3]],
  ['ne', { level: { ne: 0 } }, [1, 2, 4, 5, 7, 8]],
  ['gt and lte together', { id: { gt: 2n, lte: 4n } }, [3, 4]],
  ['gte and lt on times', { at: { gte: new Date(8000), lt: new Date(9000) } }, [8]],
  ['in', { id: { in: [1n, 9n, 77n] } }, [1, 9]],
  ['in with no values', { id: { in: [] } }, []],
  ['null', { rank: null }, [0, 2, 4, 6, 8]],
  ['not null', { rank: { ne: null } }, [1, 3, 5, 7, 9]],
  ['ne, which never matches null', { rank: { ne: 3 } }, [1, 5, 7, 9]],
  ['a bool', { isActive: true, level: 1 }, [1, 4]],
  ['a prefix', { name: { startsWith: 'name 1' } }, [1]],
  ['the empty prefix', { name: { startsWith: '' }, id: { lt: 2n } }, [0, 1]],
  ['several columns', { level: { in: [0, 1] }, rank: { gte: 3 }, isActive: false }, [7, 9]],
];

/** Get, find, page and count. */
export function queryCases(open: OpenForTest): void {
  test.each(conditions)('find by %s', (_title, where, ids) =>
    onFresh(open, async (database) => {
      await fill(database);
      const rows = await database.read((session) => session.dao(sample).find({ where }));
      expect(rows.map((row) => Number(row.id))).toEqual(ids);
      expect(await database.read((session) => session.dao(sample).count(where))).toBe(ids.length);
    }),
  );

  test('a prefix holds %, _ and the last characters of Unicode as they are', () =>
    onFresh(open, async (database) => {
      const names = ['%a', 'xa', '_a', '\u{10ffff}a', '\u{10ffff}', '\ud7ffz', 'É', 'é'];
      await database.transaction((session) => session.dao(sample).insertMany(names.map((name, index) => sampleRow(BigInt(index), { name }))));
      const starting = async (startsWith: string): Promise<string[]> =>
        (await database.read((session) => session.dao(sample).find({ where: { name: { startsWith } } }))).map(({ name }) => name);
      expect([await starting('%'), await starting('_'), await starting('\u{10ffff}'), await starting('\ud7ff'), await starting('é')]).toEqual([
        ['%a'],
        ['_a'],
        ['\u{10ffff}a', '\u{10ffff}'],
        ['\ud7ffz'],
        ['é'],
      ]);
    }));

  test('getMany gives found rows once each, in the order of the keys, for more keys than one list takes', () =>
    onFresh(open, async (database) => {
      await fill(database, 1500);
      const keys = [7n, 3n, 9999n, 7n, ...Array.from({ length: 1400 }, (_, index) => BigInt(index + 50))];
      const rows = await database.read((session) => session.dao(sample).getMany(keys));
      expect(rows.map((row) => row.id)).toEqual([7n, 3n, ...keys.slice(4)]);
      expect(await database.read((session) => session.dao(sample).getMany([]))).toEqual([]);
    }));

  test('getMany takes composite keys', () =>
    onFresh(open, async (database) => {
      const rows = Array.from({ length: 300 }, (_, index) => ({ bag: BigInt(index % 3), slot: `s${index}`, owner: 1n, quantity: BigInt(index) }));
      await database.transaction((session) => session.dao(holding).insertMany(rows));
      const found = await database.read((session) =>
        session.dao(holding).getMany([...rows.map(({ bag, slot }) => ({ bag, slot })), { bag: 9n, slot: 's1' }, { bag: 0n, slot: 's1' }]),
      );
      expect(found.map(({ quantity }) => quantity)).toEqual(rows.map(({ quantity }) => quantity));
    }));

  test('find sorts by several columns, both ways, with null first', () =>
    onFresh(open, async (database) => {
      await fill(database, 4);
      const ids = async (orderBy: 'rank' | readonly ('level' | 'rank')[], descending: boolean): Promise<number[]> =>
        (await database.read((session) => session.dao(sample).find({ orderBy, descending }))).map((row) => Number(row.id));
      expect(await ids('rank', false)).toEqual([0, 2, 1, 3]);
      expect(await ids('rank', true)).toEqual([3, 1, 2, 0]);
      expect(await ids(['level', 'rank'], false)).toEqual([0, 3, 1, 2]);
    }));

  test.each([
    ['by key', {}],
    ['by key, backwards', { descending: true }],
    ['by a column with equal values', { orderBy: 'level' }],
    ['by two columns, backwards', { orderBy: ['isActive', 'level'], descending: true }],
    ['by time', { orderBy: 'at' }],
    ['by text', { orderBy: 'name' }],
    ['by decimal', { orderBy: 'amount', descending: true }],
    ['with a condition', { orderBy: 'level', where: { level: { gte: 1 } } }],
  ] as const)('pages %s give each row once, in order', (_title, query) =>
    onFresh(open, async (database) => {
      await fill(database, 23);
      const all = await database.read((session) => session.dao(sample).find(query));
      const seen: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page: { readonly items: readonly unknown[]; readonly nextCursor: string | null } = await database.read((session) =>
          session.dao(sample).page({ ...query, limit: 5, cursor }),
        );
        expect(page.items.length).toBeLessThanOrEqual(5);
        seen.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(all);
    }),
  );

  test('pages hold their place when rows come and go before it', () =>
    onFresh(open, async (database) => {
      await fill(database, 10);
      const { nextCursor } = await database.read((session) => session.dao(sample).page({ limit: 5 }));
      await database.transaction(async (session) => {
        await session.dao(sample).delete(1n);
        await session.dao(sample).delete(5n);
        await session.dao(sample).insert(sampleRow(100n));
      });
      const page = await database.read((session) => session.dao(sample).page({ cursor: nextCursor }));
      expect(page.items.map((row) => Number(row.id))).toEqual([6, 7, 8, 9, 100]);
    }));

  test('a last page that is exactly full has no cursor', () =>
    onFresh(open, async (database) => {
      await fill(database, 5);
      expect((await database.read((session) => session.dao(sample).page({ limit: 5 }))).nextCursor).toBeNull();
    }));

  test('a find without a limit refuses to cut', () =>
    onFresh(open, async (database) => {
      await fill(database, 10_001);
      await expect(database.read((session) => session.dao(sample).find())).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
      expect(await database.read((session) => session.dao(sample).find({ limit: 10_000 }))).toHaveLength(10_000);
    }));

  test.each([0, -1, 1.5, 10_001, Number.NaN])('a limit of %s is refused', (limit) =>
    onFresh(open, async (database) => {
      await expect(database.read((session) => session.dao(sample).find({ limit }))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
      await expect(database.read((session) => session.dao(sample).page({ limit }))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    }),
  );

  test('a hand-written statement binds its values and gives 64-bit integers', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insert(sampleRow(2n ** 63n - 1n, { name: `a'b` })));
      const rows = await database.read((session) =>
        session.execute(
          sql`select id, name from sample where name = ${`a'b`} and ${sql.identifier('level')} = ${1} and is_active = ${false} and ${sql.identifier('at')} = ${new Date(0)}`,
        ),
      );
      expect(rows).toMatchObject([{ id: 2n ** 63n - 1n, name: `a'b` }]);
    }));
}
