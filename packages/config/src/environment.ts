import { z } from 'zod';
import { coerce } from './coerce.ts';
import { formatPath, isMap, type Path, upperSnake, valueAt } from './path.ts';
import { childOf, initialOf, type Schema, type Shape, shapesOf } from './shape.ts';

/** What the environment gave: the data with its values in place, and which variable set which place. */
export interface Overlay {
  readonly data: unknown;
  readonly setBy: ReadonlyMap<string, string>;
  readonly unknownNames: readonly string[];
}

/**
 * Lays the variables below a prefix over the data of a file.
 *
 * @param data what the file says; its record ids are known ids for the names
 * @param names variables below the prefix that are not reserved, with their text
 */
export function overlay(schema: Schema, data: unknown, names: ReadonlyMap<string, string>, prefix: string): Overlay {
  const setBy = new Map<string, string>();
  const unknownNames: string[] = [];
  const found: { path: Path; value: unknown }[] = [];
  for (const [name, text] of names) {
    const path = resolveName(name.slice(prefix.length + 1), schema, data, text.trimStart().startsWith('{'));
    const leaf = path?.reduce<Schema | undefined>((at, key) => at && childOf(at, key), schema);
    if (path === undefined || leaf === undefined) {
      unknownNames.push(name);
      continue;
    }
    setBy.set(formatPath(path), name);
    found.push({ path, value: coerce(text, leaf) });
  }
  // Whole maps first, so that a variable for one key of a map wins over one for the map.
  found.sort((a, b) => a.path.length - b.path.length);
  const result = found.reduce((at, { path, value }) => withValue(at, schema, path, value), data);
  return { data: result, setBy, unknownNames };
}

/**
 * Finds the place that a variable names.
 *
 * Of two keys that both fit the longer wins (`dataDir` before `data`). Below a record known ids go first; an unknown
 * one is the shortest id behind which the rest of the name fits, with dashes for underscores where its key schema
 * allows that: ids of games and databases are written with dashes.
 *
 * @param rest the name without prefix
 * @param known data at this place, for its record ids
 * @param isFlow whether the text is a map in braces, which may stand for a whole record entry
 */
export function resolveName(rest: string, schema: Schema, known: unknown, isFlow: boolean): Path | undefined {
  const data = isMap(known) ? known : initialOf(schema);
  for (const shape of shapesOf(schema)) {
    const path = resolveIn(rest, shape, data, isFlow);
    if (path !== undefined) return path;
  }
  return undefined;
}

function resolveIn(rest: string, shape: Shape, data: unknown, isFlow: boolean): Path | undefined {
  if (shape.kind === 'object') return resolveKey(rest, shape.keys, data, isFlow);
  if (shape.kind !== 'record') return undefined;
  const knownIds = isMap(data) ? Object.keys(data) : [];
  return resolveKey(rest, new Map(knownIds.map((id) => [id, shape.value])), data, isFlow) ?? resolveNewId(rest, shape, isFlow);
}

function resolveKey(rest: string, keys: ReadonlyMap<string, Schema>, data: unknown, isFlow: boolean): Path | undefined {
  const byLength = [...keys].sort(([a], [b]) => upperSnake(b).length - upperSnake(a).length);
  for (const [key, child] of byLength) {
    const name = upperSnake(key);
    if (rest === name) return [key];
    if (!rest.startsWith(`${name}_`)) continue;
    const tail = resolveName(rest.slice(name.length + 1), child, valueAt(data, [key]), isFlow);
    if (tail !== undefined) return [key, ...tail];
  }
  return undefined;
}

function resolveNewId(rest: string, shape: Shape & { kind: 'record' }, isFlow: boolean): Path | undefined {
  const words = rest.split('_');
  for (let count = 1; count < words.length; count += 1) {
    const id = idOf(words.slice(0, count), shape.key);
    const tail = id === undefined ? undefined : resolveName(words.slice(count).join('_'), shape.value, undefined, isFlow);
    if (id !== undefined && tail !== undefined) return [id, ...tail];
  }
  const takesText = shapesOf(shape.value).some(({ kind }) => kind === 'leaf' || kind === 'list');
  const id = takesText || isFlow ? idOf(words, shape.key) : undefined;
  return id === undefined ? undefined : [id];
}

function idOf(words: readonly string[], key: Schema): string | undefined {
  if (words.includes('')) return undefined;
  const spellings = [words.join('-').toLowerCase(), words.join('_').toLowerCase(), words.join('_')];
  return spellings.find((id) => z.core.safeParse(key, id).success);
}

/** A copy of the data with one value in place. A missing map starts from its schema's default, which it would else replace. */
function withValue(data: unknown, schema: Schema | undefined, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const base = isMap(data) ? data : ((schema && initialOf(schema)) ?? {});
  const child = schema && childOf(schema, key);
  return { ...base, [key]: withValue(valueAt(base, [key]), child, rest, value) };
}
