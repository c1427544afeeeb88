import type { JsonValue } from '@midgard/errors';
import { GameKitError } from '../game-kit-error.ts';
import type { Awaitable } from '../operation.ts';

/** How long others may keep a document without asking again, in whole seconds (RFC 9111, RFC 5861). */
export interface Freshness {
  /** In a browser or a game client, which nobody can tell of a change; default 60. */
  readonly maxAgeSeconds: number;
  /** In a CDN. Default 300; where changes are purged there, a day does no harm. */
  readonly sharedMaxAgeSeconds: number;
  /** After that a cache may give the old document for so long while it fetches the new one; default 60. */
  readonly staleWhileRevalidateSeconds: number;
  /** And for so long while this service does not answer; default one day. */
  readonly staleIfErrorSeconds: number;
}

/** One document of a game's public configuration. Made by {@link configDocument}. */
export interface ConfigDocument {
  /** Called once at each start. */
  readonly load: () => Awaitable<JsonValue>;
  readonly freshness: Freshness;
}

const defaultFreshness: Freshness = { maxAgeSeconds: 60, sharedMaxAgeSeconds: 300, staleWhileRevalidateSeconds: 60, staleIfErrorSeconds: 86_400 };

/** What a name may be: it stands in paths, and in tags of a CDN that tell no capital letters. */
const nameForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** The first segment of the routes under which public configuration is served. */
const routeSegment = 'config';

/**
 * Makes a document of a game's public configuration out of a value, or of a function that loads one.
 *
 * @param source any JSON value: an item table, a level curve, the data of a season
 * @param freshness where it differs from the defaults of {@link Freshness}
 * @throws {GameKitError} `ERR_GAME_CONFIG`: a time that is no whole number of seconds from 0 on
 * @example
 * ```ts
 * import { configDocument, defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
 *
 * export default defineGame({
 *   manifest: { id: 'demo', number: 9, version: '1.0.0', title: 'Demo' },
 *   entities: standardEntities,
 *   operations: standardOperations(),
 *   publicConfig: { items: configDocument({ sword: { damage: 7 } }, { sharedMaxAgeSeconds: 86_400 }) },
 * });
 * ```
 */
export function configDocument(source: JsonValue | (() => Awaitable<JsonValue>), freshness: Partial<Freshness> = {}): ConfigDocument {
  for (const [name, seconds] of Object.entries(freshness)) {
    if (!Number.isSafeInteger(seconds) || seconds < 0)
      throw new GameKitError('ERR_GAME_CONFIG', `${name}: a whole number of seconds from 0 on was expected, not ${seconds}`);
  }
  return { load: typeof source === 'function' ? source : () => source, freshness: { ...defaultFreshness, ...freshness } };
}

/**
 * @throws {GameKitError} `ERR_GAME_CONFIG`: a document's name cannot stand in a path; `ERR_GAME_CLASH`: an operation has the routes of the configuration
 */
export function requireServable(documents: Readonly<Record<string, ConfigDocument>>, routes: readonly string[]): void {
  const names = Object.keys(documents);
  const misnamed = names.find((name) => !nameForm.test(name));
  if (misnamed !== undefined)
    throw new GameKitError('ERR_GAME_CONFIG', `"${misnamed}" is no name of a document: a–z, 0–9, ".", "_" and "-", from a letter or digit, at most 64`);
  const taken = names.length === 0 ? undefined : routes.find((route) => route.split('/')[1] === routeSegment);
  if (taken !== undefined) throw new GameKitError('ERR_GAME_CLASH', `the route "${taken}" is where the public configuration is served`);
}
