import { expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { type OpenForTest, onFresh, sample, sampleRow } from './sample.ts';

const unavailable = { code: 'ERR_DAO_UNAVAILABLE' };

const countOf = (database: Database): Promise<number> => database.read((session) => session.dao(sample).count());

/**
 * Connections that the server ends while they are in use.
 *
 * @param loseConnections ends all connections to the database that was opened last, on the server's side
 */
export function lostConnectionCases(open: OpenForTest, loseConnections: () => Promise<void>): void {
  test('a connection that is lost in a transaction: told, rolled back, not run again, and the next one works', () =>
    onFresh(open, async (database) => {
      let runs = 0;
      const lost = database.transaction(async (session) => {
        runs += 1;
        await session.dao(sample).insert(sampleRow(1n));
        await loseConnections();
        await session.dao(sample).insert(sampleRow(2n));
      });
      await expect(lost).rejects.toMatchObject(unavailable);
      expect([runs, await countOf(database)]).toEqual([1, 0]);
      await database.transaction((session) => session.dao(sample).insert(sampleRow(3n)));
      expect(await countOf(database)).toBe(1);
    }));

  test('work that goes on after its connection was lost writes nothing, and is not told that it did', () =>
    onFresh(open, async (database) => {
      const lost = database.transaction(async (session) => {
        await session.dao(sample).insert(sampleRow(1n));
        await loseConnections();
        for (const each of [2n, 3n]) {
          await session
            .dao(sample)
            .insert(sampleRow(each))
            .catch(() => undefined);
        }
      });
      await expect(lost).rejects.toMatchObject(unavailable);
      expect(await countOf(database)).toBe(0);
    }));

  test('a connection that is lost before the commit: told', () =>
    onFresh(open, async (database) => {
      const lost = database.transaction(async (session) => {
        await session.dao(sample).insert(sampleRow(1n));
        await loseConnections();
      });
      await expect(lost).rejects.toMatchObject(unavailable);
      expect(await countOf(database)).toBe(0);
    }));

  test.each([
    ['between two statements', true],
    ['before the commit', false],
  ])('work that is repeatable runs again after a connection lost %s, and counts once', (_title, hasMore) => {
    const codes: string[] = [];
    return onFresh(
      open,
      async (database) => {
        let runs = 0;
        const level = await database.transaction(
          async (session) => {
            runs += 1;
            await session.dao(sample).insert(sampleRow(1n));
            if (runs === 1) await loseConnections();
            if (hasMore || runs > 1) await session.dao(sample).increment(1n, { level: 1 });
            return (
              await session
                .dao(sample)
                .get(1n)
                .catch(() => undefined)
            )?.level;
          },
          { isRepeatable: true },
        );
        expect([runs, level, codes]).toEqual([2, 2, ['ERR_DAO_UNAVAILABLE']]);
        expect(await database.read((session) => session.dao(sample).find())).toMatchObject([{ id: 1n, level: 2, version: 2 }]);
      },
      { listener: { retried: ({ code }) => codes.push(code) } },
    );
  });

  test('a read whose connection is lost is told, and the next one works', () =>
    onFresh(open, async (database) => {
      const lost = database.read(async (session) => {
        await session.dao(sample).count();
        await loseConnections();
        return session.dao(sample).count();
      });
      await expect(lost).rejects.toMatchObject(unavailable);
      expect(await countOf(database)).toBe(0);
    }));

  test('idle connections that were lost hurt nobody', () =>
    onFresh(open, async (database) => {
      await Promise.all(Array.from({ length: 5 }, (_, at) => database.transaction((session) => session.dao(sample).insert(sampleRow(BigInt(at))))));
      await loseConnections();
      // Some end may not have arrived yet: that one is told, and nobody after it.
      const tries = await Promise.allSettled(Array.from({ length: 5 }, () => countOf(database)));
      for (const result of tries) if (result.status === 'rejected') expect(result.reason).toMatchObject(unavailable);
      expect(await countOf(database)).toBe(5);
    }));
}
