import type { SQLInputValue } from 'node:sqlite';
import type { Condition } from '../../conditions.ts';
import type { Entity } from '../../entity.ts';
import type { Change, MergeRule, RowValues, Selection } from '../dialect.ts';
import { decodeCell, encodeCell } from './codec.ts';
import {
  type ConditionShape,
  type EntityTable,
  renderCount,
  renderDelete,
  renderGetMany,
  type MergeShape,
  renderInsert,
  renderMerge,
  renderSelect,
  renderUpdate,
  tableOf,
} from './drizzle.ts';

/** A statement with its values, in the order of its placeholders. */
export interface BoundStatement {
  readonly text: string;
  readonly values: readonly SQLInputValue[];
}

/** Shapes come from code, not from requests, but a list's length is the caller's: hence buckets and a bound. */
const maxShapes = 256;
/** Beyond this a longer statement saves nothing more. */
const mostRows = 128;
/** SQLite's own bound on the values of one statement. */
const maxBindings = 32_766;

/** The statements of one entity: each shape is rendered once, which costs ten times what running it does. */
export class EntityStatements {
  readonly entity: Entity;
  readonly #table: EntityTable;
  readonly #columns: readonly (readonly [name: string, column: Entity['columns'][string]])[];
  readonly #texts = new Map<string, string>();
  readonly #get: string;

  constructor(entity: Entity) {
    this.entity = entity;
    this.#table = tableOf(entity);
    this.#columns = Object.entries(entity.columns);
    this.#get = renderGetMany(this.#table, 1);
  }

  get(key: readonly unknown[]): BoundStatement {
    return { text: this.#get, values: this.#encodeKey(key) };
  }

  getMany(keys: readonly (readonly unknown[])[]): BoundStatement {
    const padded = pad(keys);
    const text = this.#text(`many ${padded.length}`, () => renderGetMany(this.#table, padded.length));
    return { text, values: padded.flatMap((key) => this.#encodeKey(key)) };
  }

  select({ where, orderBy, descending, after, limit }: Selection): BoundStatement {
    const bound = this.#bind(where);
    const shape = { where: bound.shapes, orderBy, descending, hasAfter: after !== null };
    const text = this.#text(`select ${bound.name} ${orderBy.join()} ${descending} ${shape.hasAfter}`, () => renderSelect(this.#table, shape));
    const place = after === null ? [] : orderBy.map((name, index) => this.#encode(name, after[index]));
    return { text, values: [...bound.values, ...place, BigInt(limit)] };
  }

  count(where: readonly Condition[]): BoundStatement {
    const bound = this.#bind(where);
    return { text: this.#text(`count ${bound.name}`, () => renderCount(this.#table, bound.shapes)), values: bound.values };
  }

  /** @returns how many rows fit into one statement: a power of two, so that few lengths of statements exist */
  get mostRows(): number {
    return Math.min(mostRows, 2 ** Math.floor(Math.log2(maxBindings / this.#columns.length)));
  }

  insert(rows: readonly RowValues[]): BoundStatement {
    const text = this.#text(`insert ${rows.length}`, () => renderInsert(this.#table, rows.length));
    return { text, values: rows.flatMap((row) => this.#encodeRow(row)) };
  }

  merge(rows: readonly RowValues[], rule: MergeRule): BoundStatement {
    const { name, shape, bounds } = this.#mergeShape(rule);
    const text = this.#text(`merge ${rows.length} ${name}`, () => renderMerge(this.#table, rows.length, shape));
    return { text, values: [...rows.flatMap((row) => this.#encodeRow(row)), ...bounds] };
  }

  update({ where, set, add }: Change): BoundStatement {
    const bound = this.#bind(where);
    const names = Object.keys(set);
    const added = Object.keys(add);
    const text = this.#text(`update ${names.join()} ${added.join()} ${bound.name}`, () => renderUpdate(this.#table, names, added, bound.shapes));
    return { text, values: [...names.map((name) => this.#encode(name, set[name])), ...added.map((name) => add[name] ?? 0n), ...bound.values] };
  }

  delete(where: readonly Condition[]): BoundStatement {
    const bound = this.#bind(where);
    return { text: this.#text(`delete ${bound.name}`, () => renderDelete(this.#table, bound.shapes)), values: bound.values };
  }

  /** @returns the row that a statement of this entity gave as an array of cells */
  decode(cells: unknown): RowValues | undefined {
    if (!Array.isArray(cells)) return undefined;
    const row: Record<string, unknown> = {};
    const columns = this.#columns;
    for (let index = 0; index < columns.length; index += 1) {
      const entry = columns[index];
      if (entry !== undefined) row[entry[0]] = decodeCell(entry[1], cells[index]);
    }
    return row;
  }

  /** @returns the rows that these bound values of an insert will read back as */
  readBack(values: readonly SQLInputValue[]): RowValues[] {
    const size = this.#columns.length;
    const rows: RowValues[] = [];
    for (let from = 0; from < values.length; from += size) {
      // A Uint8Array is copied: the caller may change his.
      const cells = values.slice(from, from + size).map((value) => (value instanceof Uint8Array ? Uint8Array.from(value) : value));
      rows.push(this.decode(cells) ?? {});
    }
    return rows;
  }

  decodeAll(rows: readonly unknown[]): readonly RowValues[] {
    return rows.map((cells) => this.decode(cells)).filter((row) => row !== undefined);
  }

  #mergeShape(rule: MergeRule): { readonly name: string; readonly shape: MergeShape; readonly bounds: readonly bigint[] } {
    const { managed, key, columns } = this.entity;
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

  #text(shape: string, render: () => string): string {
    const known = this.#texts.get(shape);
    if (known !== undefined) return known;
    const text = render();
    if (this.#texts.size >= maxShapes) this.#texts.clear();
    this.#texts.set(shape, text);
    return text;
  }

  #bind(where: readonly Condition[]): { readonly name: string; readonly shapes: readonly ConditionShape[]; readonly values: readonly SQLInputValue[] } {
    const padded = where.map(({ column, operator, values }) => ({ column, operator, values: operator === 'in' ? pad(values) : values }));
    return {
      name: padded.map(({ column, operator, values }) => `${column} ${operator} ${values.length}`).join(),
      shapes: padded.map(({ column, operator, values }) => ({ column, operator, size: values.length })),
      values: padded.flatMap(({ column, values }) => values.map((value) => this.#encode(column, value))),
    };
  }

  #encode(name: string, value: unknown): SQLInputValue {
    const column = this.entity.columns[name];
    return column === undefined ? null : encodeCell(column, value);
  }

  #encodeKey(key: readonly unknown[]): SQLInputValue[] {
    return this.entity.key.map((name, index) => this.#encode(name, key[index]));
  }

  #encodeRow(row: RowValues): SQLInputValue[] {
    return this.#columns.map(([name, column]) => encodeCell(column, row[name]));
  }
}

/** @returns the list, its last item repeated up to a power of two, so that few lengths of statements exist */
function pad<T>(items: readonly T[]): readonly T[] {
  const last = items.at(-1);
  if (last === undefined) return items;
  const size = 2 ** Math.ceil(Math.log2(items.length));
  return [...items, ...Array.from({ length: size - items.length }, () => last)];
}

const known = new WeakMap<Entity, EntityStatements>();

/** @returns the statements of an entity, made once */
export function statementsOf(entity: Entity): EntityStatements {
  let statements = known.get(entity);
  if (statements === undefined) {
    statements = new EntityStatements(entity);
    known.set(entity, statements);
  }
  return statements;
}
