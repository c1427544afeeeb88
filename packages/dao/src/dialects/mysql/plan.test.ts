import { mysqlForTests } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../database.ts';
import type { Selection } from '../dialect.ts';
import { id, text } from '../../column.ts';
import { type Entity, defineEntity } from '../../entity.ts';
import { type BoundStatement, statementsIn } from '../../statements/entity-statements.ts';
import { holding, sample, sampleRow } from '../../testing/sample.ts';
import type { MysqlCell } from './codec.ts';
import { MysqlConnection } from './connection.ts';
import { flavor } from './drizzle.ts';
import { parseTarget } from './target.ts';

const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
/** A text that an index holds whole. */
const named = defineEntity('named', { columns: { id: id(), name: text(64) }, key: ['id'], indexes: [{ on: ['name'] }] });
const entities: readonly Entity[] = [sample, holding, named];
const statementsOf = statementsIn(flavor);
const rows = 6000;
const perLevel = 100;
const limit = 50;
let url = '';

const connect = (): Promise<MysqlConnection> => MysqlConnection.open(parseTarget(url, false), AbortSignal.timeout(10_000));

beforeAll(async () => {
  if (!('url' in mysql)) return;
  url = await mysql.freshDatabase();
  await using database = await openDatabase(url, { timeoutMs: 60_000 });
  await database.migrate(entities);
  const all = Array.from({ length: rows }, (_, at) => at);
  await database.transaction(async (session) => {
    await session.dao(sample).insertMany(all.map((at) => sampleRow(BigInt(at), { level: Math.floor(at / perLevel) })));
    await session.dao(named).insertMany(all.map((at) => ({ id: BigInt(at), name: `name ${at}` })));
    await session.dao(holding).insertMany(all.map((at) => ({ bag: BigInt(at >> 2), slot: `slot ${at & 3}`, owner: 1n, quantity: 1n })));
  });
  // After many rows at once the server's statistics are behind for some seconds, and its plans with them.
  const connection = await connect();
  for (const { name } of entities) await connection.records(`analyze table \`${name}\``, []);
  await connection.close();
}, 60_000);
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

/** What the server does for a statement: its plan, and how often it asked the storage engine for a row or for the place of one. */
async function workFor({ text, values }: BoundStatement<MysqlCell>) {
  const connection = await connect();
  onTestFinished(() => connection.destroy());
  const reads = async (): Promise<number> => {
    const counters = await connection.records("show session status like 'Handler_read%'", []);
    return counters.reduce((sum, { value }) => sum + Number(value), 0);
  };
  const [plan, ...others] = await connection.records(`explain ${text}`, values);
  const before = await reads();
  const result = await connection.run(text, values);
  return {
    type: plan?.['type'],
    key: plan?.['key'],
    extra: String(plan?.['extra']),
    others: others.length,
    found: result.rows.length,
    read: (await reads()) - before,
  };
}

const page = (entity: Entity, selection: Partial<Selection>): BoundStatement<MysqlCell> =>
  statementsOf(entity).select({ where: [], orderBy: ['id'], descending: false, after: null, limit: limit + 1, ...selection });

describe.skipIf(missing !== '')(`the work of MySQL and MariaDB for a statement${missing}`, { timeout: 30_000 }, () => {
  describe.each([false, true])('a page (descending: %s)', (descending) => {
    const deep = descending ? 100 : rows - 100;
    test.each<readonly [by: string, entity: Entity, selection: Partial<Selection>, key: RegExp]>([
      ['its key', sample, { orderBy: ['id'], after: [BigInt(deep)] }, /^PRIMARY$/],
      ['an index', sample, { orderBy: ['level', 'id'], after: [Math.floor(deep / perLevel), BigInt(deep)] }, /^ix_sample_/],
      ['a key of two columns', holding, { orderBy: ['bag', 'slot'], after: [BigInt(deep >> 2), 'slot 1'] }, /^PRIMARY$/],
    ])('far behind by %s goes to its place and reads its rows alone', async (_by, entity, selection, key) => {
      const work = await workFor(page(entity, { ...selection, descending }));
      expect(work).toMatchObject({
        type: 'range',
        key: expect.stringMatching(key),
        extra: expect.not.stringContaining('filesort'),
        others: 0,
        found: limit + 1,
      });
      // One read for each row, and a step or two to find the place.
      expect(work.read).toBeLessThanOrEqual(limit + 4);
    });
  });

  test('the first page by an index reads its rows alone', async () => {
    const work = await workFor(page(sample, { orderBy: ['level', 'id'] }));
    expect(work.found).toBe(limit + 1);
    expect(work.read).toBeLessThanOrEqual(limit + 4);
  });

  test('a find by an index reads what it finds', async () => {
    const work = await workFor(page(sample, { where: [{ column: 'level', operator: 'eq', values: [7] }], limit: 10_001 }));
    expect(work).toMatchObject({ type: 'ref', key: expect.stringMatching(/^ix_sample_/), extra: expect.not.stringContaining('filesort'), found: perLevel });
    expect(work.read).toBeLessThanOrEqual(perLevel + 4);
  });

  test('a find by a prefix of an indexed text reads what it finds', async () => {
    const where = [
      { column: 'name', operator: 'gte', values: ['name 123'] },
      { column: 'name', operator: 'lt', values: ['name 124'] },
    ] as const;
    const work = await workFor(page(named, { where, limit: 10_001 }));
    expect(work).toMatchObject({ type: 'range', found: 11 });
    expect(work.read).toBeLessThanOrEqual(4 * 11);
  });

  test('a get reads one row', async () => {
    expect(await workFor(statementsOf(sample).get([77n]))).toMatchObject({ type: 'const', key: 'PRIMARY', found: 1, read: 1 });
  });

  test.each<readonly [entity: Entity, keyOf: (at: number) => readonly unknown[]]>([
    [sample, (at) => [BigInt(at * 50)]],
    [holding, (at) => [BigInt(at * 10), 'slot 2']],
  ])('getMany of $name looks each key up, and reads nothing else', async (entity, keyOf) => {
    const work = await workFor(statementsOf(entity).getMany(Array.from({ length: 100 }, (_, at) => keyOf(at))));
    expect(work).toMatchObject({ type: 'range', key: 'PRIMARY', found: 100 });
    expect(work.read).toBeLessThanOrEqual(104);
  });
});
