import type { Column } from './column.ts';
import type { ComparableNames, Entity } from './entity.ts';
import { DaoError } from './errors.ts';
import { checkValue, maxTextBytes } from './values.ts';

/** Comparisons with a column's value; several of them are all required. */
export interface Comparisons<Value> {
  readonly eq?: Value | null;
  readonly ne?: Value | null;
  readonly gt?: Value;
  readonly gte?: Value;
  readonly lt?: Value;
  readonly lte?: Value;
  /** At most 1000 values; none matches nothing. */
  readonly in?: readonly Value[];
}

/** Comparisons with a text. */
export interface TextComparisons extends Comparisons<string> {
  readonly startsWith?: string;
}

/** Comparisons with the value of an encrypted column that is searchable. */
export type EqualityComparisons<Value> = Pick<Comparisons<Value>, 'eq' | 'ne' | 'in'>;

type ConditionOn<Value, C extends Column> =
  | Value
  | null
  | (C['$secrecy'] extends 'searchable' ? EqualityComparisons<Value> : [Value] extends [string] ? TextComparisons : Comparisons<Value>);

/**
 * What rows must fulfil, by column; all of it is required. A value stands for equality, null for "is null".
 * Comparisons never match null; json and bytes columns cannot be compared, nor encrypted ones, unless they are searchable: those with equality.
 */
export type Conditions<E extends Entity> = Readonly<
  Partial<{ [K in ComparableNames<E>]: ConditionOn<NonNullable<E['columns'][K]['$value']>, E['columns'][K]> }>
>;

/** The comparisons that a dialect renders. */
export type Operator = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'isNull' | 'isNotNull' | 'never';

/** One checked comparison; every value is bound, never part of the statement. */
export interface Condition {
  readonly column: string;
  readonly operator: Operator;
  readonly values: readonly unknown[];
}

/** Oracle refuses lists of more than 1000 values. */
const maxListValues = 1000;

type Parse = (entity: Entity, name: string, column: Column, value: unknown) => readonly Condition[];

function comparison(operator: Operator): Parse {
  return (entity, name, column, value) => {
    if (value === null) return [nullTest(entity, name, operator)];
    checkValue(entity, name, column, value);
    return [{ column: name, operator, values: [value] }];
  };
}

function nullTest(entity: Entity, column: string, operator: Operator): Condition {
  if (operator === 'eq') return { column, operator: 'isNull', values: [] };
  if (operator === 'ne') return { column, operator: 'isNotNull', values: [] };
  throw inputError(entity, column, `${operator} takes no null`);
}

const parsers: Readonly<Record<string, Parse>> = {
  eq: comparison('eq'),
  ne: comparison('ne'),
  gt: comparison('gt'),
  gte: comparison('gte'),
  lt: comparison('lt'),
  lte: comparison('lte'),
  in: parseList,
  startsWith: parsePrefix,
};

/** What the keyed hash of an encrypted value can be asked for. */
const equalities: ReadonlySet<string> = new Set(['eq', 'ne', 'in']);

function parseList(entity: Entity, name: string, column: Column, values: unknown): readonly Condition[] {
  if (!Array.isArray(values) || values.length > maxListValues) throw inputError(entity, name, `in takes a list of at most ${maxListValues} values`);
  if (values.length === 0) return [{ column: name, operator: 'never', values: [] }];
  for (const value of values) {
    if (value === null) throw inputError(entity, name, 'in takes no null');
    checkValue(entity, name, column, value);
  }
  return [{ column: name, operator: 'in', values }];
}

/** A prefix is a range of texts: it uses the index, needs no escaping, and means the same in every dialect. */
function parsePrefix(entity: Entity, name: string, column: Column, prefix: unknown): readonly Condition[] {
  if (column.kind !== 'text' || typeof prefix !== 'string') throw inputError(entity, name, 'startsWith compares texts');
  if (prefix === '') return [{ column: name, operator: 'isNotNull', values: [] }];
  checkValue(entity, name, column, prefix);
  // No text is longer, and the end of its range would be one that no dialect needs to take.
  if (Buffer.byteLength(prefix) === maxTextBytes) return [{ column: name, operator: 'eq', values: [prefix] }];
  const end = successor(prefix);
  const from: Condition = { column: name, operator: 'gte', values: [prefix] };
  return end === undefined ? [from] : [from, { column: name, operator: 'lt', values: [end] }];
}

/** @returns the least text by code points that is greater than every text with this prefix, or undefined where there is none */
function successor(prefix: string): string | undefined {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0;
    if (last === 0x10_ff_ff) continue;
    // U+D800 to U+DFFF are halves of pairs and no characters.
    const next = last === 0xd7_ff ? 0xe0_00 : last + 1;
    return points.join('') + String.fromCodePoint(next);
  }
  return undefined;
}

/**
 * Turns conditions into a flat list in which every column and operator is known and every value fits.
 *
 * @throws {DaoError} `ERR_DAO_INPUT`: unknown column or operator, or undefined; `ERR_DAO_RANGE`: a value that does not fit
 */
export function parseConditions(entity: Entity, where: Readonly<Record<string, unknown>> | undefined): readonly Condition[] {
  if (where === undefined) return [];
  return Object.entries(where).flatMap(([name, condition]) => {
    const column = requireColumn(entity, name);
    if (column.kind === 'json' || column.kind === 'bytes' || column.traits.secrecy === 'encrypted') throw inputError(entity, name, 'cannot be compared');
    // A missing value must not silently widen the result to all rows.
    if (condition === undefined) throw inputError(entity, name, 'condition is undefined');
    if (!isComparisons(condition)) return comparison('eq')(entity, name, column, condition);
    return parseComparisons(entity, name, column, condition);
  });
}

function isComparisons(condition: unknown): condition is Readonly<Record<string, unknown>> {
  return typeof condition === 'object' && condition !== null && !(condition instanceof Date);
}

function parseComparisons(entity: Entity, name: string, column: Column, comparisons: Readonly<Record<string, unknown>>): readonly Condition[] {
  const entries = Object.entries(comparisons);
  if (entries.length === 0) throw inputError(entity, name, 'condition is empty');
  return entries.flatMap(([operator, value]) => {
    const parse = Object.hasOwn(parsers, operator) ? parsers[operator] : undefined;
    if (parse === undefined) throw inputError(entity, name, 'unknown operator');
    if (column.traits.secrecy !== 'plain' && !equalities.has(operator)) throw inputError(entity, name, 'an encrypted column is compared by eq, ne and in');
    if (value === undefined) throw inputError(entity, name, `${operator} is undefined`);
    return parse(entity, name, column, value);
  });
}

/** @throws {DaoError} `ERR_DAO_INPUT`: the entity has no such column */
export function requireColumn(entity: Entity, name: string): Column {
  const column = Object.hasOwn(entity.columns, name) ? entity.columns[name] : undefined;
  // The name is not repeated: it may have come from outside.
  if (column === undefined) throw new DaoError('ERR_DAO_INPUT', `${entity.name} has no such column`, { entity: entity.name });
  return column;
}

function inputError(entity: Entity, name: string, what: string): DaoError {
  return new DaoError('ERR_DAO_INPUT', `${entity.name}.${name}: ${what}`, { entity: entity.name, columns: [name] });
}
