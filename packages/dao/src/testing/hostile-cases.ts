import { expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { defineEntity } from '../entity.ts';
import { id } from '../column.ts';
import { DaoError } from '../errors.ts';
import { type OpenForTest, holding, onFresh, sample, sampleRow } from './sample.ts';

const injections: readonly string[] = [
  `'; drop table sample; --`,
  `" or "1"="1`,
  `' or 1=1 --`,
  `1; delete from sample`,
  '`',
  '\\',
  `\\'; delete from sample; --`,
  '%',
  '_',
  '?',
  ':1',
  '@p0',
  '$1',
  '${1}',
  '/*',
  `*/ union select 1 --`,
  `name" = "name`,
  `"sample"."name"`,
  `') or ('a'='a`,
  `null`,
  `char(0)`,
  `x'00'`,
  `\u2019 or 1=1`,
  `ʼ; drop table sample`,
  `'||(select 1)||'`,
  `sample; pragma writable_schema=1`,
];

/** Strings that mean something in SQL are only strings, wherever they come from. */
export function hostileCases(open: OpenForTest): void {
  test.each(injections)('%j is only a text in values, conditions, prefixes, lists and keys', (text) =>
    onFresh(open, async (database) => {
      await database.transaction((session) =>
        session.dao(sample).insertMany([sampleRow(1n, { name: text, note: text, data: { [text]: text } }), sampleRow(2n, { name: 'other' })]),
      );
      await database.transaction((session) => session.dao(holding).insert({ bag: 1n, slot: text.slice(0, 16), owner: 1n, quantity: 1n }));
      for (const name of [{ eq: text }, { in: [text, 'none'] }, { startsWith: text }, { gte: text, lte: text }]) {
        expect((await database.read((session) => session.dao(sample).find({ where: { name } }))).map((row) => row.id)).toEqual([1n]);
      }
      expect((await database.read((session) => session.dao(sample).find({ where: { name: { ne: text } } }))).map((row) => row.id)).toEqual([2n]);
      expect(await database.read((session) => session.dao(holding).get({ bag: 1n, slot: text.slice(0, 16) }))).toBeDefined();
      const updated = await database.transaction((session) => session.dao(sample).update(1n, { note: `${text} again` }));
      expect(updated).toMatchObject({ name: text, note: `${text} again`, data: { [text]: text } });
      await expectUntouched(database);
    }),
  );

  test.each(injections)('%j is no column, no operator, no order and no cursor', (text) =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n), sampleRow(2n)]));
      const attempts: Readonly<Record<string, unknown>>[] = [
        { where: { [text]: 1 } },
        { where: { name: { [text]: 'x' } } },
        { orderBy: text },
        { orderBy: [text] },
        { where: { id: { in: text } } },
        { limit: text },
        { cursor: text },
      ];
      for (const attempt of attempts) {
        const error: unknown = await database.read((session) => session.dao(sample).page(attempt)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(DaoError);
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_DAO_(INPUT|CURSOR)$/) });
        expect(String(error)).not.toContain(text.length > 3 ? text : 'select');
      }
      if (!/^[a-z]+$/.test(text)) expect(() => defineEntity(text, { columns: { id: id() }, key: ['id'] })).toThrow(DaoError);
      await expectUntouched(database);
    }),
  );

  test('a cursor that was changed in any place is refused', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n), sampleRow(2n)]));
      const { nextCursor } = await database.read((session) => session.dao(sample).page({ limit: 1 }));
      const bytes = Buffer.from(nextCursor ?? '', 'base64url');
      for (let index = 0; index < bytes.length; index += 1) {
        const forged = Buffer.from(bytes);
        forged[index] = (forged[index] ?? 0) ^ 1;
        await expect(database.read((session) => session.dao(sample).page({ cursor: forged.toString('base64url') }))).rejects.toMatchObject({
          code: 'ERR_DAO_CURSOR',
        });
      }
      for (const cursor of ['', 'A', bytes.subarray(0, 10).toString('base64url'), 'x'.repeat(100_000)]) {
        await expect(database.read((session) => session.dao(sample).page({ cursor }))).rejects.toMatchObject({ code: 'ERR_DAO_CURSOR' });
      }
    }));

  test('a cursor of another order, direction, entity or secret is refused', () =>
    onFresh(open, async (database) => {
      await database.transaction((session) => session.dao(sample).insertMany([sampleRow(1n), sampleRow(2n)]));
      const { nextCursor: cursor } = await database.read((session) => session.dao(sample).page({ limit: 1 }));
      const refused = { code: 'ERR_DAO_CURSOR' };
      await expect(database.read((session) => session.dao(sample).page({ cursor, descending: true }))).rejects.toMatchObject(refused);
      await expect(database.read((session) => session.dao(sample).page({ cursor, orderBy: 'level' }))).rejects.toMatchObject(refused);
      await expect(database.read((session) => session.dao(holding).page({ cursor }))).rejects.toMatchObject(refused);
      await onFresh(
        open,
        async (other) => {
          await expect(other.read((session) => session.dao(sample).page({ cursor }))).rejects.toMatchObject(refused);
        },
        { cursorSecret: new Uint8Array(32) },
      );
    }));

  test('undefined, empty and wrongly typed conditions are refused rather than matching everything', () =>
    onFresh(open, async (database) => {
      const attempts: Readonly<Record<string, unknown>>[] = [
        { id: undefined },
        { id: {} },
        { id: { eq: undefined } },
        { data: 1 },
        { blob: 1 },
        { id: { in: [null] } },
        { id: { gt: null } },
        { level: { startsWith: '1' } },
        { ['__proto__x']: 1 },
        { toString: 1 },
      ];
      for (const where of attempts) await expect(database.read((session) => session.dao(sample).count(where))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    }));
}

async function expectUntouched(database: Database): Promise<void> {
  expect(await database.read((session) => session.dao(sample).count())).toBe(2);
}
