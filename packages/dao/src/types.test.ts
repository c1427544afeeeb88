import { expectTypeOf, test } from 'vitest';
import type { Dao } from './dao.ts';
import type { KeyOf, NewRow, Patch, Row } from './entity.ts';
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
