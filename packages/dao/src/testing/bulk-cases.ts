import { expect, test } from 'vitest';
import type { Database } from '../database.ts';
import type { NewRow } from '../entity.ts';
import { holding, type OpenForTest, nowMs, onFresh, sample, sampleRow } from './sample.ts';

const greatest = 2n ** 63n - 1n;

function stack(slot: string, quantity: bigint, owner = 5n): NewRow<typeof holding> {
  return { bag: 1n, slot, owner, quantity };
}

function stacks(count: number, quantity: bigint): NewRow<typeof holding>[] {
  return Array.from({ length: count }, (_, at) => stack(`slot ${at}`, quantity));
}

async function quantities(database: Database): Promise<Record<string, bigint>> {
  const rows = await database.read((session) => session.dao(holding).find());
  return Object.fromEntries(rows.map(({ slot, quantity }) => [slot, quantity]));
}

/** Many rows in few statements: insertMany, addMany, saveNewer. */
export function bulkCases(open: OpenForTest): void {
  // Lengths around those of the statements that a dialect may make of them.
  test.each([0, 1, 2, 3, 127, 128, 129, 300])('%i rows are inserted by one call, in their order', (count) =>
    onFresh(open, async (database) => {
      const rows = Array.from({ length: count }, (_, at) => sampleRow(BigInt(at), { name: `row ${at}` }));
      const inserted = await database.transaction((session) => session.dao(sample).insertMany(rows));
      expect(inserted.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
      expect(await database.read((session) => session.dao(sample).find())).toEqual(inserted);
    }),
  );

  test('of many rows, one that exists keeps all from being inserted', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insert(sampleRow(150n)));
      const rows = Array.from({ length: 200 }, (_, at) => sampleRow(BigInt(at)));
      await database.transaction((session) => expect(session.dao(sample).insertMany(rows)).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE' }));
      expect(await database.read((session) => session.dao(sample).count())).toBe(1);
    }));

  test('addMany inserts what is new, adds to what is there, and leaves its other columns', () => {
    let time = nowMs;
    return onFresh(
      open,
      async (database) => {
        await database.transaction((session) => session.dao(sample).insert(sampleRow(2n, { balance: 10n, level: 5, name: 'kept', note: 'kept' })));
        time += 1000;
        const rows = [sampleRow(1n, { balance: 1n, level: 1 }), sampleRow(2n, { balance: -3n, level: 2, name: 'other' })];
        await database.transaction((session) => session.dao(sample).addMany(rows, ['balance', 'level']));
        const [one, two] = await database.read((session) => session.dao(sample).find());
        expect(one).toMatchObject({ balance: 1n, level: 1, version: 1, createdAt: new Date(time), updatedAt: new Date(time) });
        expect(two).toMatchObject({ balance: 7n, level: 7, name: 'kept', note: 'kept', version: 2, createdAt: new Date(nowMs), updatedAt: new Date(time) });
      },
      { clock: { now: () => time } },
    );
  });

  test('addMany adds to hundreds of rows at once, each once', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(holding).addMany(stacks(300, 1n), ['quantity']));
      await database.transaction((session) => session.dao(holding).addMany(stacks(300, 2n), ['quantity']));
      const found = await quantities(database);
      expect(Object.keys(found)).toHaveLength(300);
      expect(new Set(Object.values(found))).toEqual(new Set([3n]));
    }));

  test.each([
    ['above the greatest value', greatest, 1n],
    ['below the least', -greatest - 1n, -1n],
  ])('a sum %s adds nothing at all', (_, there, delta) =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(holding).insertMany([stack('a', 1n), stack('b', there)]));
      await database.transaction((session) =>
        expect(session.dao(holding).addMany([stack('a', 1n), stack('b', delta)], ['quantity'])).rejects.toMatchObject({
          code: 'ERR_DAO_RANGE',
          columns: ['quantity'],
        }),
      );
      expect(await quantities(database)).toEqual({ a: 1n, b: there });
    }),
  );

  test('saveNewer puts a row in the place of an older one, and never in that of a newer or equal one', () =>
    onFresh(open, async (database) => {
      const save = (version: number, name: string): Promise<number> =>
        database.transaction(async (session) => (await session.dao(sample).saveNewer([{ row: sampleRow(1n, { name }), version }])).length);
      const stored = (): Promise<unknown> => database.read((session) => session.dao(sample).get(1n));
      expect(await save(3, 'first')).toBe(1);
      expect(await stored()).toMatchObject({ name: 'first', version: 3 });
      expect(await save(3, 'equal')).toBe(0);
      expect(await save(2, 'older')).toBe(0);
      expect(await stored()).toMatchObject({ name: 'first', version: 3 });
      await database.transaction((session) => session.dao(sample).update(1n, { name: 'direct' }));
      expect(await save(4, 'as old as the direct change')).toBe(0);
      expect(await stored()).toMatchObject({ name: 'direct', version: 4 });
      expect(await save(6, 'newer')).toBe(1);
      expect(await stored()).toMatchObject({ name: 'newer', version: 6 });
    }));

  test('saveNewer tells which of many rows it wrote, and sets what is left out to null', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n, { rank: 7 }), sampleRow(2n)]));
      const rows = [
        { row: sampleRow(1n), version: 2 },
        { row: sampleRow(2n), version: 1 },
        { row: sampleRow(3n), version: 9 },
      ];
      const written = await database.transaction((session) => session.dao(sample).saveNewer(rows));
      expect(written.map(({ id, version, rank }) => [id, version, rank])).toEqual([
        [1n, 2, null],
        [3n, 9, null],
      ]);
    }));

  test('what bulk writes change is named for the cache', () =>
    onFresh(open, async (database) => {
      const { changes } = await database.transaction(async (session) => {
        await session.dao(holding).addMany([stack('a', 1n, 5n), stack('b', 1n, 6n)], ['quantity']);
        await session.dao(holding).saveNewer([{ row: stack('a', 1n, 7n), version: 2 }]);
        return session;
      });
      expect(changes.map(({ column, cacheKey }) => `${column} ${cacheKey}`).toSorted()).toEqual(['bag 1', 'owner 5', 'owner 6', 'owner 7']);
    }));

  test('a key named twice, a column that cannot be counted in and no column at all are refused', () =>
    onFresh(open, (database) =>
      database.transaction(async (session) => {
        const refused = { code: 'ERR_DAO_INPUT' };
        await expect(session.dao(holding).addMany([stack('a', 1n), stack('a', 1n)], ['quantity'])).rejects.toMatchObject(refused);
        await expect(session.dao(holding).saveNewer([stack('a', 1n), stack('a', 2n)].map((row, at) => ({ row, version: at + 1 })))).rejects.toMatchObject(
          refused,
        );
        await expect(session.dao(holding).addMany([stack('a', 1n)], Object.assign([], ['slot']))).rejects.toMatchObject(refused);
        await expect(session.dao(holding).addMany([stack('a', 1n)], [])).rejects.toMatchObject(refused);
      }),
    ));
}
