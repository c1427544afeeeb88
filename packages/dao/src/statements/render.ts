/** Statements that all dialects have, as drizzle's SQL objects with placeholders; a dialect's flavor turns them into text. */
import { type Placeholder, type SQL, type SQLWrapper, and, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, ne, or, sql } from 'drizzle-orm';
import type { Operator } from '../conditions.ts';
import type { Entity } from '../entity.ts';
import type { Flavor } from './flavor.ts';
import { Names, Slots, list } from './names.ts';
import type { ConditionShape, MergeShape, SelectShape, UpdateShape } from './shapes.ts';

type Compare = (column: SQLWrapper, slots: readonly Placeholder[]) => SQL | undefined;

const first =
  (compare: (column: SQL, value: Placeholder | undefined) => SQL): Compare =>
  (column, slots) =>
    compare(sql`${column}`, slots[0]);
const comparisons: Readonly<Record<Operator, Compare>> = {
  eq: first(eq),
  ne: first(ne),
  gt: first(gt),
  gte: first(gte),
  lt: first(lt),
  lte: first(lte),
  in: (column, slots) => inArray(sql`${column}`, [...slots]),
  isNull: (column) => isNull(column),
  isNotNull: (column) => isNotNull(column),
  never: () => sql`1 = 0`,
};

/** Renders the statements of one entity in one flavor. */
export class Renderer {
  readonly #flavor: Flavor;
  readonly #entity: Entity;
  readonly #names: Names;

  constructor(flavor: Flavor, entity: Entity) {
    this.#flavor = flavor;
    this.#entity = entity;
    this.#names = new Names(entity);
  }

  /** Values: those of `where`, of the place after which to begin (see {@link placeOrder}), the limit. */
  select({ where, orderBy, descending, hasAfter }: SelectShape): SQL {
    const slots = new Slots();
    const conditions = this.#conditions(where, slots);
    if (hasAfter) conditions.push(this.#after(orderBy, descending, slots));
    const order = list(orderBy.map((name) => this.#direction(name, descending)));
    return sql`select ${this.#names.all} from ${this.#names.table}${whereClause(conditions)} order by ${order} ${this.#flavor.limit(slots.one())}`;
  }

  /** Values: those of the keys, one key after the other. */
  getMany(keys: number, isForUpdate: boolean): SQL {
    const slots = new Slots();
    const [only = ''] = this.#entity.key;
    const oneKey = (): SQL | undefined => and(...this.#entity.key.map((name) => eq(sql`${this.#names.column(name)}`, slots.one())));
    const clause =
      this.#entity.key.length > 1 || keys === 1 ? or(...Array.from({ length: keys }, oneKey)) : inArray(sql`${this.#names.column(only)}`, slots.take(keys));
    const lock = isForUpdate ? this.#flavor.forUpdate : undefined;
    return sql`select ${this.#names.all} from ${this.#names.table} where ${clause}${lock === undefined ? sql`` : sql` ${lock}`}`;
  }

  /** Values: those of `where`. */
  count(where: readonly ConditionShape[]): SQL {
    return sql`select count(*) from ${this.#names.table}${whereClause(this.#conditions(where, new Slots()))}`;
  }

  /** Values: those of all columns in the order of the entity, one row after the other. */
  insert(rows: number): SQL {
    return insertInto(this.#entity, this.#names, rows, new Slots());
  }

  /** Values: see {@link Flavor.merge}. */
  merge(rows: number, shape: MergeShape): SQL {
    return this.#flavor.merge({ entity: this.#entity, names: this.#names, slots: new Slots(), rows, shape });
  }

  /** Values: those that are set, those that are added, those of `where`. */
  update({ set, add, where }: UpdateShape): SQL {
    const slots = new Slots();
    const assignments = [
      ...set.map((name) => sql`${this.#names.column(name)} = ${slots.one()}`),
      ...add.map((name) => sql`${this.#names.column(name)} = ${this.#names.column(name)} + ${slots.one()}`),
    ];
    const returning = this.#flavor.hasReturning ? sql` returning ${this.#names.all}` : sql``;
    return sql`update ${this.#names.table} set ${list(assignments)}${whereClause(this.#conditions(where, slots))}${returning}`;
  }

  /** Values: those of `where`. */
  delete(where: readonly ConditionShape[]): SQL {
    return sql`delete from ${this.#names.table}${whereClause(this.#conditions(where, new Slots()))}`;
  }

  #conditions(where: readonly ConditionShape[], slots: Slots): (SQL | undefined)[] {
    return where.map(({ column, operator, size }) => comparisons[operator](this.#names.column(column), slots.take(size)));
  }

  #direction(name: string, descending: boolean): SQL {
    const isNullable = this.#entity.columns[name]?.traits.isNullable === true;
    // Null is the least value everywhere: said where the dialect takes it for the greatest, and only where there can be one.
    const nulls = isNullable && !this.#flavor.hasLeastNull ? sql.raw(descending ? ' nulls last' : ' nulls first') : sql``;
    return sql`${this.#names.column(name)} ${sql.raw(descending ? 'desc' : 'asc')}${nulls}`;
  }

  #after(orderBy: readonly string[], descending: boolean, slots: Slots): SQL {
    if (this.#flavor.hasRowComparison) {
      const place = list(slots.take(orderBy.length).map((slot) => sql`${slot}`));
      return sql`(${this.#names.columns(orderBy)}) ${sql.raw(descending ? '<' : '>')} (${place})`;
    }
    const beyond = descending ? lt : gt;
    const steps = orderBy.map((name, depth) =>
      and(...orderBy.slice(0, depth).map((equal) => eq(sql`${this.#names.column(equal)}`, slots.one())), beyond(sql`${this.#names.column(name)}`, slots.one())),
    );
    return or(...steps) ?? sql`1 = 1`;
  }
}

/** @returns the values of a place in the order in which a select binds them */
export function placeOrder<T>(place: readonly T[], hasRowComparison: boolean): readonly T[] {
  return hasRowComparison ? place : place.flatMap((_, depth) => place.slice(0, depth + 1));
}

/** @returns INSERT INTO … VALUES …, for statements that begin with one */
export function insertInto(entity: Entity, names: Names, rows: number, slots: Slots): SQL {
  const size = Object.keys(entity.columns).length;
  const row = (): SQL => sql`(${list(slots.take(size).map((slot) => sql`${slot}`))})`;
  return sql`insert into ${names.table} (${names.all}) values ${list(Array.from({ length: rows }, row))}`;
}

function whereClause(conditions: readonly (SQL | undefined)[]): SQL {
  return conditions.length === 0 ? sql`` : sql` where ${and(...conditions)}`;
}
