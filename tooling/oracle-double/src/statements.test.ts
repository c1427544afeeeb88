import type Oracle from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import driver from './driver.ts';
import { startOracleDouble, type OracleDouble } from './start.ts';
import { connect, missing } from './testing/connect.ts';

const out = (type: Oracle.DbType) => ({ dir: driver.BIND_OUT, type });

describe.skipIf(missing !== '')(`statements on the double${missing}`, () => {
  let double: OracleDouble;
  beforeAll(async () => {
    double = await startOracleDouble();
  });
  afterAll(() => double?.stop());

  async function table(columns: string): Promise<Oracle.Connection> {
    const connection = await connect(double.freshSchema());
    await connection.execute(`CREATE TABLE "T" ("ID" NUMBER(19) NOT NULL, ${columns}, CONSTRAINT "T_PK" PRIMARY KEY ("ID"))`);
    return connection;
  }

  test('a number is a JavaScript number, rounded as the driver does, and exact when it is fetched as text', async () => {
    await using connection = await table('"B" NUMBER(10,2)');
    await connection.execute('INSERT INTO "T" VALUES (:1, :2)', [9007199254740993n, 1.1]);
    expect((await connection.execute('SELECT "ID", "B" FROM "T"')).rows).toEqual([[9007199254740992, 1.1]]);
    const exact = await connection.execute('SELECT "ID", "B" FROM "T"', [], { fetchTypeHandler: () => ({ type: driver.STRING }) });
    expect(exact.rows).toEqual([['9007199254740993', '1.1']]);
    const converted = await connection.execute('SELECT "ID" FROM "T"', [], {
      fetchTypeHandler: () => ({ type: driver.STRING, converter: (value: unknown) => BigInt(String(value)) }),
    });
    expect(converted.rows).toEqual([[9007199254740993n]]);
  });

  test('an empty text is null, bound or written, and bytes and long texts come back as they were', async () => {
    await using connection = await table('"S" VARCHAR2(50 CHAR), "C" CLOB, "R" RAW(16), "L" BLOB');
    await connection.execute(`INSERT INTO "T" VALUES (1, :1, :2, :3, :4)`, ['', 'ö'.repeat(70_000), Buffer.from([0, 255]), Buffer.alloc(100_000, 7)]);
    await connection.execute(`INSERT INTO "T" ("ID", "S") VALUES (2, '\u0000')`);
    expect((await connection.execute(`SELECT "ID", "S" FROM "T" WHERE "S" IS NULL`)).rows).toEqual([[1, null]]);
    expect((await connection.execute(`SELECT "ID" FROM "T" WHERE "S" = :1`, ['\u0000'])).rows).toEqual([[2]]);
    const [row] = (await connection.execute<[Oracle.Lob, Buffer]>('SELECT "C", "R" FROM "T" WHERE "ID" = 1')).rows ?? [];
    expect(await row?.[0].getData()).toBe('ö'.repeat(70_000));
    expect(row?.[1]).toEqual(Buffer.from([0, 255]));
    const whole = await connection.execute<[string, Buffer]>('SELECT "C", "L" FROM "T" WHERE "ID" = 1', [], {
      fetchTypeHandler: ({ dbType }) => ({ type: dbType === driver.DB_TYPE_CLOB ? driver.STRING : driver.BUFFER }),
    });
    expect(whole.rows).toEqual([['ö'.repeat(70_000), Buffer.alloc(100_000, 7)]]);
  });

  test('times keep their milliseconds, and a time with a zone is stored in the zone of the session where the column has none', async () => {
    await using connection = await table('"P" TIMESTAMP(3), "Z" TIMESTAMP(3) WITH TIME ZONE, "U" TIMESTAMP(3), "D" DATE');
    const at = new Date('2026-02-03T04:05:06.789Z');
    await connection.execute(`ALTER SESSION SET TIME_ZONE = '+02:00'`);
    const zoned = { val: at, type: driver.DB_TYPE_TIMESTAMP_TZ };
    await connection.execute('INSERT INTO "T" VALUES (1, :1, :2, :3, :4)', [at, zoned, zoned, { val: at, type: driver.DB_TYPE_DATE }]);
    const { rows } = await connection.execute(`SELECT "P", "Z", TO_CHAR("U", 'YYYY-MM-DD HH24:MI:SS.FF3'), "D" FROM "T"`);
    expect(rows).toEqual([[at, at, '2026-02-03 06:05:06.789', new Date('2026-02-03T04:05:06Z')]]);
  });

  test('metadata tells the type, size and nullability of columns as Oracle does', async () => {
    await using connection = await table('"A" NUMBER(5,2), "N" NUMBER, "S" VARCHAR2(50 CHAR), "C" CLOB, "R" RAW(16), "D" DATE, "P" TIMESTAMP(3)');
    const { metaData } = await connection.execute('SELECT "T".*, COUNT(*) OVER () AS "E" FROM "T"');
    expect(metaData).toMatchObject([
      { name: 'ID', dbType: driver.DB_TYPE_NUMBER, precision: 19, scale: 0, nullable: false },
      { name: 'A', dbTypeName: 'NUMBER', precision: 5, scale: 2, nullable: true },
      { name: 'N', precision: 0, scale: -127 },
      { name: 'S', dbTypeName: 'VARCHAR2', byteSize: 200 },
      { name: 'C', dbTypeName: 'CLOB', fetchType: driver.DB_TYPE_CLOB },
      { name: 'R', dbTypeName: 'RAW', byteSize: 16 },
      { name: 'D', dbTypeName: 'DATE' },
      { name: 'P', dbTypeName: 'TIMESTAMP', precision: 3 },
      { name: 'E', dbTypeName: 'NUMBER', precision: 0, scale: -127 },
    ]);
  });

  test('RETURNING gives an array for each bind, of inserted, updated and deleted rows', async () => {
    await using connection = await table('"A" NUMBER(5) DEFAULT 7');
    const insert = await connection.execute('INSERT INTO "T" ("ID") VALUES (:1) RETURNING "ID", "A" INTO :2, :3', [1, out(driver.STRING), out(driver.NUMBER)]);
    expect(insert).toMatchObject({ rowsAffected: 1, outBinds: [['1'], [7]] });
    await connection.execute('INSERT INTO "T" VALUES (2, 2)');
    const sql = 'UPDATE "T" SET "A" = "A" + 1 WHERE "ID" > :id RETURNING "ID", "A" INTO :newId, :a';
    const update = await connection.execute(sql, { id: 0, newId: out(driver.NUMBER), a: out(driver.NUMBER) });
    expect(update).toMatchObject({ rowsAffected: 2, outBinds: { newId: [1, 2], a: [8, 3] } });
    const remove = await connection.execute('DELETE FROM "T" RETURNING "A" INTO :1', [out(driver.NUMBER)]);
    expect(remove).toMatchObject({ rowsAffected: 2, outBinds: [[8, 3]] });
  });

  test('executeMany counts rows, and goes on behind errors only with batchErrors', async () => {
    await using connection = await table('"A" NUMBER(5)');
    const sql = 'INSERT INTO "T" VALUES (:1, :2)';
    const result = await connection.executeMany(
      sql,
      [
        [1, 1],
        [1, 2],
        [2, 2],
      ],
      { batchErrors: true, dmlRowCounts: true },
    );
    expect(result).toMatchObject({ rowsAffected: 2, dmlRowCounts: [1, 0, 1], batchErrors: [{ offset: 1 }] });
    expect(result.batchErrors?.[0]?.message).toBe('ORA-00001: unique constraint (MIDGARD.T_PK) violated');
    await expect(
      connection.executeMany(sql, [
        [3, 3],
        [3, 4],
        [4, 4],
      ]),
    ).rejects.toMatchObject({ errorNum: 1 });
    expect((await connection.execute('SELECT "ID" FROM "T" ORDER BY 1')).rows).toEqual([[1], [2], [3]]);
    const bindDefs = [{ type: driver.NUMBER }, { dir: driver.BIND_OUT, type: driver.NUMBER }];
    const returning = await connection.executeMany('DELETE FROM "T" WHERE "ID" > :1 RETURNING "ID" INTO :2', [[2], [1]], { bindDefs });
    expect(returning).toMatchObject({ rowsAffected: 2, outBinds: [[[3]], [[2]]] });
  });

  test('results larger than a frame arrive whole, and maxRows cuts them', async () => {
    await using connection = await table('"S" VARCHAR2(100 CHAR)');
    await connection.executeMany(
      'INSERT INTO "T" VALUES (:1, :2)',
      Array.from({ length: 5000 }, (_, i) => [i, 'x'.repeat(100)]),
    );
    expect((await connection.execute('SELECT * FROM "T"')).rows).toHaveLength(5000);
    expect((await connection.execute('SELECT * FROM "T"', [], { maxRows: 10 })).rows).toHaveLength(10);
    const { resultSet } = await connection.execute('SELECT "ID" FROM "T" ORDER BY 1', [], { resultSet: true });
    expect(await resultSet?.getRows(2)).toEqual([[0], [1]]);
    await resultSet?.close();
  });

  test('nulls are greater than everything, and LIKE has no escape character of its own', async () => {
    await using connection = await table('"S" VARCHAR2(9)');
    await connection.executeMany('INSERT INTO "T" VALUES (:1, :2)', [
      [1, null],
      [2, 'a\\b'],
      [3, 'a_b'],
    ]);
    expect((await connection.execute('SELECT "ID" FROM "T" ORDER BY "S"')).rows).toEqual([[2], [3], [1]]);
    expect((await connection.execute(`SELECT "ID" FROM "T" WHERE "S" LIKE 'a\\b'`)).rows).toEqual([[2]]);
    expect((await connection.execute(`SELECT "ID" FROM "T" WHERE "S" LIKE 'a\\_b' ESCAPE '\\'`)).rows).toEqual([[3]]);
  });

  test.each([
    ['INSERT INTO "T" ("ID", "S") VALUES (1, :1)', ['x'], 1, 'unique constraint (MIDGARD.T_PK) violated'],
    ['INSERT INTO "T" ("ID", "S") VALUES (2, :1)', ['taken'], 1, 'unique constraint (MIDGARD.T_S_UX) violated'],
    ['INSERT INTO "T" ("S") VALUES (:1)', ['x'], 1400, 'cannot insert NULL into ("MIDGARD"."T"."ID")'],
    ['UPDATE "T" SET "ID" = :1', [null], 1407, 'cannot update ("MIDGARD"."T"."ID") to NULL'],
    ['UPDATE "T" SET "S" = :1', ['1234567'], 12899, 'value too large for column "MIDGARD"."T"."S" (actual: 7, maximum: 6)'],
    ['UPDATE "T" SET "A" = :1', [1000], 1438, 'value larger than specified precision allowed for this column'],
    ['UPDATE "T" SET "A" = :1', [-1], 2290, 'check constraint (MIDGARD.T_CK) violated'],
    ['UPDATE "T" SET "A" = :1', ['x'], 1722, 'invalid number'],
    ['SELECT "S" FROM "NOPE" WHERE 1 = :1', [1], 942, 'table or view does not exist'],
    ['SELECT "NOPE" FROM "T" WHERE 1 = :1', [1], 904, '"NOPE": invalid identifier'],
    ['SELEC "S" FROM "T" WHERE 1 = :1', [1], 900, 'invalid SQL statement'],
  ])('%s fails as on Oracle', async (sql, binds, errorNum, message) => {
    await using connection = await table('"S" VARCHAR2(6 CHAR), "A" NUMBER(3), CONSTRAINT "T_CK" CHECK ("A" >= 0)');
    await connection.execute('CREATE UNIQUE INDEX "T_S_UX" ON "T" ("S")');
    await connection.execute(`INSERT INTO "T" VALUES (1, 'taken', 1)`);
    const code = `ORA-${String(errorNum).padStart(5, '0')}`;
    const failure: Error = await connection.execute(sql, binds).then(
      () => new Error('it did not fail'),
      (error) => error,
    );
    expect(failure).toMatchObject({ errorNum, code, isRecoverable: false, offset: expect.any(Number) });
    expect(failure.message.split('\n')[0]).toBe(`${code}: ${message}`);
  });

  test('binds that do not match the placeholders are refused by the driver', async () => {
    await using connection = await table('"A" NUMBER(5)');
    await expect(connection.execute('SELECT "A" FROM "T" WHERE "A" = :1', [])).rejects.toMatchObject({ code: 'NJS-098' });
    await expect(connection.execute('SELECT "A" FROM "T" WHERE "A" = :a', { b: 1 })).rejects.toMatchObject({ code: 'NJS-097' });
    await expect(connection.execute('SELECT "A" FROM "T" WHERE "A" = :1', [true])).rejects.toMatchObject({ errorNum: 3115 });
  });

  test('the dictionary shows tables, columns, constraints and indexes under the names of their definition', async () => {
    await using connection = await table('"S" VARCHAR2(6 CHAR) NOT NULL, "A" NUMBER(5,2), "C" CLOB, "P" TIMESTAMP(3), CONSTRAINT "T_S_UK" UNIQUE ("S")');
    await connection.execute('CREATE INDEX "T_A_IX" ON "T" ("A", "S")');
    const rows = async (sql: string) => (await connection.execute(sql)).rows;
    expect(await rows('SELECT TABLE_NAME FROM USER_TABLES')).toEqual([['T']]);
    const columns = 'COLUMN_NAME, DATA_TYPE, NULLABLE, CHAR_LENGTH, DATA_PRECISION, DATA_SCALE';
    expect(await rows(`SELECT ${columns} FROM USER_TAB_COLUMNS WHERE TABLE_NAME = 'T' ORDER BY COLUMN_ID`)).toEqual([
      ['ID', 'NUMBER', 'N', 0, 19, 0],
      ['S', 'VARCHAR2', 'N', 6, null, null],
      ['A', 'NUMBER', 'Y', 0, 5, 2],
      ['C', 'CLOB', 'Y', 0, null, null],
      ['P', 'TIMESTAMP(3)', 'Y', 0, null, 3],
    ]);
    const expected = [
      ['T_A_IX', 'NONUNIQUE'],
      ['T_PK', 'UNIQUE'],
      ['T_S_UK', 'UNIQUE'],
    ];
    expect(await rows('SELECT INDEX_NAME, UNIQUENESS FROM USER_INDEXES ORDER BY 1')).toEqual(expected);
    expect(await rows(`SELECT COLUMN_NAME FROM USER_IND_COLUMNS WHERE INDEX_NAME = 'T_A_IX' ORDER BY COLUMN_POSITION`)).toEqual([['A'], ['S']]);
    expect(await rows('SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE FROM USER_CONSTRAINTS ORDER BY 1')).toEqual([
      ['T_PK', 'P'],
      ['T_S_UK', 'U'],
    ]);
    expect(await rows(`SELECT COLUMN_NAME FROM USER_CONS_COLUMNS WHERE CONSTRAINT_NAME = 'T_S_UK'`)).toEqual([['S']]);
  });
});
