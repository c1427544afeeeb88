import { expect, test } from 'vitest';
import type { Database, Session, TransactionOptions } from '../database.ts';
import { gate, meeting } from './gate.ts';
import { type OpenForTest, onFresh, sample, sampleRow } from './sample.ts';

/** The file of SQLite has one writer: transactions never meet there, and who waited for another within one would wait for ever. */
const isSideBySide = ({ dialect }: Database): boolean => dialect !== 'sqlite';

const patient: TransactionOptions = { maxAttempts: 100, timeoutMs: 30_000 };

async function fill(database: Database): Promise<void> {
  await database.transaction((session) => session.dao(sample).insertMany([1n, 2n].map((each) => sampleRow(each, { level: 1 }))));
}

const levels = async (database: Database): Promise<readonly number[]> =>
  (await database.read((session) => session.dao(sample).find())).map(({ level }) => level);

const levelOf = async (session: Session, rowId: bigint, forUpdate = false): Promise<number> =>
  (await session.dao(sample).get(rowId, { forUpdate }))?.level ?? Number.NaN;

/** Transactions that meet. @param writeSkew why the dialect's serializable transactions may miss what both read, if they may */
export function concurrencyCases(open: OpenForTest, writeSkew: string | undefined): void {
  test('transactions that read and then write lose nothing', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const raise = (): Promise<unknown> =>
        database.transaction(async (session) => session.dao(sample).update(1n, { level: (await levelOf(session, 1n)) + 1 }), patient);
      await Promise.all(Array.from({ length: 8 }, raise));
      expect(await levels(database)).toEqual([9, 1]);
    }));

  test('of many that change or delete the version that they read, one wins, and the others leave nothing', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const expectedVersion = (await database.read((session) => session.dao(sample).get(1n)))?.version ?? 0;
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, at) =>
          database.transaction(async (session) => {
            await session.dao(sample).increment(2n, { level: 1 });
            if (at % 3 > 0) await session.dao(sample).update(1n, { level: 9 }, { expectedVersion });
            else if (!(await session.dao(sample).delete(1n, { expectedVersion }))) throw new RangeError('gone');
          }, patient),
        ),
      );
      const winners = results.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(await levels(database)).toEqual((winners[0] ?? 0) % 3 > 0 ? [9, 2] : [2]);
    }));

  test('two that lock two rows in opposite order both end well', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const both = meeting(2);
      let runs = 0;
      const raise = (order: readonly [bigint, bigint]): Promise<unknown> =>
        database.transaction(async (session) => {
          runs += 1;
          const [first, second] = order;
          await levelOf(session, first, true);
          if (isSideBySide(database)) await both();
          await levelOf(session, second, true);
          for (const each of order) await session.dao(sample).increment(each, { level: 1 });
        }, patient);
      await Promise.all([raise([1n, 2n]), raise([2n, 1n])]);
      expect(await levels(database)).toEqual([3, 3]);
      if (isSideBySide(database)) expect(runs).toBeGreaterThan(2);
      else expect(runs).toBe(2);
    }));

  test('a transaction that runs again is told of', () => {
    const codes: string[] = [];
    return onFresh(
      open,
      async (database) => {
        await fill(database);
        const both = meeting(2);
        const raise = (mine: bigint, other: bigint): Promise<unknown> =>
          database.transaction(async (session) => {
            await session.dao(sample).increment(mine, { level: 1 });
            if (isSideBySide(database)) await both();
            await session.dao(sample).increment(other, { level: 1 });
          }, patient);
        await Promise.all([raise(1n, 2n), raise(2n, 1n)]);
        expect(await levels(database)).toEqual([3, 3]);
        expect(new Set(codes)).toEqual(new Set(isSideBySide(database) ? ['ERR_DAO_CONFLICT'] : []));
      },
      { listener: { retried: ({ code }) => codes.push(code) } },
    );
  });

  test('work that may run once only is told that others were in its way, and left nothing', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const both = meeting(2);
      const raise = (mine: bigint, other: bigint): Promise<unknown> =>
        database.transaction(
          async (session) => {
            await session.dao(sample).increment(mine, { level: 1 });
            if (isSideBySide(database)) await both();
            await session.dao(sample).increment(other, { level: 1 });
          },
          { ...patient, maxAttempts: 1 },
        );
      const results = await Promise.allSettled([raise(1n, 2n), raise(2n, 1n)]);
      const won = results.filter(({ status }) => status === 'fulfilled').length;
      expect(won).toBe(isSideBySide(database) ? 1 : 2);
      expect(results.filter(({ status }) => status === 'rejected')).toMatchObject(
        Array.from({ length: 2 - won }, () => ({ reason: { code: 'ERR_DAO_CONFLICT' } })),
      );
      expect(await levels(database)).toEqual([1 + won, 1 + won]);
    }));

  test('a row that is read for update makes others wait, who then see what was done', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const [locked, tried] = [gate(), gate()];
      const order: string[] = [];
      const first = database.transaction(async (session) => {
        await levelOf(session, 1n, true);
        locked.open();
        if (isSideBySide(database)) await tried.opened;
        // Round trips, in which the other's statement reaches the server.
        for (let trip = 0; trip < 5; trip += 1) await levelOf(session, 2n);
        order.push('first writes');
        await session.dao(sample).update(1n, { level: 7 });
      });
      await locked.opened;
      let seen = 0;
      const second = database.transaction(async (session) => {
        const reading = levelOf(session, 1n, true);
        tried.open();
        seen = await reading;
        order.push('second reads');
      }, patient);
      await Promise.all([first, second]);
      expect([seen, ...order]).toEqual([7, 'first writes', 'second reads']);
    }));

  test('rows that are read for update do not make readers wait', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const [locked, mayEnd] = [gate(), gate()];
      const holding = database.transaction(async (session) => {
        await session.dao(sample).getMany([1n, 2n], { forUpdate: true });
        await session.dao(sample).update(1n, { level: 7 });
        locked.open();
        await mayEnd.opened;
      });
      await locked.opened;
      expect(await levels(database)).toEqual([1, 1]);
      mayEnd.open();
      await holding;
    }));

  const title = writeSkew === undefined ? 'as if one after the other' : `each sees its own snapshot (${writeSkew})`;
  test(`two that read both of two rows and change one each: ${title}`, () =>
    onFresh(open, async (database) => {
      await fill(database);
      const both = meeting(2);
      const leave = (mine: bigint): Promise<unknown> =>
        database.transaction(async (session) => {
          const there = (await levelOf(session, 1n)) + (await levelOf(session, 2n));
          if (isSideBySide(database)) await both();
          if (there === 2) await session.dao(sample).update(mine, { level: 0 });
        }, patient);
      await Promise.all([leave(1n), leave(2n)]);
      const left = (await levels(database)).reduce((sum, level) => sum + level, 0);
      if (writeSkew === undefined) expect(left).toBe(1);
      else expect(left).toBeLessThanOrEqual(1);
    }));

  test('where rows that are read are locked, there is no skew on any dialect', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const leave = (mine: bigint): Promise<unknown> =>
        database.transaction(async (session) => {
          const rows = await session.dao(sample).getMany([1n, 2n], { forUpdate: true });
          if (rows.every(({ level }) => level === 1)) await session.dao(sample).update(mine, { level: 0 });
        }, patient);
      await Promise.all([leave(1n), leave(2n)]);
      expect(new Set(await levels(database))).toEqual(new Set([0, 1]));
    }));

  test.each<readonly [isolation: NonNullable<TransactionOptions['isolation']>, isCommitSeen: boolean]>([
    ['readCommitted', true],
    ['repeatableRead', false],
  ])('a transaction with %s sees what others commit meanwhile: %s', (isolation, isCommitSeen) =>
    onFresh(open, async (database) => {
      await fill(database);
      const [hasRead, hasChanged] = [gate(), gate()];
      const reading = database.transaction(
        async (session) => {
          const before = await levelOf(session, 1n);
          hasRead.open();
          if (isSideBySide(database)) await hasChanged.opened;
          return [before, await levelOf(session, 1n)];
        },
        { isolation },
      );
      await hasRead.opened;
      await database.transaction((session) => session.dao(sample).update(1n, { level: 5 }));
      hasChanged.open();
      // SQLite has no other isolation than serializable.
      expect(await reading).toEqual([1, isCommitSeen && isSideBySide(database) ? 5 : 1]);
    }),
  );

  test('each statement of a read with isolation statement sees the moment in which it runs', () =>
    onFresh(open, async (database) => {
      await fill(database);
      const seen = await database.read(
        async (session) => {
          const before = await levelOf(session, 1n);
          await database.transaction((other) => other.dao(sample).update(1n, { level: 5 }));
          return [before, await levelOf(session, 1n)];
        },
        { isolation: 'statement' },
      );
      // On a file a snapshot costs nothing, so that it is taken all the same.
      expect(seen).toEqual([1, isSideBySide(database) ? 5 : 1]);
    }));

  test('a read with isolation statement cannot write either', () =>
    onFresh(open, async (database) => {
      await expect(database.read((session) => session.dao(sample).insert(sampleRow(1n)), { isolation: 'statement' })).rejects.toMatchObject({
        code: 'ERR_DAO_READ_ONLY',
      });
    }));
}
