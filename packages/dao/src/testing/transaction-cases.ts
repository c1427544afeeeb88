import { expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import type { Database, DatabaseOptions, Session } from '../database.ts';
import { gate } from './gate.ts';
import { type OpenForTest, onFresh, sample, sampleRow } from './sample.ts';

/** On a server transactions run side by side, unless there is but one connection. */
const oneConnection: DatabaseOptions = { pool: { max: 1 } };

const countOf = (database: Database): Promise<number> => database.read((session) => session.dao(sample).count());

/** Atomicity, isolation, order, the end of sessions, limits. */
export function transactionCases(open: OpenForTest): void {
  test('a transaction that throws leaves nothing, and its own error reaches the caller', () =>
    onFresh(open, async (database) => {
      const own = new Error('own');
      await expect(
        database.transaction(async (session) => {
          await session.dao(sample).insert(sampleRow(1n));
          throw own;
        }),
      ).rejects.toBe(own);
      expect(await countOf(database)).toBe(0);
    }));

  test('a synchronous throw is a failed transaction, too', () =>
    onFresh(open, async (database) => {
      await expect(
        database.transaction(() => {
          throw new RangeError('now');
        }),
      ).rejects.toThrow(RangeError);
      await expect(
        database.read(() => {
          throw new RangeError('now');
        }),
      ).rejects.toThrow(RangeError);
    }));

  test('one failing transaction among many hurts no other', () =>
    onFresh(open, async (database) => {
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) =>
          database.transaction(async (session) => {
            await session.dao(sample).insert(sampleRow(BigInt(index)));
            if (index % 3 === 0) throw new Error('no');
            if (index % 3 === 1) await session.dao(sample).insert(sampleRow(BigInt(index)));
          }),
        ),
      );
      expect(results.map(({ status }, index) => status === 'fulfilled' || index % 3 !== 2)).not.toContain(false);
      const rows = await database.read((session) => session.dao(sample).find());
      expect(rows.map((row) => Number(row.id))).toEqual(Array.from({ length: 10 }, (_, index) => index * 3 + 2));
    }));

  test('a read never sees uncommitted rows, and sees them once they are acknowledged', () =>
    onFresh(open, async (database) => {
      const [written, mayEnd] = [gate(), gate()];
      const running = database.transaction(async (session) => {
        await session.dao(sample).insert(sampleRow(1n));
        expect(await session.dao(sample).count()).toBe(1);
        written.open();
        await mayEnd.opened;
      });
      await written.opened;
      expect(await countOf(database)).toBe(0);
      mayEnd.open();
      await running;
      expect(await countOf(database)).toBe(1);
    }));

  test('all of a read sees one moment', () =>
    onFresh(open, async (database) => {
      const [first, second] = await database.read(async (session) => {
        const before = await session.dao(sample).count();
        await database.transaction((other) => other.dao(sample).insert(sampleRow(1n)));
        return [before, await session.dao(sample).count()];
      });
      expect([first, second, await countOf(database)]).toEqual([0, 0, 1]);
    }));

  test('a read sees every transaction acknowledged before it, whatever older reads are still running', () =>
    onFresh(open, async (database) => {
      const [hasBegun, mayEnd] = [gate(), gate()];
      const old = database.read(async (session) => {
        const before = await session.dao(sample).count();
        hasBegun.open();
        await mayEnd.opened;
        return before + (await session.dao(sample).count());
      });
      // On a busy machine its connection may come after the first insert, and its moment with it.
      await hasBegun.opened;
      for (let index = 0n; index < 20n; index += 1n) {
        await database.transaction((session) => session.dao(sample).insert(sampleRow(index)));
        expect(await database.read((session) => session.dao(sample).get(index))).toBeDefined();
      }
      mayEnd.open();
      expect(await old).toBe(0);
    }));

  test('transactions that wait for one connection run in the order of the calls', () =>
    onFresh(
      open,
      async (database) => {
        const order: number[] = [];
        await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            database.transaction(async (session) => {
              order.push(index);
              await session.dao(sample).count();
              order.push(index);
            }),
          ),
        );
        expect(order).toEqual(Array.from({ length: 40 }, (_, index) => Math.floor(index / 2)));
      },
      oneConnection,
    ));

  test('an error that the work catches costs only its statement', () =>
    onFresh(open, async (database) => {
      await database.transaction(async (session) => {
        await session.dao(sample).insert(sampleRow(1n));
        await session
          .dao(sample)
          .insert(sampleRow(1n))
          .catch(() => undefined);
        await session.dao(sample).insert(sampleRow(2n));
      });
      expect(await countOf(database)).toBe(2);
    }));

  test('a transaction whose time is up is rolled back and can write nothing more', () =>
    onFresh(open, async (database) => {
      const never = gate();
      const sessions: Session[] = [];
      // Where the machine is slow its time may be up before it has begun: that one is no case.
      for (let timeoutMs = 5; sessions.length === 0; timeoutMs *= 2) {
        const late = database.transaction(
          async (session) => {
            sessions.push(session);
            await session.dao(sample).insert(sampleRow(1n));
            await never.opened;
          },
          { timeoutMs },
        );
        await expect(late).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
      }
      const kept = sessions[0];
      await expect(kept?.dao(sample).insert(sampleRow(2n))).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
      await expect(kept?.execute(sql`delete from sample`)).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
      expect(await countOf(database)).toBe(0);
      await database.transaction((session) => session.dao(sample).insert(sampleRow(3n)));
      await expect(kept?.dao(sample).delete(3n)).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
      expect(await countOf(database)).toBe(1);
      never.open();
    }));

  test('an aborted transaction is rolled back, and so is one that waits', () =>
    onFresh(
      open,
      async (database) => {
        const controller = new AbortController();
        const [started, never] = [gate(), gate()];
        let hasRun = false;
        const running = database.transaction(
          async (session) => {
            await session.dao(sample).insert(sampleRow(1n));
            started.open();
            await never.opened;
          },
          { signal: controller.signal },
        );
        const waiting = database.transaction(
          () => {
            hasRun = true;
          },
          { signal: controller.signal },
        );
        await started.opened;
        controller.abort();
        await expect(running).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
        await expect(waiting).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
        await expect(database.transaction(() => 1, { signal: controller.signal })).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
        expect([await countOf(database), hasRun]).toEqual([0, false]);
      },
      oneConnection,
    ));

  test('a read whose time is up ends, and the next ones go on', () =>
    onFresh(
      open,
      async (database) => {
        const never = gate();
        await expect(database.read(() => never.opened, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
        expect(await countOf(database)).toBe(0);
      },
      { ...oneConnection, readers: 1 },
    ));

  test('a session is of no use after its end', () =>
    onFresh(open, async (database) => {
      const session = await database.transaction((inner) => inner);
      await expect(session.dao(sample).insert(sampleRow(1n))).rejects.toMatchObject({ code: 'ERR_DAO_SESSION' });
      const reading = await database.read((inner) => inner);
      await expect(reading.dao(sample).count()).rejects.toMatchObject({ code: 'ERR_DAO_SESSION' });
    }));

  test('a read cannot write, by no method and by no hand-written statement', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
      const attempts: ((session: Session) => Promise<unknown>)[] = [
        (session) => session.dao(sample).insert(sampleRow(2n)),
        (session) => session.dao(sample).insertMany([]),
        (session) => session.dao(sample).update(1n, { level: 9 }),
        (session) => session.dao(sample).upsert(sampleRow(1n)),
        (session) => session.dao(sample).delete(1n),
        (session) => session.dao(sample).increment(1n, { level: 1 }),
        (session) => session.execute(sql`delete from sample`),
      ];
      for (const attempt of attempts) await expect(database.read(attempt)).rejects.toMatchObject({ code: 'ERR_DAO_READ_ONLY' });
      expect(await countOf(database)).toBe(1);
    }));

  test('a transaction inside of a transaction is refused instead of waiting for itself', () =>
    onFresh(open, async (database) => {
      await expect(database.transaction(() => database.transaction(() => 1))).rejects.toMatchObject({ code: 'ERR_DAO_NESTED' });
    }));

  test('a full queue refuses at once', () =>
    onFresh(
      open,
      async (database) => {
        const [started, mayEnd] = [gate(), gate()];
        const running = database.transaction(() => {
          started.open();
          return mayEnd.opened;
        });
        await started.opened;
        const waiting = [1, 2].map((value) => database.transaction(() => value));
        await expect(database.transaction(() => 3)).rejects.toMatchObject({ code: 'ERR_DAO_OVERLOADED' });
        mayEnd.open();
        await running;
        expect(await Promise.all(waiting)).toEqual([1, 2]);
      },
      { ...oneConnection, maxQueue: 2 },
    ));

  test('close waits for what runs, then refuses', () =>
    onFresh(open, async (database) => {
      const running = Promise.all([database.transaction((session) => session.dao(sample).insert(sampleRow(1n))), countOf(database)]);
      const closing = database.close();
      await expect(database.read(() => 1)).rejects.toMatchObject({ code: 'ERR_DAO_CLOSED' });
      await expect(database.transaction(() => 1)).rejects.toMatchObject({ code: 'ERR_DAO_CLOSED' });
      await expect(running).resolves.toMatchObject([{ id: 1n }, expect.any(Number)]);
      await closing;
      await database.close();
    }));

  test('ping answers', () => onFresh(open, (database) => database.ping()));
}
