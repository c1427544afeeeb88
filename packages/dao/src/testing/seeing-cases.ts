import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import type { RowChange, StatementEvent } from '../database.ts';
import type { CachedQuery, QueryCache } from '../query-cache.ts';
import { type OpenForTest, holding, onFresh, sample, sampleRow } from './sample.ts';

/** Keeps everything until its entity is written, as a cache may. */
class KeepingCache implements QueryCache {
  readonly questions: CachedQuery[] = [];
  readonly #answers = new Map<string, { readonly entity: string; readonly answer: Promise<unknown> }>();
  asked = 0;

  written(changes: readonly RowChange[]): void {
    for (const [key, { entity }] of this.#answers) if (changes.some((change) => change.entity === entity)) this.#answers.delete(key);
  }

  answer<T>(query: CachedQuery, ask: () => Promise<T>): Promise<T>;
  answer(query: CachedQuery, ask: () => Promise<unknown>): Promise<unknown> {
    this.questions.push(query);
    const known = this.#answers.get(query.key);
    if (known !== undefined) return known.answer;
    this.asked += 1;
    const answer = ask();
    this.#answers.set(query.key, { entity: query.entity, answer });
    return answer;
  }
}

const ids = (rows: readonly { readonly id: bigint }[]): readonly bigint[] => rows.map((row) => row.id);

/** What metrics, a slow-query log and a cache of queries go by. */
export function seeingCases(open: OpenForTest): void {
  test('every statement is told with its kind, entity, rows, time and wait, and without values', async () => {
    const seen: StatementEvent[] = [];
    const listener = { statement: (event: StatementEvent): void => void seen.push(event) };
    await onFresh(
      open,
      async (database) => {
        const kindsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
          seen.length = 0;
          await work();
          return seen.map(({ kind, entity, rows }) => `${kind} ${entity ?? ''} ${rows}`);
        };
        const secret = sampleRow(1n, { name: 'sesame', level: 4711 });
        expect(await kindsOf(() => database.transaction((session) => session.dao(sample).insertMany([secret, sampleRow(2n)])))).toEqual(['insert sample 2']);
        expect(await kindsOf(() => database.read((session) => session.dao(sample).get(1n)))).toEqual(['get sample 1']);
        expect(await kindsOf(() => database.read((session) => session.dao(sample).get(9n)))).toEqual(['get sample 0']);
        expect(await kindsOf(() => database.read((session) => session.dao(sample).getMany([1n, 2n, 9n])))).toEqual(['getMany sample 2']);
        expect(await kindsOf(() => database.read((session) => session.dao(sample).find({ where: { name: 'sesame' } })))).toEqual(['find sample 1']);
        expect(await kindsOf(() => database.read((session) => session.dao(sample).count({ level: 4711 })))).toEqual(['count sample 1']);
        expect(await kindsOf(() => database.transaction((session) => session.dao(sample).delete(2n)))).toEqual(['delete sample 1']);
        expect(
          await kindsOf(() =>
            database.read((session) =>
              session.execute(sql`select ${sql.identifier('id')} from ${sql.identifier('sample')} where ${sql.identifier('name')} = ${'sesame'}`),
            ),
          ),
        ).toEqual(['execute  1']);
        const changes = await kindsOf(() => database.transaction((session) => session.dao(sample).update(1n, { name: 'sesame 2' })));
        expect(changes[0]).toMatch(/^update sample [12]$/);
        expect(seen.every(({ durationMs, waitMs, text }) => durationMs >= 0 && waitMs >= 0 && !/sesame|4711/.test(text))).toBe(true);
      },
      { listener },
    );
  });

  test('what is told of a session is told for whoever asked for it, also where many ask at once and wait for each other', async () => {
    const callers = new AsyncLocalStorage<number>();
    const statements: string[] = [];
    const commits: (number | undefined)[] = [];
    const listener = {
      statement: ({ kind }: StatementEvent): void => void statements.push(`${callers.getStore()} ${kind}`),
      acknowledged: ({ commitMs }: { readonly commitMs: number }): void => void (commitMs >= 0 && commits.push(callers.getStore())),
    };
    await onFresh(
      open,
      async (database) => {
        // Migrating is work too.
        statements.length = 0;
        commits.length = 0;
        const insert = (caller: number): Promise<unknown> =>
          callers.run(caller, () => database.transaction((session) => session.dao(sample).insert(sampleRow(BigInt(caller)))));
        const get = (caller: number): Promise<unknown> => callers.run(caller, () => database.read((session) => session.dao(sample).get(BigInt(caller))));
        const all = Array.from({ length: 12 }, (_, at) => at);
        await Promise.all(all.map(insert));
        await Promise.all(all.map(get));
        expect([...statements].sort()).toEqual(all.flatMap((caller) => [`${caller} get`, `${caller} insert`]).sort());
        expect([...commits].sort((one, other) => Number(one) - Number(other))).toEqual(all);
      },
      { listener },
    );
  });

  test('a query that takes an older answer is asked once, and again when its entity was written', async () => {
    const queryCache = new KeepingCache();
    await onFresh(
      open,
      async (database) => {
        const levels = (): Promise<readonly number[]> =>
          database.read(async (session) => (await session.dao(sample).find({ where: { level: { gte: 2 } }, maxAgeMs: 1000 })).map(({ level }) => level));
        const insert = (rowId: bigint): Promise<unknown> => database.transaction((session) => session.dao(sample).insert(sampleRow(rowId, { level: 3 })));
        await insert(1n);
        expect([await levels(), await levels(), queryCache.asked]).toEqual([[3], [3], 1]);
        await database.transaction((session) => session.dao(holding).insert({ bag: 1n, slot: 'a', owner: 2n, quantity: 0n }));
        expect([await levels(), queryCache.asked]).toEqual([[3], 1]);
        await insert(2n);
        expect([await levels(), queryCache.asked]).toEqual([[3, 3], 2]);
        expect(queryCache.questions.every(({ entity, maxAgeMs, key }) => entity === 'sample' && maxAgeMs === 1000 && key.length < 64)).toBe(true);
      },
      { queryCache },
    );
  });

  test('queries share an answer only where they ask the same', async () => {
    const queryCache = new KeepingCache();
    await onFresh(
      open,
      async (database) => {
        await database.transaction((session) => session.dao(sample).insertMany([1n, 2n, 3n].map((rowId) => sampleRow(rowId, { level: Number(rowId) }))));
        const maxAgeMs = 60_000;
        const answers = (): Promise<unknown> =>
          database.read(async (session) => {
            const dao = session.dao(sample);
            return [
              ids(await dao.find({ where: { level: { in: [1, 2] } }, maxAgeMs })),
              ids(await dao.find({ where: { level: { in: [1, 2] } }, descending: true, maxAgeMs })),
              ids(await dao.find({ where: { level: { in: [1, 2] } }, limit: 1, maxAgeMs })),
              ids(await dao.find({ where: { id: { in: [1n, 2n] } }, orderBy: 'level', maxAgeMs })),
              ids((await dao.page({ limit: 1, maxAgeMs })).items),
              ids((await dao.page({ limit: 1, cursor: (await dao.page({ limit: 1, maxAgeMs })).nextCursor, maxAgeMs })).items),
              await dao.count({ level: { in: [1, 2] } }, { maxAgeMs }),
              await dao.count({ level: { in: [1, 3] } }, { maxAgeMs }),
            ];
          });
        const wanted = [[1n, 2n], [2n, 1n], [1n], [1n, 2n], [1n], [2n], 2, 2];
        expect([await answers(), await answers(), queryCache.asked]).toEqual([wanted, wanted, 8]);
      },
      { queryCache },
    );
  });

  test('a transaction asks the database, and sees what it has written itself', async () => {
    const queryCache = new KeepingCache();
    await onFresh(
      open,
      async (database) => {
        const count = (session: Parameters<Parameters<typeof database.read>[0]>[0]): Promise<number> => session.dao(sample).count({}, { maxAgeMs: 1000 });
        expect(await database.read(count)).toBe(0);
        const seen = await database.transaction(async (session) => {
          await session.dao(sample).insert(sampleRow(1n));
          return count(session);
        });
        expect([seen, queryCache.questions.length]).toEqual([1, 1]);
      },
      { queryCache },
    );
  });

  test('the age of an answer is above nothing', () =>
    onFresh(open, (database) =>
      expect(database.read((session) => session.dao(sample).find({ maxAgeMs: 0 }))).rejects.toMatchObject({
        code: 'ERR_DAO_INPUT',
        message: expect.stringContaining('maxAgeMs'),
      }),
    ));
}
