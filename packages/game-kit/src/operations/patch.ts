import { invalidInput } from '../refusals.ts';

type Given<Fields> = { [K in keyof Fields]?: Exclude<Fields[K], undefined> };

/**
 * The fields of an update that were given.
 *
 * @param fields the input without key and version
 * @throws {MidgardError} 2001 where none was given: the caller meant something else
 */
export function patchOf<Fields extends object>(fields: Fields): Given<Fields> {
  const given: Given<Fields> = {};
  for (const name of keysOf(fields)) {
    const value = fields[name];
    if (isGiven(value)) given[name] = value;
  }
  if (Object.keys(given).length > 0) return given;
  const names = Object.keys(fields).join(', ');
  throw invalidInput([{ path: '', message: 'nothing to change', expected: names === '' ? 'at least one field to change' : names }]);
}

function keysOf<Fields extends object>(fields: Fields): (keyof Fields)[] {
  const names: (keyof Fields)[] = [];
  for (const name in fields) names.push(name);
  return names;
}

function isGiven<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}
