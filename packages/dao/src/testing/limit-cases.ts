import { expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { bytes, decimal, id, json, text } from '../column.ts';
import { type NewRow, defineEntity } from '../entity.ts';
import type { Session } from '../database.ts';
import { type OpenForTest, holding, onFresh, reserved, sample, sampleRow } from './sample.ts';

const greatest = 2n ** 63n - 1n;

/** What needs more room than a row of {@link sample}: documents and pictures, and decimals with all their digits on one side. */
const archive = defineEntity('archive', {
  columns: {
    id: id(),
    document: json(),
    picture: bytes(2_000_000),
    whole: decimal(18, 0),
    fraction: decimal(18, 18),
    digit: decimal(1, 1),
    label: text(1).nullable(),
  },
  key: ['id'],
  indexes: [{ on: ['label', 'whole'] }],
});

function archived(rowId: bigint, changes: Partial<NewRow<typeof archive>> = {}): NewRow<typeof archive> {
  return { id: rowId, document: {}, picture: new Uint8Array(), whole: '0', fraction: '0', digit: '0', ...changes };
}

/** Every method with the greatest id; each gives the ids that it finds or changes. */
const byId: readonly (readonly [method: string, run: (session: Session) => Promise<readonly bigint[]>])[] = [
  ['get', async (session) => [(await session.dao(sample).get(greatest))?.id ?? 0n]],
  ['get for update', async (session) => [(await session.dao(sample).get(greatest, { forUpdate: true }))?.id ?? 0n]],
  ['getMany', async (session) => (await session.dao(sample).getMany([greatest, 1n])).map((row) => row.id)],
  ['find by in', async (session) => (await session.dao(sample).find({ where: { id: { in: [greatest, 2n] } } })).map((row) => row.id)],
  ['find by gte', async (session) => (await session.dao(sample).find({ where: { id: { gte: greatest } } })).map((row) => row.id)],
  ['find by gt', async (session) => (await session.dao(sample).find({ where: { id: { gt: greatest - 1n } } })).map((row) => row.id)],
  ['update', async (session) => [(await session.dao(sample).update(greatest, { level: 2 }, { expectedVersion: 1 })).id]],
  ['increment', async (session) => [(await session.dao(sample).increment(greatest, { balance: 1n })).id]],
  ['upsert', async (session) => [(await session.dao(sample).upsert(sampleRow(greatest, { level: 3 }))).id]],
  ['saveNewer', async (session) => (await session.dao(sample).saveNewer([{ row: sampleRow(greatest), version: 9 }])).map((row) => row.id)],
  ['execute', async (session) => (await session.execute(sql`select id from sample where id = ${greatest}`)).map((row) => BigInt(String(row['id'])))],
];

/** What fits only just: the greatest ids in every method, emoji everywhere, documents, all digits, a thousand rows at once. */
export function limitCases(open: OpenForTest): void {
  test.each(byId)('the greatest id is exact in %s', (_method, run) =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(greatest), sampleRow(greatest - 1n), sampleRow(0n)]));
      expect(await database.transaction(run)).toEqual([greatest]);
      const others = await database.read((session) => session.dao(sample).getMany([greatest - 1n, 0n]));
      expect(others.map(({ version }) => version)).toEqual([1, 1]);
    }),
  );

  test.each([false, true])('cursors hold ids next to the greatest apart (descending: %s)', (descending) =>
    onFresh(open, async (database) => {
      const ids = [greatest - 2n, greatest - 1n, greatest];
      await database.transaction((session) => session.dao(sample).insertMany(ids.map((each) => sampleRow(each))));
      const seen: bigint[] = [];
      let cursor: string | null = null;
      do {
        const page: { readonly items: readonly { readonly id: bigint }[]; readonly nextCursor: string | null } = await database.read((session) =>
          session.dao(sample).page({ orderBy: 'level', limit: 1, descending, cursor }),
        );
        seen.push(...page.items.map((row) => row.id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(descending ? ids.toReversed() : ids);
    }),
  );

  test('the greatest id is one of many in a composite key, is counted on and is deleted alone', () =>
    onFresh(open, async (database) => {
      await database.transaction(async (session) => {
        const holdings = session.dao(holding);
        for (const bag of [greatest, greatest - 1n]) await holdings.insert({ bag, slot: 'a', owner: bag, quantity: 0n });
        await holdings.addMany([{ bag: greatest, slot: 'a', owner: 1n, quantity: greatest }], ['quantity']);
        expect(await holdings.increment({ bag: greatest, slot: 'a' }, { quantity: -1n })).toMatchObject({ bag: greatest, quantity: greatest - 1n });
        expect(await holdings.count({ owner: greatest })).toBe(1);
        expect(await holdings.delete({ bag: greatest, slot: 'a' })).toBe(true);
      });
      expect(await database.read((session) => session.dao(holding).find())).toMatchObject([{ bag: greatest - 1n, owner: greatest - 1n, quantity: 0n }]);
    }));

  test('changes name the greatest id', () =>
    onFresh(open, async (database) => {
      const { changes } = await database.transaction(async (session) => {
        await session.dao(sample).insert(sampleRow(greatest));
        return session;
      });
      expect(changes).toEqual([{ entity: 'sample', column: 'id', cacheKey: '9223372036854775807' }]);
    }));

  test('emoji are texts like others in keys, conditions, prefixes, orders, cursors, unique indexes and JSON', () =>
    onFresh(open, async (database) => {
      const names = ['🎲', '🎲🎲', '👩‍👩‍👧‍👦', '👩', '🇩🇪', '🇩🇰', '☃️'];
      await database.transaction(async (session) => {
        await session.dao(sample).insertMany(names.map((name, at) => sampleRow(BigInt(at), { name, note: name, data: { [name]: [name] } })));
        await session.dao(holding).insertMany(names.map((slot, at) => ({ bag: 1n, slot, owner: 1n, quantity: BigInt(at) })));
      });
      const sorted = names.toSorted((a, b) => (Buffer.from(a).compare(Buffer.from(b)) < 0 ? -1 : 1));
      await database.read(async (session) => {
        const samples = session.dao(sample);
        expect((await samples.find({ orderBy: 'name' })).map(({ name }) => name)).toEqual(sorted);
        expect((await samples.find({ where: { name: { startsWith: '👩' } } })).map(({ name }) => name)).toEqual(['👩‍👩‍👧‍👦', '👩']);
        expect((await samples.find({ where: { name: { startsWith: '🇩' } } })).map(({ name }) => name)).toEqual(['🇩🇪', '🇩🇰']);
        expect((await samples.find({ where: { name: { in: ['🎲', '☃️'] } } })).map(({ data }) => data)).toEqual([{ '🎲': ['🎲'] }, { '☃️': ['☃️'] }]);
        expect((await session.dao(holding).getMany(names.map((slot) => ({ bag: 1n, slot })))).map(({ quantity }) => Number(quantity))).toEqual(
          names.map((_, at) => at),
        );
        const first = await samples.page({ orderBy: 'name', limit: 3 });
        const second = await samples.page({ orderBy: 'name', cursor: first.nextCursor });
        expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(sorted);
      });
      await expect(database.transaction((session) => session.dao(sample).insert(sampleRow(99n, { note: '👩' })))).rejects.toMatchObject({
        code: 'ERR_DAO_DUPLICATE',
        columns: ['note'],
      });
    }));

  test.each<readonly [title: string, changes: Partial<NewRow<typeof archive>>]>([
    ['a long document', { document: { text: 'ä🎲\n"\\'.repeat(40_000), nested: [{ a: null, b: [null, [null]], c: { d: null } }] } }],
    ['a document of 4001 bytes', { document: 'x'.repeat(3999) }],
    ['a deep document', { document: Array.from({ length: 126 }, () => null).reduce<unknown>((inner) => ({ inner, none: null }), null) }],
    ['a picture of a million bytes', { picture: Uint8Array.from({ length: 1_000_000 }, (_, at) => at) }],
    ['all digits before the point', { whole: '999999999999999999', fraction: '0.000000000000000000', digit: '0.0' }],
    ['all digits behind the point', { fraction: '0.999999999999999999', whole: '-999999999999999999', digit: '-0.9' }],
    ['the least steps', { fraction: '-0.000000000000000001', whole: '1', digit: '0.1' }],
  ])('%s reads back as written, also after a change and a merge', (_title, changes) =>
    onFresh(open, async (database) => {
      await database.migrate([archive]);
      const row = archived(1n, changes);
      await database.transaction((session) => session.dao(archive).insert(row));
      expect(await database.read((session) => session.dao(archive).get(1n))).toMatchObject(changes);
      await database.transaction((session) => session.dao(archive).upsert(archived(1n)));
      await database.transaction((session) => session.dao(archive).update(1n, changes));
      expect(await database.read((session) => session.dao(archive).find())).toMatchObject([changes]);
      await database.transaction((session) => session.dao(archive).upsert({ ...row, id: 2n }));
      expect(await database.read((session) => session.dao(archive).get(2n))).toMatchObject(changes);
    }),
  );

  test('decimals of 18 digits compare and sort exactly', () =>
    onFresh(open, async (database) => {
      await database.migrate([archive]);
      // A float would take the first three for equal.
      const wholes = ['999999999999999997', '999999999999999998', '999999999999999999', '-999999999999999999', '0'];
      await database.transaction((session) => session.dao(archive).insertMany(wholes.map((whole, at) => archived(BigInt(at), { whole }))));
      const ids = async (whole: { readonly gt?: string; readonly lte?: string; readonly eq?: string }): Promise<number[]> =>
        (await database.read((session) => session.dao(archive).find({ where: { whole }, orderBy: 'whole' }))).map((row) => Number(row.id));
      expect(await ids({ gt: '999999999999999997' })).toEqual([1, 2]);
      expect(await ids({ lte: '999999999999999997' })).toEqual([3, 4, 0]);
      expect(await ids({ eq: '999999999999999998' })).toEqual([1]);
    }));

  test('a thousand rows go through every method that takes many', () =>
    onFresh(open, async (database) => {
      const ids = Array.from({ length: 1000 }, (_, at) => BigInt(at));
      await database.transaction((session) => session.dao(sample).insertMany(ids.map((each) => sampleRow(each, { name: `n${each}` }))));
      await database.transaction((session) =>
        session.dao(sample).addMany(
          ids.map((each) => sampleRow(each, { level: 2, balance: each })),
          ['level', 'balance'],
        ),
      );
      const saved = await database.transaction((session) =>
        session.dao(sample).saveNewer(ids.map((each) => ({ row: sampleRow(each, { rank: 1 }), version: 1 + Number(each % 5n) }))),
      );
      // After the sums each has version 2: only those that are given 3 to 5 are newer.
      expect(saved.map((row) => row.id)).toEqual(ids.filter((each) => each % 5n > 1n));
      await database.read(async (session) => {
        expect((await session.dao(sample).getMany(ids)).map((row) => row.id)).toEqual(ids);
        expect(await session.dao(sample).count({ id: { in: ids }, level: 3 })).toBe(400);
        expect(await session.dao(sample).count({ name: { in: ids.map((each) => `n${each}`) } })).toBe(400);
      });
    }));

  test('hand-written statements name reserved words by sql.identifier', () =>
    onFresh(open, async (database) => {
      const row = { select: 1n, level: 2, user: 'u', group: null, order: 3, index: 4, date: new Date(-5), from: '' };
      await database.transaction((session) => session.dao(reserved).insertMany([row, { ...row, select: 2n }]));
      const [table, key, from, order, index, date] = ['order', 'select', 'from', 'order', 'index', 'date'].map((name) => sql.identifier(name));
      await database.transaction((session) => session.execute(sql`update ${table} set ${order} = ${order} + ${1}, ${from} = ${'x'} where ${key} = ${2n}`));
      const rows = await database.read((session) =>
        session.execute(sql`select ${key}, ${order}, ${index} from ${table} where ${date} = ${new Date(-5)} and ${from} = ${'x'}`),
      );
      expect(rows).toEqual([{ select: 2n, order: 4n, index: 4n }]);
      await database.transaction((session) => session.execute(sql`delete from ${table} where ${key} = ${1n}`));
      expect(await database.read((session) => session.dao(reserved).find())).toEqual([{ ...row, select: 2n, order: 4, from: 'x' }]);
    }));
}
