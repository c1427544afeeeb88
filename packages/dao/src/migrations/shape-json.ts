import type { ColumnKind } from '../column.ts';
import type { ColumnDefinition, IndexShape, TableShape } from './shape.ts';

const kinds: Readonly<Record<ColumnKind, true>> = {
  id: true,
  int64: true,
  int: true,
  text: true,
  decimal: true,
  bool: true,
  json: true,
  timestamp: true,
  bytes: true,
};

function isKind(value: unknown): value is ColumnKind {
  return typeof value === 'string' && Object.hasOwn(kinds, value);
}

/** Reads columns that were kept as JSON. @returns those that make sense, which are all that this library wrote */
export function parseColumns(value: unknown): Readonly<Record<string, ColumnDefinition>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, column]) => {
      const definition = parseColumn(column);
      return definition === undefined ? [] : [[name, definition]];
    }),
  );
}

function parseColumn(value: unknown): ColumnDefinition | undefined {
  if (!isRecord(value) || !isKind(value['kind'])) return undefined;
  const { kind, isNullable, maxLength, precision, scale } = value;
  return { kind, isNullable: isNullable === true, maxLength: Number(maxLength), precision: Number(precision), scale: Number(scale) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a table that was kept as JSON. @throws {TypeError} it is none */
export function parseShape(value: unknown): TableShape {
  if (!isRecord(value) || typeof value['entity'] !== 'string' || typeof value['table'] !== 'string') throw new TypeError('not a table');
  const { entity, table, columns, key, indexes, partitionBy } = value;
  if (!isRecord(indexes)) throw new TypeError('no indexes');
  return {
    entity,
    table,
    columns: parseColumns(columns),
    key: parseNames(key),
    indexes: Object.fromEntries(Object.entries(indexes).map(([name, index]) => [name, parseIndex(index)])),
    ...(typeof partitionBy === 'string' ? { partitionBy } : {}),
  };
}

function parseIndex(value: unknown): IndexShape {
  if (!isRecord(value)) throw new TypeError('not an index');
  return { on: parseNames(value['on']), isUnique: value['isUnique'] === true };
}

function parseNames(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('not a list of names');
  return value.map(String);
}
