import { expect, test } from 'vitest';
import type { NewRow } from '../entity.ts';
import { type OpenForTest, onFresh, reserved, sample, sampleRow } from './sample.ts';

type Changes = Partial<NewRow<typeof sample>>;

const kept: readonly (readonly [title: string, changes: Changes])[] = [
  ['the greatest id', { id: 2n ** 63n - 1n }],
  ['the id 0', { id: 0n }],
  ['an id above 2^53 that a float would round', { id: 9_007_199_254_740_993n }],
  ['the greatest int64', { balance: 2n ** 63n - 1n }],
  ['the least int64', { balance: -(2n ** 63n) }],
  ['the greatest int', { level: 2_147_483_647 }],
  ['the least int', { level: -2_147_483_648 }],
  ['an empty text, which is no null', { name: '', note: '' }],
  ['a text with emoji of several code points', { name: '👩‍👩‍👧‍👦🇩🇪 𝔘𝔫𝔦𝔠𝔬𝔡𝔢' }],
  ['a text as long as allowed, in characters outside of 16 bits', { name: '🎲'.repeat(64) }],
  ['a text of 4000 bytes and as many characters', { note: 'x'.repeat(4000) }],
  ['a text of 4000 bytes in letters of two', { note: 'ß'.repeat(2000) }],
  ['a text of 4000 bytes in emoji', { note: '🎲'.repeat(1000) }],
  ['texts with white space at the ends, quotes and control characters', { name: ` \t'"\\%_\u0001\n ` }],
  ['the text "null"', { name: 'null', note: 'NULL' }],
  ['a composed and a decomposed letter as they are', { name: 'e\u0301 é' }],
  ['nested nulls in JSON', { data: { a: null, b: [null, { c: null }], d: [] }, extra: { x: null } }],
  ['JSON null, true, numbers and texts as whole documents', { data: null, extra: 'text' }],
  ['JSON with a key named __proto__', { data: JSON.parse('{"__proto__":{"a":1},"constructor":2}') }],
  ['JSON with an unpaired surrogate', { data: { text: '\ud800' } }],
  ['JSON numbers at their limits', { data: [Number.MAX_SAFE_INTEGER, -1.5e-300, 1.797e308, 0] }],
  ['a moment before 1970', { at: new Date(-1), seenAt: new Date('1901-12-13T20:45:51.999Z') }],
  ['the first moment', { at: new Date('1000-01-01T00:00:00.000Z') }],
  ['the last moment', { at: new Date('9999-12-31T23:59:59.999Z') }],
  ['a moment that a local clock skips or repeats', { at: new Date('2026-03-29T01:30:00.001Z'), seenAt: new Date('2026-10-25T01:30:00.999Z') }],
  ['all bytes', { blob: Uint8Array.from({ length: 256 }, (_, index) => index) }],
  ['true and false', { isActive: true }],
];

const decimals: readonly (readonly [written: string, read: string])[] = [
  ['0', '0.0000'],
  ['-0', '0.0000'],
  ['1.5', '1.5000'],
  ['-0.0001', '-0.0001'],
  ['99999999999999.9999', '99999999999999.9999'],
  ['-99999999999999.9999', '-99999999999999.9999'],
  ['007.1', '7.1000'],
];

const refused: readonly (readonly [title: string, column: string, changes: Readonly<Record<string, unknown>>])[] = [
  ['an id of 2^63', 'id', { id: 2n ** 63n }],
  ['a negative id', 'id', { id: -1n }],
  ['a number for an id', 'id', { id: 1 }],
  ['an int64 below the least', 'balance', { balance: -(2n ** 63n) - 1n }],
  ['an int of 2^31', 'level', { level: 2_147_483_648 }],
  ['a fraction for an int', 'level', { level: 1.5 }],
  ['NaN for an int', 'level', { level: Number.NaN }],
  ['a text longer than declared', 'name', { name: 'x'.repeat(65) }],
  ['a text of 4001 bytes in fewer characters', 'note', { note: `${'ß'.repeat(2000)}x` }],
  ['a text of 4004 bytes in emoji', 'note', { note: '🎲'.repeat(1001) }],
  ['a text of 4000 characters of three bytes', 'note', { note: '汉'.repeat(4000) }],
  ['a text with U+0000', 'name', { name: 'a\u0000b' }],
  ['a text with an unpaired surrogate', 'name', { name: 'a\ud800' }],
  ['a decimal with too many digits behind the point', 'amount', { amount: '0.00001' }],
  ['a decimal that is too great', 'amount', { amount: '100000000000000' }],
  ['a decimal that is no number', 'amount', { amount: '1e5' }],
  ['a number for a decimal', 'amount', { amount: 1.1 }],
  ['a number for a bool', 'isActive', { isActive: 1 }],
  ['an invalid date', 'at', { at: new Date(Number.NaN) }],
  ['a moment after the last', 'at', { at: new Date('+010000-01-01T00:00:00Z') }],
  ['NaN in JSON', 'data', { data: { deep: [Number.NaN] } }],
  ['a bigint in JSON', 'data', { data: [1n] }],
  ['too many bytes', 'blob', { blob: new Uint8Array(1025) }],
  ['null for a required column', 'name', { name: null }],
  ['a required column left out', 'name', { name: undefined }],
];

/** Whatever fits a column reads back equal; whatever does not is refused before it gets near the database. */
export function valueCases(open: OpenForTest): void {
  test.each(kept)('%s: reads back as written, from the insert and from a get', (_title, changes) =>
    onFresh(open, async (database) => {
      const row = sampleRow(1n, changes);
      const inserted = await database.transaction((session) => session.dao(sample).insert(row));
      const read = await database.read((session) => session.dao(sample).get(row.id));
      expect(read).toMatchObject(changes);
      expect(read).toEqual(inserted);
    }),
  );

  test.each(decimals)('the decimal %s reads back as %s', (written, read) =>
    onFresh(open, async (database) => {
      const { amount } = await database.transaction((session) => session.dao(sample).insert(sampleRow(1n, { amount: written })));
      expect(amount).toBe(read);
      expect((await database.read((session) => session.dao(sample).find({ where: { amount: written } }))).length).toBe(1);
    }),
  );

  test.each(refused)('%s is refused, naming the column', (_title, column, changes) =>
    onFresh(open, async (database) => {
      const row = { ...sampleRow(1n), ...changes };
      await expect(database.transaction((session) => session.dao(sample).insert(row))).rejects.toMatchObject({ code: 'ERR_DAO_RANGE', columns: [column] });
      expect(await database.read((session) => session.dao(sample).count())).toBe(0);
    }),
  );

  test('a text that is too long in bytes is told so with both bounds', () =>
    onFresh(open, async (database) => {
      const error: unknown = await database.transaction((session) => session.dao(sample).insert(sampleRow(1n, { note: '🎲'.repeat(1001) }))).catch(String);
      expect(error).toContain('at most 4000 characters and 4000 bytes');
    }));

  // The greatest text of 127 has a successor of one byte more.
  test.each(['x'.repeat(4000), '\u007f'.repeat(4000), '\u{10ffff}'.repeat(1000), '߿'.repeat(2000)])(
    'a text of 4000 bytes is found as it is and by its prefixes',
    (note) =>
      onFresh(open, async (database) => {
        await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n, { note }), sampleRow(2n, { note: '' }), sampleRow(3n)]));
        const shorter = Array.from(note).slice(0, -1).join('');
        for (const where of [{ eq: note }, { in: [note] }, { gte: note }, { startsWith: note }, { startsWith: shorter }]) {
          expect((await database.read((session) => session.dao(sample).find({ where: { note: where } }))).map((row) => row.id)).toEqual([1n]);
        }
      }),
  );

  test('nullable columns that were left out are null', () =>
    onFresh(open, async (database) => {
      const row = await database.transaction((session) => session.dao(sample).insert(sampleRow(1n)));
      expect(row).toMatchObject({ note: null, rank: null, extra: null, seenAt: null });
    }));

  test('decimals sort as numbers', () =>
    onFresh(open, async (database) => {
      const amounts = ['10', '9', '-1', '-10', '0.5'];
      await database.transaction((session) => session.dao(sample).insertMany(amounts.map((amount, index) => sampleRow(BigInt(index), { amount }))));
      const rows = await database.read((session) => session.dao(sample).find({ orderBy: 'amount' }));
      expect(rows.map(({ amount }) => Number(amount))).toEqual([-10, -1, 0.5, 9, 10]);
    }));

  test('text compares by code points, case-sensitively', () =>
    onFresh(open, async (database) => {
      const names = ['b', 'B', 'a', '', 'é', '\uffee', '🎲', 'a '];
      await database.transaction((session) => session.dao(sample).insertMany(names.map((name, index) => sampleRow(BigInt(index), { name }))));
      const rows = await database.read((session) => session.dao(sample).find({ orderBy: 'name' }));
      expect(rows.map(({ name }) => name)).toEqual(['', 'B', 'a', 'a ', 'b', 'é', '\uffee', '🎲']);
      expect(await database.read((session) => session.dao(sample).count({ name: 'A' }))).toBe(0);
      expect(await database.read((session) => session.dao(sample).count({ name: 'a' }))).toBe(1);
    }));

  test('an empty text is found as an empty text and not as null', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n, { note: '' }), sampleRow(2n)]));
      const idsWhere = async (note: string | null): Promise<bigint[]> =>
        (await database.read((session) => session.dao(sample).find({ where: { note } }))).map((row) => row.id);
      expect([await idsWhere(''), await idsWhere(null)]).toEqual([[1n], [2n]]);
    }));

  test('reserved words are names like others', () =>
    onFresh(open, async (database) => {
      const row = { select: 1n, level: 2, user: 'u', group: null, order: 3, index: 4, date: new Date(5), from: 'x' };
      await database.transaction((session) => session.dao(reserved).insert(row));
      await database.transaction((session) => session.dao(reserved).update(1n, { order: 9, group: 'g' }));
      await database.transaction((session) => session.dao(reserved).increment(1n, { index: 1 }));
      const found = await database.read((session) =>
        session.dao(reserved).page({ where: { group: 'g', order: { gte: 9 } }, orderBy: ['order', 'from'], descending: true }),
      );
      expect(found.items).toEqual([{ ...row, order: 9, group: 'g', index: 5 }]);
    }));
}
