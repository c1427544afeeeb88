import * as fc from 'fast-check';
import type { Session } from '../database.ts';
import type { Row } from '../entity.ts';
import { holding } from './sample.ts';

export type Holding = Row<typeof holding>;
/** What a database holds, by the name of the key. */
export type Model = Map<string, Holding>;

/** One call of a DAO, beside what it must do and give. */
export interface Step {
  readonly name: string;
  /** Changes the model. @returns what the call gives, or the code of its error */
  readonly expected: (model: Model) => unknown;
  readonly call: (session: Session) => Promise<unknown>;
}

/** A step of the run whose bags these are: runs share a table, and none sees the rows of another. */
export type StepOf = (bags: readonly [least: bigint, greatest: bigint]) => Step;

type Bags = Parameters<StepOf>[0];
/** A key by its place: in the first bag or in the second. */
interface Place {
  readonly at: 0 | 1;
  readonly slot: string;
}

const place = fc.record({ at: fc.constantFrom<0 | 1>(0, 1), slot: fc.constantFrom('', 'a', 'A', 'ä', '%') });
const values = fc.record({ owner: fc.bigInt({ min: 0n, max: 3n }), quantity: fc.bigInt({ min: 0n, max: 5n }) });
const version = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const versionOptions = (expected: number | undefined) => (expected === undefined ? {} : { expectedVersion: expected });

const keyIn = (bags: Bags, { at, slot }: Place) => ({ bag: bags[at], slot });
const nameOf = ({ bag, slot }: { readonly bag: bigint; readonly slot: string }): string => `${bag}/${slot}`;
const within = ([gte, lte]: Bags) => ({ bag: { gte, lte } });

function put(model: Model, row: Holding): Holding {
  model.set(nameOf(row), row);
  return row;
}

function compare(one: bigint | string, other: bigint | string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** @returns the rows in the order of a page by owner */
function inOrder(rows: Iterable<Holding>): Holding[] {
  return [...rows].toSorted((a, b) => compare(a.owner, b.owner) || compare(a.bag, b.bag) || compare(a.slot, b.slot));
}

const insert = fc.tuple(place, values).map(([at, value]): StepOf => (bags) => {
  const row = { ...keyIn(bags, at), ...value };
  return {
    name: `insert ${nameOf(row)}`,
    expected: (model) => (model.has(nameOf(row)) ? 'ERR_DAO_DUPLICATE' : put(model, { ...row, version: 1 })),
    call: (session) => session.dao(holding).insert(row),
  };
});

const insertMany = fc.array(fc.tuple(place, values), { maxLength: 5 }).map((all): StepOf => (bags) => {
  const rows = all.map(([at, value]) => ({ ...keyIn(bags, at), ...value }));
  const names = rows.map(nameOf);
  return {
    name: `insertMany ${names.join()}`,
    expected: (model) => {
      if (new Set(names).size < names.length || names.some((name) => model.has(name))) return 'ERR_DAO_DUPLICATE';
      return rows.map((row) => put(model, { ...row, version: 1 }));
    },
    call: (session) => session.dao(holding).insertMany(rows),
  };
});

const upsert = fc.tuple(place, values).map(([at, value]): StepOf => (bags) => {
  const row = { ...keyIn(bags, at), ...value };
  return {
    name: `upsert ${nameOf(row)}`,
    expected: (model) => put(model, { ...row, version: (model.get(nameOf(row))?.version ?? 0) + 1 }),
    call: (session) => session.dao(holding).upsert(row),
  };
});

const update = fc.tuple(place, values, version).map(([at, value, expected]): StepOf => (bags) => {
  const key = keyIn(bags, at);
  return {
    name: `update ${nameOf(key)} at version ${expected}`,
    expected: (model) => {
      const row = model.get(nameOf(key));
      if (row === undefined) return 'ERR_DAO_NOT_FOUND';
      if (expected !== undefined && row.version !== expected) return 'ERR_DAO_VERSION';
      return put(model, { ...row, ...value, version: row.version + 1 });
    },
    call: (session) => session.dao(holding).update(key, value, versionOptions(expected)),
  };
});

const increment = fc.tuple(place, fc.bigInt({ min: -4n, max: 4n })).map(([at, delta]): StepOf => (bags) => {
  const key = keyIn(bags, at);
  return {
    name: `increment ${nameOf(key)} by ${delta}`,
    expected: (model) => {
      const row = model.get(nameOf(key));
      if (row === undefined) return 'ERR_DAO_NOT_FOUND';
      if (row.quantity + delta < 0n) return 'ERR_DAO_INSUFFICIENT';
      return put(model, { ...row, quantity: row.quantity + delta, version: row.version + 1 });
    },
    call: (session) => session.dao(holding).increment(key, { quantity: delta }, { min: 0n }),
  };
});

const remove = fc.tuple(place, version).map(([at, expected]): StepOf => (bags) => {
  const key = keyIn(bags, at);
  return {
    name: `delete ${nameOf(key)} at version ${expected}`,
    expected: (model) => {
      const row = model.get(nameOf(key));
      if (row !== undefined && expected !== undefined && row.version !== expected) return 'ERR_DAO_VERSION';
      return model.delete(nameOf(key));
    },
    call: (session) => session.dao(holding).delete(key, versionOptions(expected)),
  };
});

const getMany = fc.array(place, { maxLength: 6 }).map((places): StepOf => (bags) => {
  const keys = places.map((at) => keyIn(bags, at));
  return {
    name: `getMany ${keys.map(nameOf).join()}`,
    expected: (model) => [...new Set(keys.map(nameOf))].map((name) => model.get(name)).filter((row) => row !== undefined),
    call: (session) => session.dao(holding).getMany(keys),
  };
});

const find = fc.tuple(fc.bigInt({ min: 0n, max: 3n }), fc.boolean()).map(([owner, descending]): StepOf => (bags) => ({
  name: `find of owner ${owner} (descending: ${descending})`,
  expected: (model) => {
    const rows = inOrder([...model.values()].filter((row) => row.owner === owner));
    return descending ? rows.toReversed() : rows;
  },
  call: (session) => session.dao(holding).find({ where: { ...within(bags), owner }, descending }),
}));

const pages = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()).map(([limit, descending]): StepOf => (bags) => ({
  name: `pages of ${limit} (descending: ${descending})`,
  expected: (model) => (descending ? inOrder(model.values()).toReversed() : inOrder(model.values())),
  call: async (session) => {
    const rows: Holding[] = [];
    let cursor: string | null = null;
    do {
      const page: { readonly items: readonly Holding[]; readonly nextCursor: string | null } = await session
        .dao(holding)
        .page({ where: within(bags), orderBy: 'owner', limit, descending, cursor });
      rows.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return rows;
  },
}));

/** Any call, the more telling ones more often. */
export const anyStep: fc.Arbitrary<StepOf> = fc.oneof(insert, insertMany, upsert, update, increment, remove, getMany, find, pages);
