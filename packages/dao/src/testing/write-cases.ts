import { expect, test } from 'vitest';
import type { Database, Session } from '../database.ts';
import { type OpenForTest, holding, nowMs, onFresh, sample, sampleRow } from './sample.ts';

async function insertSample(database: Database, ...rows: Parameters<typeof sampleRow>[]): Promise<void> {
  await database.transaction((session) => session.dao(sample).insertMany(rows.map((row) => sampleRow(...row))));
}

/** Insert, update, upsert, increment, delete, and what they tell. */
export function writeCases(open: OpenForTest): void {
  test('an insert sets version 1 and both times from the clock', () =>
    onFresh(open, async (database) => {
      const row = await database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
      expect(row).toMatchObject({ version: 1, createdAt: new Date(nowMs), updatedAt: new Date(nowMs) });
    }));

  test('an update raises the version, sets updatedAt, and leaves the rest', () => {
    let time = nowMs;
    return onFresh(
      open,
      async (database) => {
        await insertSample(database, [1n, { note: 'kept' }]);
        time += 1000;
        const row = await database.transaction((session) => session.dao(sample).update(1n, { level: 7 }));
        expect(row).toMatchObject({ level: 7, note: 'kept', version: 2, createdAt: new Date(nowMs), updatedAt: new Date(nowMs + 1000) });
        expect(await database.read((session) => session.dao(sample).get(1n))).toEqual(row);
      },
      { clock: { now: () => time } },
    );
  });

  test('an update of another version is refused and changes nothing', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n]);
      await expect(database.transaction((session) => session.dao(sample).update(1n, { level: 7 }, { expectedVersion: 2 }))).rejects.toMatchObject({
        code: 'ERR_DAO_VERSION',
        entity: 'sample',
      });
      expect(await database.read((session) => session.dao(sample).get(1n))).toMatchObject({ level: 1, version: 1 });
    }));

  test('an update of a row that is not there is told apart from a wrong version', () =>
    onFresh(open, async (database) => {
      await expect(database.transaction((session) => session.dao(sample).update(1n, {}, { expectedVersion: 1 }))).rejects.toMatchObject({
        code: 'ERR_DAO_NOT_FOUND',
      });
    }));

  test('of many concurrent updates of one version, one wins', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n]);
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, level) => database.transaction((session) => session.dao(sample).update(1n, { level }, { expectedVersion: 1 }))),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(results.filter((result) => result.status === 'rejected' && result.reason.code === 'ERR_DAO_VERSION')).toHaveLength(19);
    }));

  test('concurrent increments lose nothing', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n]);
      await Promise.all(Array.from({ length: 50 }, () => database.transaction((session) => session.dao(sample).increment(1n, { balance: 3n, level: 1 }))));
      expect(await database.read((session) => session.dao(sample).get(1n))).toMatchObject({ balance: 150n, level: 51, version: 51 });
    }));

  test('an increment stops at its minimum, exactly', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n, { balance: 10n }]);
      const take = (amount: bigint): Promise<unknown> =>
        database.transaction((session) => session.dao(sample).increment(1n, { balance: -amount }, { min: 0n }));
      await expect(take(11n)).rejects.toMatchObject({ code: 'ERR_DAO_INSUFFICIENT', columns: ['balance'] });
      await expect(take(10n)).resolves.toMatchObject({ balance: 0n });
      await expect(database.transaction((session) => session.dao(sample).increment(9n, { balance: 1n }))).rejects.toMatchObject({ code: 'ERR_DAO_NOT_FOUND' });
    }));

  test('an increment never overflows', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n, { balance: 2n ** 63n - 2n, level: 2_147_483_646 }]);
      const add = (deltas: { readonly balance?: bigint; readonly level?: number }, min?: bigint): Promise<unknown> =>
        database.transaction((session) => session.dao(sample).increment(1n, deltas, min === undefined ? {} : { min }));
      await expect(add({ balance: 1n, level: 1 })).resolves.toMatchObject({ balance: 2n ** 63n - 1n, level: 2_147_483_647 });
      await expect(add({ balance: 1n })).rejects.toMatchObject({ code: 'ERR_DAO_RANGE', columns: ['balance'] });
      await expect(add({ level: 1 })).rejects.toMatchObject({ code: 'ERR_DAO_RANGE', columns: ['level'] });
      await expect(add({ balance: -(2n ** 63n) }, 0n)).rejects.toMatchObject({ code: 'ERR_DAO_INSUFFICIENT' });
      await expect(add({ balance: -(2n ** 63n) })).resolves.toMatchObject({ balance: -1n });
    }));

  test('a second row with the same key is refused, naming the key', () =>
    onFresh(open, async (database) => {
      const row = { bag: 1n, slot: 'a', owner: 5n, quantity: 1n };
      await database.transaction((session) => session.dao(holding).insert(row));
      await expect(database.transaction((session) => session.dao(holding).insert(row))).rejects.toMatchObject({
        code: 'ERR_DAO_DUPLICATE',
        entity: 'holding',
        columns: ['bag', 'slot'],
      });
    }));

  test('a unique index refuses equal values, naming them, and takes any number of nulls', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n, { note: 'x' }], [2n], [3n]);
      await expect(insertSample(database, [4n, { note: 'x' }])).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE', columns: ['note'] });
      await expect(database.transaction((session) => session.dao(sample).update(2n, { note: 'x' }))).rejects.toMatchObject({
        code: 'ERR_DAO_DUPLICATE',
        columns: ['note'],
      });
    }));

  test('insertMany inserts a thousand rows, or none, also where the work goes on after the error', () =>
    onFresh(open, async (database) => {
      const rows = Array.from({ length: 1000 }, (_, index) => sampleRow(BigInt(index)));
      await database.transaction((session) => session.dao(sample).insertMany(rows));
      expect(await database.read((session) => session.dao(sample).count())).toBe(1000);
      await database.transaction(async (session) => {
        await expect(session.dao(sample).insertMany([sampleRow(5000n), sampleRow(999n), sampleRow(5001n)])).rejects.toMatchObject({
          code: 'ERR_DAO_DUPLICATE',
        });
        await session.dao(sample).insert(sampleRow(6000n));
      });
      expect(await database.read((session) => session.dao(sample).getMany([5000n, 5001n, 6000n]))).toMatchObject([{ id: 6000n }]);
      expect(await database.transaction((session) => session.dao(sample).insertMany([]))).toEqual([]);
    }));

  test('an upsert inserts, then replaces: what is left out becomes null, createdAt stays', () => {
    let time = nowMs;
    return onFresh(
      open,
      async (database) => {
        const put = (changes: Parameters<typeof sampleRow>[1]): Promise<unknown> =>
          database.transaction((session) => session.dao(sample).upsert(sampleRow(1n, changes)));
        await expect(put({ level: 1, note: 'n' })).resolves.toMatchObject({ level: 1, note: 'n', version: 1 });
        time += 5;
        await expect(put({ level: 2 })).resolves.toMatchObject({
          level: 2,
          note: null,
          version: 2,
          createdAt: new Date(nowMs),
          updatedAt: new Date(nowMs + 5),
        });
      },
      { clock: { now: () => time } },
    );
  });

  test('an upsert does not replace another row that a unique index protects', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n, { note: 'x' }]);
      await expect(database.transaction((session) => session.dao(sample).upsert(sampleRow(2n, { note: 'x' })))).rejects.toMatchObject({
        code: 'ERR_DAO_DUPLICATE',
        columns: ['note'],
      });
    }));

  test('a delete says whether there was a row, and keeps one of another version', () =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n]);
      await expect(database.transaction((session) => session.dao(sample).delete(1n, { expectedVersion: 2 }))).rejects.toMatchObject({
        code: 'ERR_DAO_VERSION',
      });
      expect(await database.transaction((session) => session.dao(sample).delete({ id: 1n }, { expectedVersion: 1 }))).toBe(true);
      expect(await database.transaction((session) => session.dao(sample).delete(1n))).toBe(false);
    }));

  test('changes name each written thing once, by every column that one is kept under', () =>
    onFresh(open, async (database) => {
      const { changes } = await database.transaction(async (session) => {
        const holdings = session.dao(holding);
        await holdings.insert({ bag: 1n, slot: 'a', owner: 5n, quantity: 1n });
        await holdings.increment({ bag: 1n, slot: 'a' }, { quantity: 1n });
        await holdings.delete({ bag: 1n, slot: 'b' });
        await session.dao(sample).insert(sampleRow(3n));
        return session;
      });
      expect(changes).toEqual([
        { entity: 'holding', column: 'owner', cacheKey: '5' },
        { entity: 'holding', column: 'bag', cacheKey: '1' },
        { entity: 'sample', column: 'id', cacheKey: '3' },
      ]);
      const { changes: none } = await database.transaction((session) => session);
      expect(none).toEqual([]);
    }));

  test.each<readonly [title: string, move: (session: Session) => Promise<unknown>, keys: readonly string[]]>([
    ['an update', (session) => session.dao(holding).update({ bag: 1n, slot: 'a' }, { owner: 6n }), ['5', '6']],
    ['an upsert', (session) => session.dao(holding).upsert({ bag: 1n, slot: 'a', owner: 7n, quantity: 1n }), ['5', '7']],
    ['a save', (session) => session.dao(holding).saveNewer([{ row: { bag: 1n, slot: 'a', owner: 8n, quantity: 1n }, version: 2 }]), ['5', '8']],
    ['a delete', (session) => session.dao(holding).delete({ bag: 1n, slot: 'a' }), ['5']],
    ['an increment', (session) => session.dao(holding).increment({ bag: 1n, slot: 'a' }, { quantity: 1n }), ['5']],
  ])('%s names the thing that a row leaves and the one that it comes to', (_title, move, keys) =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(holding).insert({ bag: 1n, slot: 'a', owner: 5n, quantity: 1n }));
      const { changes } = await database.transaction(async (session) => {
        await move(session);
        return session;
      });
      expect(changes.filter(({ column }) => column === 'owner').map(({ cacheKey }) => cacheKey)).toEqual(keys);
      expect(changes.filter(({ column }) => column === 'bag').map(({ cacheKey }) => cacheKey)).toEqual(['1']);
    }),
  );

  test('a caller who changes what he wrote does not change what was written', () =>
    onFresh(open, async (database) => {
      const data = { a: [1] };
      const blob = Uint8Array.of(1, 2);
      const row = await database.transaction((session) => session.dao(sample).insert(sampleRow(1n, { data, blob })));
      data.a.push(2);
      blob[0] = 9;
      expect(row).toMatchObject({ data: { a: [1] }, blob: Uint8Array.of(1, 2) });
    }));

  test.each<readonly [title: string, patch: Readonly<Record<string, unknown>>]>([
    ['an unknown column', { nothing: 1 }],
    ['the key', { id: 2n }],
    ['the version', { version: 9 }],
    ['createdAt', { createdAt: new Date(0) }],
    ['a name of every object', { constructor: 1 }],
  ])('a patch of %s is refused', (_title, patch) =>
    onFresh(open, async (database) => {
      await insertSample(database, [1n]);
      await expect(database.transaction((session) => session.dao(sample).update(1n, patch))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    }),
  );
}
