import { expectTypeOf, test } from 'vitest';
import type { Dao } from './dao.ts';
import type { KeyOf, NewRow, Patch, Row } from './entity.ts';
import { bool, id, text, version } from './column.ts';
import { defineEntity } from './entity.ts';
import type { contact } from './testing/encrypted-sample.ts';
import type { holding, sample } from './testing/sample.ts';

type Sample = typeof sample;
type Holding = typeof holding;

test('rows, new rows, patches and keys have the types of their columns', () => {
  expectTypeOf<Row<Holding>>().toEqualTypeOf<{
    readonly bag: bigint;
    readonly slot: string;
    readonly owner: bigint;
    readonly quantity: bigint;
    readonly version: number;
  }>();
  expectTypeOf<NewRow<Sample>['note']>().toEqualTypeOf<string | null | undefined>();
  expectTypeOf<NewRow<Sample>>().not.toHaveProperty('version');
  expectTypeOf<Patch<Holding>>().toEqualTypeOf<{ readonly owner?: bigint; readonly quantity?: bigint }>();
  expectTypeOf<KeyOf<Holding>>().toEqualTypeOf<{ readonly bag: bigint; readonly slot: string }>();
  expectTypeOf<KeyOf<Sample>>().toEqualTypeOf<{ readonly id: bigint } | bigint>();
});

/** Compiled, never run. */
async function queries(samples: Dao<Sample>): Promise<void> {
  await samples.find({ where: { level: { gte: 1 }, name: { startsWith: 'a' }, rank: null }, orderBy: ['level', 'rank'] });
  await samples.page({ orderBy: 'createdAt' });
  await samples.increment(1n, { balance: 1n, level: 1 });
  // @ts-expect-error a document cannot be compared
  await samples.find({ where: { data: 1 } });
  // @ts-expect-error a number has no prefix
  await samples.find({ where: { level: { startsWith: '1' } } });
  // @ts-expect-error there is no such operator
  await samples.find({ where: { level: { like: 1 } } });
  // @ts-expect-error a page cannot be sorted by a nullable column
  await samples.page({ orderBy: 'rank' });
  // @ts-expect-error the library writes the version
  await samples.update(1n, { version: 1 });
  // @ts-expect-error a key does not change
  await samples.update(1n, { id: 1n });
  // @ts-expect-error only integers can be counted
  await samples.increment(1n, { name: 'a' });
}

test('queries name only columns that can be compared, sorted by and counted', () => {
  expectTypeOf(queries).toBeFunction();
});

/** Compiled, never run. */
async function secretQueries(contacts: Dao<typeof contact>): Promise<void> {
  await contacts.find({ where: { email: { in: ['a'] }, phone: { ne: null }, area: { startsWith: 'n' } }, orderBy: 'area' });
  // @ts-expect-error what is encrypted cannot be compared
  await contacts.find({ where: { note: 'a' } });
  // @ts-expect-error what is searchable is compared by equality alone
  await contacts.find({ where: { email: { startsWith: 'a' } } });
  // @ts-expect-error what is encrypted has no order
  await contacts.find({ orderBy: 'email' });
  // @ts-expect-error what is encrypted has no order
  await contacts.page({ orderBy: 'age' });
  // @ts-expect-error what is encrypted cannot be counted in
  await contacts.increment(1n, { balance: 1n });
}

/** Compiled, never run. */
function secretDefinitions(): void {
  const columns = { id: id(), name: text(8), secret: text(8).encrypted(), known: text(8).encrypted({ searchable: true }) };
  defineEntity('a', { columns, key: ['id'], indexes: [{ on: ['known', 'name'], unique: true }] });
  // @ts-expect-error what is encrypted names no row
  defineEntity('a', { columns, key: ['known'] });
  // @ts-expect-error what is encrypted names nothing that is cached
  defineEntity('a', { columns, key: ['id'], cacheBy: 'known' });
  // @ts-expect-error what is encrypted chooses no shard
  defineEntity('a', { columns, key: ['id'], shardBy: 'known' });
  // @ts-expect-error only what is searchable can be indexed
  defineEntity('a', { columns, key: ['id'], indexes: [{ on: ['secret'] }] });
  // @ts-expect-error an id names its row
  id().encrypted();
  // @ts-expect-error the library itself counts the version
  version().encrypted();
  // @ts-expect-error a bool has two values: its hash would tell which
  bool().encrypted({ searchable: true });
}

test('encrypted columns are left out of keys, indexes, orders and comparisons, searchable ones but for equality', () => {
  expectTypeOf(secretQueries).toBeFunction();
  expectTypeOf(secretDefinitions).toBeFunction();
  expectTypeOf<Row<typeof contact>['phone']>().toEqualTypeOf<bigint | null>();
  expectTypeOf<NewRow<typeof contact>['note']>().toEqualTypeOf<string | null | undefined>();
});
