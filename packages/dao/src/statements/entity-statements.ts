import type { SQL } from 'drizzle-orm';
import type { Condition } from '../conditions.ts';
import type { Change, MergeRule, RowValues, Selection } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { Flavor } from './flavor.ts';
import { Renderer, placeOrder } from './render.ts';
import type { ConditionShape, MergeShape } from './shapes.ts';

/** A statement with its values, in the order of its placeholders. */
export interface BoundStatement<Cell> {
  readonly text: string;
  readonly values: readonly Cell[];
}

/** Shapes come from code, not from requests, but a list's length is the caller's: hence buckets and a bound. */
const maxShapes = 256;

const listLengths: readonly number[] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];

/** The statements of one entity in one dialect: each shape is rendered once, which costs ten times what running it may do. */
export class EntityStatements<Cell> {
  readonly entity: Entity;
  /** How many rows fit into one statement: a power of two, so that few lengths of statements exist. */
  readonly mostRows: number;
  readonly #flavor: Flavor<Cell>;
  readonly #renderer: Renderer;
  readonly #columns: readonly (readonly [name: string, column: Entity['columns'][string]])[];
  readonly #texts = new Map<string, string>();
  readonly #get: string;

  constructor(entity: Entity, flavor: Flavor<Cell>) {
    this.entity = entity;
    this.#flavor = flavor;
    this.#renderer = new Renderer(flavor, entity);
    this.#columns = Object.entries(entity.columns);
    this.mostRows = Math.min(flavor.mostRows, 2 ** Math.floor(Math.log2(flavor.maxBindings / this.#columns.length)));
    this.#get = this.#render(this.#renderer.getMany(1, false));
  }

  get(key: readonly unknown[]): BoundStatement<Cell> {
    return { text: this.#get, values: this.#encodeKey(key) };
  }

  /** @param keys at least one */
  getMany(keys: readonly (readonly unknown[])[], isForUpdate = false): BoundStatement<Cell> {
    const padded = pad(keys);
    const text = this.#text(`many ${padded.length} ${isForUpdate}`, () => this.#renderer.getMany(padded.length, isForUpdate));
    return { text, values: padded.flatMap((key) => this.#encodeKey(key)) };
  }

  select({ where, orderBy, descending, after, limit }: Selection): BoundStatement<Cell> {
    const bound = this.#bind(where);
    const shape = { where: bound.shapes, orderBy, descending, hasAfter: after !== null };
    const text = this.#text(`select ${bound.name} ${orderBy.join()} ${descending} ${shape.hasAfter}`, () => this.#renderer.select(shape));
    const place = after === null ? [] : orderBy.map((name, index) => this.#encode(name, after[index]));
    return { text, values: [...bound.values, ...placeOrder(place, this.#flavor.hasRowComparison), this.#flavor.codec.encodeLoose(BigInt(limit))] };
  }

  count(where: readonly Condition[]): BoundStatement<Cell> {
    const bound = this.#bind(where);
    return { text: this.#text(`count ${bound.name}`, () => this.#renderer.count(bound.shapes)), values: bound.values };
  }

  insert(rows: readonly RowValues[]): BoundStatement<Cell> {
    const text = this.#text(`insert ${rows.length}`, () => this.#renderer.insert(rows.length));
    return { text, values: rows.flatMap((row) => this.encodeRow(row)) };
  }

  merge(rows: readonly RowValues[], rule: MergeRule): BoundStatement<Cell> {
    const { name, shape, bounds } = mergeShape(this.entity, rule);
    const text = this.#text(`merge ${rows.length} ${name}`, () => this.#renderer.merge(rows.length, shape));
    const bound = this.#flavor.hasMergeBounds ? bounds.map((value) => this.#flavor.codec.encodeLoose(value)) : [];
    return { text, values: [...rows.flatMap((row) => this.encodeRow(row)), ...bound] };
  }

  update({ key, where, set, add }: Change): BoundStatement<Cell> {
    const bound = this.#bind([...this.#keyConditions(key), ...where]);
    const names = Object.keys(set);
    const added = Object.keys(add);
    const text = this.#text(`update ${names.join()} ${added.join()} ${bound.name}`, () =>
      this.#renderer.update({ set: names, add: added, where: bound.shapes }),
    );
    const steps = added.map((name) => this.#flavor.codec.encodeLoose(add[name] ?? 0n));
    return { text, values: [...names.map((name) => this.#encode(name, set[name])), ...steps, ...bound.values] };
  }

  delete(key: readonly unknown[], where: readonly Condition[]): BoundStatement<Cell> {
    const bound = this.#bind([...this.#keyConditions(key), ...where]);
    return { text: this.#text(`delete ${bound.name}`, () => this.#renderer.delete(bound.shapes)), values: bound.values };
  }

  /** @returns the row that a statement of this entity gave as an array of cells */
  decode(cells: unknown): RowValues | undefined {
    if (!Array.isArray(cells)) return undefined;
    const row: Record<string, unknown> = {};
    const columns = this.#columns;
    const { codec } = this.#flavor;
    for (let index = 0; index < columns.length; index += 1) {
      const entry = columns[index];
      if (entry !== undefined) row[entry[0]] = codec.decode(entry[1], cells[index]);
    }
    return row;
  }

  decodeAll(rows: readonly unknown[]): readonly RowValues[] {
    return rows.map((cells) => this.decode(cells)).filter((row) => row !== undefined);
  }

  /** @returns the rows that these bound values of an insert will read back as */
  readBack(values: readonly Cell[]): readonly RowValues[] {
    const size = this.#columns.length;
    const rows: RowValues[] = [];
    for (let from = 0; from < values.length; from += size) {
      // A Uint8Array is copied: the caller may change his.
      const cells = values.slice(from, from + size).map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value));
      rows.push(this.decode(cells) ?? {});
    }
    return rows;
  }

  /** @returns the values of all columns in their order */
  encodeRow(row: RowValues): Cell[] {
    return this.#columns.map(([name, column]) => this.#flavor.codec.encode(column, row[name]));
  }

  #text(shape: string, statement: () => SQL): string {
    const known = this.#texts.get(shape);
    if (known !== undefined) return known;
    const text = this.#render(statement());
    if (this.#texts.size >= maxShapes) this.#texts.clear();
    this.#texts.set(shape, text);
    return text;
  }

  #render(statement: SQL): string {
    const { text, values } = this.#flavor.render(statement);
    const inOrder = values.every((value, index) => typeof value === 'object' && value !== null && 'name' in value && value.name === String(index));
    if (!inOrder) throw new DaoError('ERR_DAO_STATEMENT', 'values would be bound in another order than they are given');
    return text;
  }

  #keyConditions(key: readonly unknown[]): readonly Condition[] {
    return this.entity.key.map((column, index) => ({ column, operator: 'eq', values: [key[index]] }));
  }

  #bind(where: readonly Condition[]): { readonly name: string; readonly shapes: readonly ConditionShape[]; readonly values: readonly Cell[] } {
    const padded = where.map(({ column, operator, values }) => ({ column, operator, values: operator === 'in' ? pad(values) : values }));
    return {
      name: padded.map(({ column, operator, values }) => `${column} ${operator} ${values.length}`).join(),
      shapes: padded.map(({ column, operator, values }) => ({ column, operator, size: values.length })),
      values: padded.flatMap(({ column, values }) => values.map((value) => this.#encode(column, value))),
    };
  }

  #encode(name: string, value: unknown): Cell {
    const column = this.entity.columns[name];
    if (column === undefined) throw new DaoError('ERR_DAO_INPUT', `${this.entity.name} has no such column`, { entity: this.entity.name });
    return this.#flavor.codec.encode(column, value);
  }

  #encodeKey(key: readonly unknown[]): Cell[] {
    return this.entity.key.map((name, index) => this.#encode(name, key[index]));
  }
}

function mergeShape(entity: Entity, rule: MergeRule): { readonly name: string; readonly shape: MergeShape; readonly bounds: readonly bigint[] } {
  const { managed, key, columns } = entity;
  if (rule.kind === 'add') {
    const replaced = managed.updatedAt === undefined ? [] : [managed.updatedAt];
    const added = rule.columns.map(({ column }) => column);
    return {
      name: `add ${added.join()}`,
      shape: { replaced, added, stepped: managed.version, raised: undefined },
      bounds: rule.columns.flatMap(({ min, max }) => [min, max]),
    };
  }
  const isKept = (name: string): boolean => key.includes(name) || name === managed.createdAt || (rule.kind === 'replace' && name === managed.version);
  const replaced = Object.keys(columns).filter((name) => !isKept(name));
  const stepped = rule.kind === 'replace' ? managed.version : undefined;
  const raised = rule.kind === 'raise' ? managed.version : undefined;
  return { name: rule.kind, shape: { replaced, added: [], stepped, raised }, bounds: [] };
}

/**
 * @returns the list, its last item repeated up to a length that many lists share, so that few statements exist. The items that are
 *   added cost the server like others: the lengths are the round ones that callers choose, and never beyond 1000, which is Oracle's bound
 */
function pad<T>(items: readonly T[]): readonly T[] {
  const last = items.at(-1);
  const size = listLengths.find((length) => length >= items.length);
  if (last === undefined || size === undefined || size === items.length) return items;
  return [...items, ...Array.from({ length: size - items.length }, () => last)];
}

/** @returns what makes the statements of an entity in a flavor, each once */
export function statementsIn<Cell>(flavor: Flavor<Cell>): (entity: Entity) => EntityStatements<Cell> {
  const known = new WeakMap<Entity, EntityStatements<Cell>>();
  return (entity) => {
    let statements = known.get(entity);
    if (statements === undefined) {
      statements = new EntityStatements(entity, flavor);
      known.set(entity, statements);
    }
    return statements;
  };
}
