import { formatPath, isMap, type Path, valueAt } from './path.ts';
import { childOf, initialOf, type Schema, type Shape, shapesOf } from './shape.ts';
import { closest } from './suggest.ts';

/** A key that the schema does not have. */
export interface UnknownKey {
  readonly path: Path;
  readonly hint?: string;
}

/** Leaves that no map fits: beside an object in a union they make no key of it known. */
const scalarTypes: ReadonlySet<string> = new Set([
  'string',
  'number',
  'int',
  'bigint',
  'boolean',
  'null',
  'undefined',
  'enum',
  'literal',
  'template_literal',
  'date',
  'nan',
  'never',
]);

/** Recursive schemas end nowhere; no configuration is deeper. */
const deepestLevel = 12;

/**
 * Every key of the data that the schema does not know, whether its objects are strict or not: zod's plain objects drop
 * such keys in silence, and a misspelt key that does nothing is the worst kind of configuration error.
 *
 * @param schema the whole configuration
 * @param data what was given
 */
export function unknownKeys(schema: Schema, data: unknown): UnknownKey[] {
  const everyPath = pathsOf(schema, undefined);
  return unknownPaths(schema, data, []).map((path) => {
    const hint = hintFor(path, schema, everyPath);
    return hint === undefined ? { path } : { path, hint };
  });
}

/**
 * Every place of a schema that can be named: record entries only as far as the data or the default has them.
 *
 * @param data what was given
 */
export function pathsOf(schema: Schema, data: unknown, above: Path = []): Path[] {
  if (above.length >= deepestLevel) return [];
  const given = data ?? initialOf(schema);
  return shapesOf(schema).flatMap((shape) =>
    keysOf(shape, given).flatMap(([key, child]) => [[...above, key], ...pathsOf(child, valueAt(given, [key]), [...above, key])]),
  );
}

function keysOf(shape: Shape, data: unknown): (readonly [string, Schema])[] {
  if (shape.kind === 'object') return [...shape.keys];
  return shape.kind === 'record' && isMap(data) ? Object.keys(data).map((id) => [id, shape.value] as const) : [];
}

function unknownPaths(schema: Schema, data: unknown, above: Path): Path[] {
  if (Array.isArray(data)) return data.flatMap((item, at) => pathsBelow(schema, at, item, above));
  if (!isMap(data)) return [];
  const shapes = shapesOf(schema);
  const takesAnyKey = shapes.some(takesMaps);
  const isKnown = (key: string): boolean => takesAnyKey || !shapes.some(({ kind }) => kind === 'object') || childOf(schema, key) !== undefined;
  return Object.entries(data).flatMap(([key, value]) => (isKnown(key) ? pathsBelow(schema, key, value, above) : [[...above, key]]));
}

/** Whether a map of any keys may stand here: a record, an open object, or a leaf such as `unknown` that is no scalar. */
function takesMaps(shape: Shape): boolean {
  if (shape.kind === 'leaf') return !scalarTypes.has(shape.schema._zod.def.type);
  return shape.kind === 'record' || (shape.kind === 'object' && shape.isOpen);
}

function pathsBelow(schema: Schema, key: string | number, value: unknown, above: Path): Path[] {
  const children = shapesOf(schema).flatMap((shape) => childrenOf(shape, key));
  // In a union a key is unknown only when no alternative knows it.
  const [first = [], ...others] = children.map((child) => unknownPaths(child, value, [...above, key]));
  return first.filter((path) => others.every((paths) => paths.some((other) => formatPath(other) === formatPath(path))));
}

function childrenOf(shape: Shape, key: string | number): Schema[] {
  if (shape.kind === 'list') return typeof key === 'number' ? [shape.element] : [];
  if (shape.kind === 'record') return [shape.value];
  const child = shape.kind === 'object' ? shape.keys.get(String(key)) : undefined;
  return child === undefined ? [] : [child];
}

function hintFor(path: Path, schema: Schema, everyPath: readonly Path[]): string | undefined {
  const key = String(path.at(-1));
  const above = path.slice(0, -1);
  const siblings = siblingsOf(schema, above);
  const near = closest(key, siblings);
  if (near !== undefined) return `did you mean ${formatPath([...above, near])}?`;
  const elsewhere = everyPath.find((other) => other.at(-1) === key);
  if (elsewhere !== undefined) return `did you mean ${formatPath(elsewhere)}?`;
  return siblings.length === 0 ? undefined : `known here: ${siblings.join(', ')}`;
}

function siblingsOf(schema: Schema, above: Path): string[] {
  const parent = above.reduce<Schema | undefined>((at, key) => at && childOf(at, key), schema);
  return parent === undefined ? [] : shapesOf(parent).flatMap((shape) => (shape.kind === 'object' ? [...shape.keys.keys()] : []));
}
