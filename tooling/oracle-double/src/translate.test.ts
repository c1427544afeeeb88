import { describe, expect, test } from 'vitest';
import { translate } from './translate.ts';

const sqlOf = (sql: string): string => {
  const plan = translate(sql);
  return plan.kind === 'statement' ? plan.sql : plan.kind;
};

const selectIn = (item: string, count: number): string => `SELECT 1 FROM "T" WHERE "A" IN (${Array.from({ length: count }, () => item).join(', ')})`;

describe('statements of Oracle become statements of H2', () => {
  test.each([
    ['a bind by number', 'SELECT "A" FROM "T" WHERE "A" = :1', 'SELECT "A" FROM "T" WHERE "A" = ?'],
    ['a bind by name', 'SELECT "A" FROM "T" WHERE "A" = :id_1 AND "B"=:"x y"', 'SELECT "A" FROM "T" WHERE "A" = ? AND "B"=?'],
    ['what looks like a bind', `SELECT ':1', ":2" /* :3 */ FROM "T" -- :4`, `SELECT ':1', ":2" /* :3 */ FROM "T" -- :4`],
    ['a string with a quote', `SELECT q'[it's :1]' FROM DUAL`, `SELECT 'it''s :1' FROM DUAL`],
    [
      'an INSERT that returns',
      'INSERT INTO "T" ("A") VALUES (:1) RETURNING "A", "B" INTO :2, :3',
      'SELECT  "A", "B"  FROM FINAL TABLE (INSERT INTO "T" ("A") VALUES (?) )',
    ],
    ['a DELETE that returns', 'delete from "T" where "A" = :1 returning "A" into :2', 'SELECT  "A"  FROM OLD TABLE (delete from "T" where "A" = ? )'],
    ['a lock with a limit', 'SELECT "A" FROM "T" WHERE "A" = :1 FOR UPDATE WAIT 3', 'SELECT "A" FROM "T" WHERE "A" = ? FOR UPDATE'],
    ['a savepoint', 'ROLLBACK TO "s"', 'ROLLBACK TO SAVEPOINT "s"'],
    ['the zone of a session', `alter session set TIME_ZONE = '+00:00' NLS_SORT = BINARY`, `SET TIME ZONE '+00:00'`],
    ['other settings of a session', `ALTER SESSION SET NLS_SORT = BINARY`, 'ignore'],
    ['clauses of storage', 'CREATE TABLE "T" ("A" VARCHAR2(5 BYTE)) ORGANIZATION INDEX TABLESPACE "X"', 'CREATE TABLE "T" ("A" VARCHAR2(5 ))  '],
  ])('%s', (_name, oracle, h2) => {
    expect(sqlOf(oracle)).toBe(h2);
  });

  test('how long to wait for locks is taken from the clause', () => {
    const waits = ['', ' NOWAIT', ' WAIT 3'].map((clause) => translate(`SELECT "A" FROM "T" FOR UPDATE${clause}`));
    expect(waits).toMatchObject([{ lockWaitMs: undefined }, { lockWaitMs: 0 }, { lockWaitMs: 3000 }]);
  });
});

describe('what Oracle refuses and H2 would accept', () => {
  test.each([
    [923, 'SELECT 1'],
    [923, 'SELECT "A" FROM "T" WHERE "A" = (SELECT 1)'],
    [923, 'SELECT 1 UNION SELECT 2 FROM DUAL'],
    [933, 'SELECT "A" FROM "T" AS x'],
    [933, 'SELECT "A" FROM "T" x JOIN "U" AS y ON x."A" = y."A"'],
    [933, 'UPDATE "T" AS x SET "A" = 1'],
    [933, 'INSERT INTO "T" ("A") VALUES (1), (2)'],
    [933, 'SELECT "A" FROM "T" LIMIT 1'],
    [933, 'DELETE FROM "T" FETCH FIRST 1 ROWS ONLY'],
    [933, 'CREATE TABLE IF NOT EXISTS "T" ("A" NUMBER)'],
    [904, 'SELECT "A" FROM "T" WHERE TRUE'],
    [904, 'UPDATE "T" SET "A" = FALSE'],
    [911, 'SELECT "A" FROM "T";'],
    [920, `SELECT "A" FROM "T" WHERE "A" ILIKE 'a'`],
    [972, `SELECT "${'Ä'.repeat(65)}" FROM "T"`],
    [1796, 'SELECT "A" FROM "T" WHERE ("A", "B") > (:1, :2)'],
    [2014, 'SELECT "A" FROM "T" FETCH FIRST 1 ROWS ONLY FOR UPDATE'],
    [2014, 'SELECT DISTINCT "A" FROM "T" FOR UPDATE'],
    [902, 'CREATE TABLE "T" ("A" BIGINT)'],
    [910, 'CREATE TABLE "T" ("A" VARCHAR2(4001 CHAR))'],
    [38104, 'MERGE INTO "T" t USING (SELECT 1 "A" FROM DUAL) s ON (t."A" = s."A") WHEN MATCHED THEN UPDATE SET t."A" = s."A"'],
    [933, 'MERGE INTO "T" t USING "U" s ON (t."A" = s."A") WHEN MATCHED THEN UPDATE SET t."B" = 1 RETURNING "A" INTO :1'],
    [20999, 'BEGIN NULL; END'],
    [20999, 'SELECT "A" FROM "T" FOR UPDATE SKIP LOCKED'],
  ])('ORA-%i: %s', (errorNum, sql) => {
    expect(() => translate(sql)).toThrow(expect.objectContaining({ errorNum }));
  });

  test.each([
    `SELECT ' LIMIT 1; TRUE', "AS", "LIMIT" FROM "TRUE" -- AS x;`,
    'SELECT "A" AS "B", CAST("A" AS NUMBER(5)) FROM (SELECT 1 AS "A" FROM DUAL) x WHERE EXISTS (SELECT 1 FROM DUAL)',
    'SELECT EXTRACT(YEAR FROM "A") FROM "T"',
    'SELECT "A" FROM "T" WHERE (COALESCE("A", 1)) > NVL("B", 2) AND ("A" > :1 OR ("A" = :2 AND "B" > :3))',
    'SELECT "A" FROM "T" WHERE ("A", "B") IN ((:1, :2), (:3, :4)) FETCH FIRST 5 ROWS ONLY',
    'SELECT "A" FROM "T" ORDER BY "A" FOR UPDATE',
    'INSERT INTO "T" ("A", "B") VALUES (:1, :2) RETURNING "A", "B" INTO :3, :4',
    'MERGE INTO "T" t USING (SELECT 1 "A" FROM DUAL) s ON (t."A" = s."A") WHEN MATCHED THEN UPDATE SET t."B" = s."A" WHEN NOT MATCHED THEN INSERT ("A") VALUES (s."A")',
    'CREATE TABLE "T" ("TEXT" VARCHAR2(4000 CHAR) DEFAULT \'TRUE\' NOT NULL)',
  ])('is not seen in what Oracle takes: %s', (sql) => {
    expect(() => translate(sql)).not.toThrow();
  });

  test('ORA-1795: lists of more than 1000, unless they are lists of lists', () => {
    expect(() => translate(selectIn(':1', 1001))).toThrow(expect.objectContaining({ errorNum: 1795 }));
    expect(() => translate(selectIn(':1', 1000))).not.toThrow();
    expect(() => translate(selectIn('(:1, :2)', 1001))).not.toThrow();
  });
});
