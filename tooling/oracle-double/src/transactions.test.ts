import type Oracle from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOracleDouble, type OracleDouble } from './start.ts';
import { connect, missing } from './testing/connect.ts';

const set = (connection: Oracle.Connection, id: number, a: number) => connection.execute('UPDATE "T" SET "A" = :1 WHERE "ID" = :2', [a, id]);
const all = async (connection: Oracle.Connection) => (await connection.execute('SELECT "A" FROM "T" ORDER BY "ID"')).rows?.flat();

describe.skipIf(missing !== '')(`transactions on the double${missing}`, () => {
  let double: OracleDouble;
  beforeAll(async () => {
    double = await startOracleDouble();
  });
  afterAll(() => double?.stop());

  /** Two sessions of a database with two rows. */
  async function pair(): Promise<[Oracle.Connection, Oracle.Connection]> {
    const url = double.freshSchema();
    const first = await connect(url);
    await first.execute('CREATE TABLE "T" ("ID" NUMBER(19) NOT NULL, "A" NUMBER(5), CONSTRAINT "T_PK" PRIMARY KEY ("ID"))');
    await first.executeMany(
      'INSERT INTO "T" VALUES (:1, :2)',
      [
        [1, 10],
        [2, 20],
      ],
      { autoCommit: true },
    );
    return [first, await connect(url)];
  }

  test('others see what is committed, and a statement that fails undoes itself alone', async () => {
    const [first, second] = await pair();
    await set(first, 1, 11);
    await expect(first.execute('INSERT INTO "T" SELECT "ID" + 1, 0 FROM "T"')).rejects.toMatchObject({ errorNum: 1 });
    expect(await all(second)).toEqual([10, 20]);
    await first.commit();
    expect(await all(second)).toEqual([11, 20]);
    await set(first, 1, 12);
    await first.rollback();
    expect(await all(first)).toEqual([11, 20]);
  });

  test('a READ ONLY transaction sees the moment of its beginning, refuses writes, and ends with the next commit', async () => {
    const [first, second] = await pair();
    await first.execute('SET TRANSACTION READ ONLY');
    await second.execute('UPDATE "T" SET "A" = 0', [], { autoCommit: true });
    expect(await all(first)).toEqual([10, 20]);
    await expect(set(first, 1, 1)).rejects.toMatchObject({ errorNum: 1456 });
    await expect(first.execute('SELECT "A" FROM "T" FOR UPDATE')).rejects.toMatchObject({ errorNum: 1456 });
    await expect(first.execute('SET TRANSACTION READ ONLY')).rejects.toMatchObject({ errorNum: 1453 });
    await first.commit();
    expect(await all(first)).toEqual([0, 0]);
    expect(await set(first, 1, 1)).toMatchObject({ rowsAffected: 1 });
  });

  test('a serializable transaction may not change what changed since its beginning; the next one may', async () => {
    const [first, second] = await pair();
    await first.execute('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
    await second.execute('UPDATE "T" SET "A" = 0', [], { autoCommit: true });
    await expect(set(first, 1, 1)).rejects.toMatchObject({ errorNum: 8177 });
    await first.rollback();
    expect(await set(first, 1, 1)).toMatchObject({ rowsAffected: 1 });
  });

  test.each([
    ['a rollback', 'ROLLBACK'],
    ['DDL', 'CREATE TABLE "U" ("A" NUMBER)'],
  ])('behind %s each statement sees what was committed before it', async (_name, end) => {
    const [first, second] = await pair();
    await first.execute('SET TRANSACTION READ ONLY');
    await first.execute(end);
    await set(first, 1, 11);
    await second.execute('UPDATE "T" SET "A" = 0 WHERE "ID" = 2', [], { autoCommit: true });
    expect(await all(first)).toEqual([11, 0]);
  });

  test('savepoints take back what follows them', async () => {
    const [first] = await pair();
    await set(first, 1, 11);
    await first.execute('SAVEPOINT "s"');
    await set(first, 2, 22);
    await first.execute('ROLLBACK TO SAVEPOINT "s"');
    expect(await all(first)).toEqual([11, 20]);
    await expect(first.execute('ROLLBACK TO SAVEPOINT "t"')).rejects.toMatchObject({ errorNum: 1086 });
  });

  test('DDL commits what was before it, also when it fails', async () => {
    const [first] = await pair();
    await set(first, 1, 11);
    await expect(first.execute('CREATE TABLE "T" ("A" NUMBER)')).rejects.toMatchObject({ errorNum: 955 });
    await first.rollback();
    expect(await all(first)).toEqual([11, 20]);
  });

  test('a row that another changes is waited for until the end of its transaction', async () => {
    const [first, second] = await pair();
    await set(first, 1, 11);
    const waiting = second.execute('UPDATE "T" SET "A" = "A" + 1 WHERE "ID" = 1');
    await first.commit();
    expect(await waiting).toMatchObject({ rowsAffected: 1 });
    expect(await all(second)).toEqual([12, 20]);
  });

  test.each([
    ['SELECT "A" FROM "T" WHERE "ID" = 1 FOR UPDATE NOWAIT', 54],
    ['SELECT "A" FROM "T" WHERE "ID" = 1 FOR UPDATE WAIT 1', 30006],
    ['LOCK TABLE "T" IN EXCLUSIVE MODE NOWAIT', 54],
  ])('%s does not wait longer than it says', async (sql, errorNum) => {
    const [first, second] = await pair();
    await set(first, 1, 11);
    await expect(second.execute(sql)).rejects.toMatchObject({ errorNum });
    await first.rollback();
    await second.execute(sql);
  });

  test('of two that lock a table the second waits, even for an empty one', async () => {
    const [first, second] = await pair();
    await first.execute('DELETE FROM "T"', [], { autoCommit: true });
    await first.execute('LOCK TABLE "T" IN EXCLUSIVE MODE');
    await expect(second.execute('LOCK TABLE "T" IN EXCLUSIVE MODE NOWAIT')).rejects.toMatchObject({ errorNum: 54 });
    await first.commit();
    await second.execute('LOCK TABLE "T" IN EXCLUSIVE MODE NOWAIT');
  });

  test('one of two that wait for each other gets the deadlock, and goes on only behind a rollback', async () => {
    const sessions = await pair();
    const [first, second] = sessions;
    await set(first, 1, 0);
    await set(second, 2, 0);
    const crossing = sessions.map(async (session, i) => {
      try {
        await set(session, 2 - i, 0);
        await session.commit();
        return 'done';
      } catch (error) {
        expect(error).toMatchObject({ errorNum: 60 });
        await expect(all(session)).rejects.toMatchObject({ errorNum: 20999 });
        await expect(session.commit()).rejects.toMatchObject({ errorNum: 20999 });
        await session.rollback();
        return 'deadlock';
      }
    });
    expect((await Promise.all(crossing)).sort()).toEqual(['deadlock', 'done']);
    expect(await all(first)).toEqual([0, 0]);
  });
});
