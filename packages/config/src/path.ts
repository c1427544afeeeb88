/** A place in the configuration, from the root: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

/** A YAML map as plain data. */
export type PlainMap = Readonly<Record<string, unknown>>;

/**
 * @param path a place in the configuration
 * @returns it as a person writes it: `databases.realm.url`, `games['restart-life'].enabled`, `hosts[0]`; `(root)` for the whole
 */
export function formatPath(path: Path): string {
  if (path.length === 0) return '(root)';
  return path.map((segment, at) => formatSegment(segment, at === 0)).join('');
}

/**
 * Names the environment variable that sets a place: keys in upper case with underscores between their words.
 *
 * @param path keys only: a list is set as a whole, so an index has no name of its own
 * @param prefix the first word of every name, without underscore
 * @example
 * ```ts
 * import { envNameOf } from '@midgard/config';
 * envNameOf(['server', 'tcp', 'maxFrameBytes'], 'MIDGARD'); // 'MIDGARD_SERVER_TCP_MAX_FRAME_BYTES'
 * envNameOf(['games', 'restart-life', 'enabled'], 'MIDGARD'); // 'MIDGARD_GAMES_RESTART_LIFE_ENABLED'
 * ```
 */
export function envNameOf(path: Path, prefix: string): string {
  return [prefix, ...path.map((segment) => upperSnake(String(segment)))].join('_');
}

/** `maxFrameBytes` → `MAX_FRAME_BYTES`, `restart-life` → `RESTART_LIFE`, `jwksURL` → `JWKS_URL`. */
export function upperSnake(key: string): string {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]/g, '_')
    .toUpperCase();
}

/** Whether a value is a map, and neither a list nor nothing. */
export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a place; undefined when there is none. Own keys only: `constructor` is no key of an empty map. */
export function valueAt(data: unknown, path: Path): unknown {
  let value: unknown = data;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, segment)?.value;
  }
  return value;
}

function formatSegment(segment: string | number, isFirst: boolean): string {
  if (typeof segment === 'number') return `[${segment}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(segment)) return `['${segment.replaceAll("'", String.raw`\'`)}']`;
  return isFirst ? segment : `.${segment}`;
}
