import { type Database, defineEntity, id, int, openDatabase } from '@midgard/dao';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queryCache } from './query-cache.ts';

const score = defineEntity('score', { columns: { id: id(), points: int() }, key: ['id'] });
const other = defineEntity('other', { columns: { id: id() }, key: ['id'] });

let database: Database;
let selects: number;
beforeEach(async () => {
  selects = 0;
  const listener = { statement: ({ kind }: { readonly kind: string }) => void (selects += Number(kind === 'find')) };
  database = await openDatabase('sqlite::memory:', { cursorSecret: Buffer.alloc(32), queryCache: queryCache(100), listener });
  await database.migrate([score, other]);
  await write(1n, 5);
});
afterEach(() => database.close());

const write = (key: bigint, points: number): Promise<unknown> => database.transaction((session) => session.dao(score).insert({ id: key, points }));
const best = (maxAgeMs?: number): Promise<readonly object[]> =>
  database.read((session) => session.dao(score).find({ where: {}, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) }));

test('a query that takes an older answer is asked once, until something of its entity is written', async () => {
  await best(60_000);
  selects = 0;
  expect(await best(60_000)).toHaveLength(1);
  await database.transaction((session) => session.dao(other).insert({ id: 1n }));
  expect(await best(60_000)).toHaveLength(1);
  expect(selects).toBe(0);
  await write(2n, 7);
  expect(await best(60_000)).toHaveLength(2);
  expect(selects).toBe(1);
});

test('who takes no older answer gets none, and neither does who takes only a younger one', async () => {
  await best(60_000);
  selects = 0;
  await best();
  await best(1000);
  expect(selects).toBe(2);
});
