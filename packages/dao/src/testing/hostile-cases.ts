import { expect, test } from 'vitest';
import { type OpenForTest, holding, onFresh, sample, sampleRow } from './sample.ts';

/** Cursors that were tampered with, and conditions that say less than they seem to. */
export function hostileCases(open: OpenForTest): void {
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
