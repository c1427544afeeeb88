import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Session } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { holding, onFresh } from '../../testing/sample.ts';
import { temporaryDatabase } from '../../testing/temporary-database.ts';

interface Holding {
  readonly owner: bigint;
  readonly quantity: bigint;
  readonly version: number;
}
type Model = Map<string, Holding>;

/** What the model says that a step gives: the row, or the code of the error. */
interface Step {
  readonly name: string;
  readonly model: (model: Model) => unknown;
  readonly real: (session: Session) => Promise<unknown>;
}

const slots = ['', 'a', 'A', 'ä', '%'];
const key = fc.record({ bag: fc.bigInt({ min: 0n, max: 1n }), slot: fc.constantFrom(...slots) });
type Key = { readonly bag: bigint; readonly slot: string };
const nameOf = ({ bag, slot }: Key): string => `${bag}/${slot}`;
const rowOf = (at: Key, row: Holding): unknown => ({ ...at, ...row });
const values = fc.record({ owner: fc.bigInt({ min: 0n, max: 3n }), quantity: fc.bigInt({ min: 0n, max: 5n }) });

const insert = fc.tuple(key, values).map(([at, value]): Step => ({
  name: `insert ${nameOf(at)}`,
  model: (model) => {
    if (model.has(nameOf(at))) return 'ERR_DAO_DUPLICATE';
    model.set(nameOf(at), { ...value, version: 1 });
    return rowOf(at, { ...value, version: 1 });
  },
  real: (session) => session.dao(holding).insert({ ...at, ...value }),
}));

const upsert = fc.tuple(key, values).map(([at, value]): Step => ({
  name: `upsert ${nameOf(at)}`,
  model: (model) => {
    const row = { ...value, version: (model.get(nameOf(at))?.version ?? 0) + 1 };
    model.set(nameOf(at), row);
    return rowOf(at, row);
  },
  real: (session) => session.dao(holding).upsert({ ...at, ...value }),
}));

const update = fc.tuple(key, values, fc.option(fc.integer({ min: 1, max: 3 }))).map(([at, value, expected]): Step => ({
  name: `update ${nameOf(at)} at version ${expected}`,
  model: (model) => {
    const row = model.get(nameOf(at));
    if (row === undefined) return 'ERR_DAO_NOT_FOUND';
    if (expected !== null && row.version !== expected) return 'ERR_DAO_VERSION';
    model.set(nameOf(at), { ...value, version: row.version + 1 });
    return rowOf(at, { ...value, version: row.version + 1 });
  },
  real: (session) => session.dao(holding).update(at, value, expected === null ? {} : { expectedVersion: expected }),
}));

const increment = fc.tuple(key, fc.bigInt({ min: -4n, max: 4n })).map(([at, delta]): Step => ({
  name: `increment ${nameOf(at)} by ${delta}`,
  model: (model) => {
    const row = model.get(nameOf(at));
    if (row === undefined) return 'ERR_DAO_NOT_FOUND';
    if (row.quantity + delta < 0n) return 'ERR_DAO_INSUFFICIENT';
    const after = { ...row, quantity: row.quantity + delta, version: row.version + 1 };
    model.set(nameOf(at), after);
    return rowOf(at, after);
  },
  real: (session) => session.dao(holding).increment(at, { quantity: delta }, { min: 0n }),
}));

const remove = key.map((at): Step => ({
  name: `delete ${nameOf(at)}`,
  model: (model) => model.delete(nameOf(at)),
  real: (session) => session.dao(holding).delete(at),
}));
const count = fc.bigInt({ min: 0n, max: 3n }).map((owner): Step => ({
  name: `count of ${owner}`,
  model: (model) => [...model.values()].filter((row) => row.owner === owner).length,
  real: (session) => session.dao(holding).count({ owner }),
}));

const transactions = fc.array(
  fc.record({ steps: fc.array(fc.oneof(insert, upsert, update, increment, remove, count), { maxLength: 8 }), fails: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
);

const codeOrThrow = (error: unknown): unknown => {
  if (error instanceof DaoError) return error.code;
  throw error;
};

test('random transactions, some of which fail, leave what a Map would hold', async () => {
  await fc.assert(
    fc.asyncProperty(transactions, (all) =>
      onFresh(temporaryDatabase, async (database) => {
        let model: Model = new Map();
        // All are queued at once, so that they share groups.
        await Promise.all(
          all.map(({ steps, fails }) =>
            database
              .transaction(async (session) => {
                const attempt: Model = new Map(model);
                for (const step of steps) expect([step.name, await step.real(session).catch(codeOrThrow)]).toEqual([step.name, step.model(attempt)]);
                if (fails) throw new RangeError('on purpose');
                model = attempt;
              })
              .catch((error: unknown) => {
                if (!(error instanceof RangeError)) throw error;
              }),
          ),
        );
        const rows = await database.read((session) => session.dao(holding).find());
        const wanted = [...model].map(([name, row]) => ({ bag: BigInt(name.split('/')[0] ?? ''), slot: name.slice(name.indexOf('/') + 1), ...row }));
        expect(new Set(rows.map((row) => `${row.bag}/${row.slot} ${row.owner} ${row.quantity} ${row.version}`))).toEqual(
          new Set(wanted.map((row) => `${row.bag}/${row.slot} ${row.owner} ${row.quantity} ${row.version}`)),
        );
      }),
    ),
    { numRuns: 40 },
  );
}, 60_000);
