import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { id, int, int64, json, text, version } from '../column.ts';
import type { Database, Session } from '../database.ts';
import { type Entity, defineEntity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { hostileTexts } from './injection-corpus.ts';
import { unfitTexts } from './injection-disguises.ts';
import { type OpenForTest, holding, onFresh, reserved, sample, sampleRow, samples } from './sample.ts';

/** Each hostile text as a value. */
const trap = defineEntity('trap', {
  columns: { id: id(), word: text(4000), note: text(4000).nullable(), data: json(), level: int(), version: version() },
  key: ['id'],
});

/** Each hostile text as a key, as far as an index takes it. */
const lure = defineEntity('lure', { columns: { word: text(255), quantity: int64(), version: version() }, key: ['word'] });

const tables: readonly Entity[] = [...samples, trap, lure];
const keys = hostileTexts.filter((word) => Array.from(word).length <= 255);
const everything = [...hostileTexts, ...unfitTexts];
const unhurried = { timeoutMs: 60_000 };

/** Runs a case on a database whose tables all hold rows, and holds those rows against what they were. */
async function onGuarded(open: OpenForTest, changed: readonly Entity[], work: (database: Database) => Promise<void>): Promise<void> {
  await onFresh(open, async (database) => {
    await database.migrate(tables);
    await database.transaction(async (session) => {
      await session.dao(sample).insertMany([1n, 2n, 3n].map((each) => sampleRow(each, { note: `note ${each}` })));
      await session.dao(holding).insert({ bag: 1n, slot: 'a', owner: 1n, quantity: 5n });
      await session.dao(reserved).insert({ select: 1n, level: 1, user: 'u', order: 1, index: 1, date: new Date(0), from: '' });
      await session.dao(trap).insertMany(hostileTexts.map((word, at) => ({ id: BigInt(at), word, note: word, data: { [word]: [word] }, level: 0 })));
      await session.dao(lure).insertMany(keys.map((word) => ({ word, quantity: 0n })));
    }, unhurried);
    const guarded = tables.filter((entity) => !changed.includes(entity));
    const before = await checksums(database, guarded);
    await work(database);
    expect(await checksums(database, guarded)).toEqual(before);
    await database.migrate(tables);
    expect(await database.plan(tables)).toEqual([]);
  });
}

/** @returns of each table a checksum of all its rows */
async function checksums(database: Database, entities: readonly Entity[]): Promise<readonly string[]> {
  return database.read(async (session) => {
    const sums: string[] = [];
    for (const entity of entities) {
      const rows = JSON.stringify(await session.dao(entity).find(), (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
      sums.push(`${entity.name} ${createHash('sha256').update(rows).digest('hex')}`);
    }
    return sums;
  }, unhurried);
}

const idsOf = async (session: Session, word: { readonly [operator: string]: unknown }): Promise<readonly number[]> =>
  (await session.dao(trap).find({ where: { word } })).map((row) => Number(row.id));

/** Reserved in some dialects. */
const level = sql.identifier('level');

/** @returns the codes of the errors that these attempts end in */
async function codesOf(attempts: Iterable<() => Promise<unknown>>): Promise<ReadonlySet<string>> {
  const codes = new Set<string>();
  for (const attempt of attempts) {
    const error: unknown = await attempt().catch((reason: unknown) => reason);
    codes.add(error instanceof DaoError ? error.code : `no DaoError: ${JSON.stringify(error)} ${String(attempt)}`);
  }
  return codes;
}

/** Strings that mean something in SQL are only strings, wherever they come from. */
export function injectionCases(open: OpenForTest): void {
  test('there are at least 200 hostile strings', () => {
    expect(hostileTexts.length).toBeGreaterThanOrEqual(200);
    for (const word of hostileTexts) expect(word.isWellFormed() && !word.includes('\u0000') && Buffer.byteLength(word) <= 4000).toBe(true);
  });

  test('hostile strings read back as written, as values and as keys of JSON', () =>
    onGuarded(open, [], async (database) => {
      const rows = await database.read((session) => session.dao(trap).find(), unhurried);
      expect(rows.map(({ word, note, data }) => [word, note, data])).toEqual(hostileTexts.map((word) => [word, word, { [word]: [word] }]));
    }));

  test('hostile strings are only texts in every operator', () =>
    onGuarded(open, [], (database) =>
      database.read(async (session) => {
        const all = hostileTexts.length;
        for (const [at, word] of hostileTexts.entries()) {
          const found = await idsOf(session, { eq: word, gte: word, lte: word, in: ['none', word], startsWith: word });
          const count = (condition: { readonly [operator: string]: unknown }): Promise<number> => session.dao(trap).count({ word: condition });
          const [less, more, others] = [await count({ lt: word }), await count({ gt: word }), await count({ ne: word })];
          expect([word, found, less + more, others]).toEqual([word, [at], all - 1, all - 1]);
          const starting = hostileTexts.flatMap((other, index) => (other.startsWith(word) ? [index] : []));
          expect([word, await idsOf(session, { startsWith: word })]).toEqual([word, starting]);
        }
        expect(await idsOf(session, { in: hostileTexts })).toHaveLength(all);
      }, unhurried),
    ));

  test('hostile strings are only places in an order', () =>
    onGuarded(open, [], (database) =>
      database.read(async (session) => {
        const inOrder = (await session.dao(trap).find({ orderBy: 'word' })).map((row) => row.id);
        const seen: bigint[] = [];
        let cursor: string | null = null;
        do {
          const page: { readonly items: readonly { readonly id: bigint }[]; readonly nextCursor: string | null } = await session
            .dao(trap)
            .page({ orderBy: 'word', limit: 1, cursor });
          seen.push(...page.items.map((row) => row.id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toEqual(inOrder);
      }, unhurried),
    ));

  test('hostile strings are only keys', () =>
    onGuarded(open, [lure], async (database) => {
      await database.transaction(async (session) => {
        const lures = session.dao(lure);
        expect((await lures.getMany(keys)).map(({ word }) => word)).toEqual(keys);
        expect((await lures.getMany(keys, { forUpdate: true })).map(({ word }) => word)).toEqual(keys);
        await lures.addMany(
          keys.map((word) => ({ word, quantity: 2n })),
          ['quantity'],
        );
        await lures.saveNewer(keys.map((word) => ({ row: { word, quantity: 3n }, version: 5 })));
        for (const word of keys) {
          expect(await lures.get(word)).toEqual({ word, quantity: 3n, version: 5 });
          expect(await lures.update(word, { quantity: 4n }, { expectedVersion: 5 })).toEqual({ word, quantity: 4n, version: 6 });
          expect(await lures.increment({ word }, { quantity: 1n })).toEqual({ word, quantity: 5n, version: 7 });
          expect(await lures.upsert({ word, quantity: 6n })).toEqual({ word, quantity: 6n, version: 8 });
          expect(await lures.delete(word, { expectedVersion: 8 })).toBe(true);
        }
        expect(await lures.count()).toBe(0);
      }, unhurried);
    }));

  test('hostile strings are only values in changes and in hand-written statements', () =>
    onGuarded(open, [trap], (database) =>
      database.transaction(async (session) => {
        for (const [at, word] of hostileTexts.entries()) {
          const changed = await session.dao(trap).update(BigInt(at), { note: word, data: [word] });
          expect(changed).toMatchObject({ word, note: word, data: [word], version: 2 });
          await session.execute(sql`update trap set note = ${null}, ${level} = ${1} where word = ${word}`);
          const rows = await session.execute(sql`select id from trap where word = ${word} and ${level} = ${1}`);
          expect([word, rows]).toEqual([word, [{ id: BigInt(at) }]]);
        }
      }, unhurried),
    ));

  test('hostile strings are no columns, operators, orders, limits, cursors, lists, ids and versions', () =>
    onGuarded(open, [], async (database) => {
      const read = (query: Readonly<Record<string, unknown>>) => () => database.read((session) => session.dao(sample).page(query));
      const columns = new Set(Object.keys(sample.columns));
      const operators = new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'startsWith']);
      expect(
        await codesOf(
          everything.flatMap((word) => [
            ...(columns.has(word) ? [] : [read({ where: { [word]: 1 } }), read({ orderBy: word }), read({ orderBy: ['level', word] })]),
            ...(operators.has(word) ? [] : [read({ where: { name: { [word]: 'x' } } })]),
            read({ where: { id: { in: word } } }),
            read({ limit: word }),
          ]),
        ),
      ).toEqual(new Set(['ERR_DAO_INPUT']));
      const encoded = everything.map((word) => Buffer.from(word).toString('base64url'));
      expect(await codesOf([...everything, ...encoded].map((cursor) => read({ cursor })))).toEqual(new Set(['ERR_DAO_CURSOR']));
      expect(
        await codesOf(
          everything.flatMap((word) => {
            const given: Readonly<Record<string, unknown>> = { id: word };
            return [read({ where: given }), read({ where: { level: word } }), read({ where: { id: { in: [word] } } })];
          }),
        ),
      ).toEqual(new Set(['ERR_DAO_RANGE']));
    }));

  test('what no text may hold is refused in every place of a value', () =>
    onGuarded(open, [], async (database) => {
      const inTransaction = (work: (session: Session) => Promise<unknown>) => () => database.transaction(work);
      const attempts = unfitTexts.flatMap((word) => [
        inTransaction((session) => session.dao(trap).insert({ id: 9999n, word, data: 1, level: 0 })),
        inTransaction((session) => session.dao(trap).update(1n, { note: word })),
        inTransaction((session) => session.dao(trap).count({ word })),
        inTransaction((session) => session.dao(trap).count({ word: { startsWith: word } })),
        inTransaction((session) => session.dao(trap).count({ word: { in: ['x', word] } })),
        inTransaction((session) => session.dao(lure).get(word)),
        inTransaction((session) => session.dao(lure).getMany(['x', word])),
        inTransaction((session) => session.dao(lure).upsert({ word, quantity: 1n })),
      ]);
      expect(await codesOf(attempts)).toEqual(new Set(['ERR_DAO_RANGE']));
    }));

  test('hostile strings as names in hand-written statements are names of nothing', () =>
    onGuarded(open, [], async (database) => {
      const columns = new Set(Object.values(sample.physicalNames));
      const words = everything.filter((word) => !columns.has(word.toLowerCase()));
      const attempts = words.flatMap((word) => [
        () => database.transaction((session) => session.execute(sql`update sample set ${sql.identifier(word)} = ${1}`)),
        () => database.transaction((session) => session.execute(sql`delete from ${sql.identifier(`sample${word}`)}`)),
      ]);
      expect(await codesOf(attempts)).toEqual(new Set(['ERR_DAO_STATEMENT']));
    }));

  test('hostile strings name no entities', () => {
    const names = everything.filter((word) => !/^[a-z]\w*$/i.test(word));
    for (const name of names) {
      expect(() => defineEntity(name, { columns: { id: id() }, key: ['id'] })).toThrow(DaoError);
      expect(() => defineEntity('fine', { columns: { id: id(), [name]: int() }, key: ['id'] })).toThrow(DaoError);
    }
  });
}
