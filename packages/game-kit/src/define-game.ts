import type { Entity } from '@midgard/dao';
import type { GameContext } from './context.ts';
import { auditEntry } from './entities/audit.ts';
import { GameKitError } from './game-kit-error.ts';
import type { AnyHook, GameDefinition, GameHandler, GameManifest } from './game.ts';
import { CONTRACT_VERSION } from './game.ts';
import type { Operation } from './operation.ts';
import { requireServable } from './public-config/config-document.ts';

const MAX_NUMBER = 65_535;

/**
 * Makes a game out of its parts.
 *
 * @param definition see {@link GameDefinition}
 * @returns what the middleware loads, with the types of all its operations
 * @throws {GameKitError} `ERR_GAME_MANIFEST`, also for a health check whose name is none; `ERR_GAME_CLASH`: two operations share a code, name or route, two entities a
 *   name, or an operation has a route below `/config`; `ERR_GAME_OPERATION`: a hook is for no operation, or one names an entity that the
 *   game has not; `ERR_GAME_CONFIG`: a public document has a name that cannot stand in a path
 * @example
 * ```ts
 * import { defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
 *
 * export default defineGame({
 *   manifest: { id: 'realm', number: 2, version: '1.0.0', title: 'Realm' },
 *   entities: standardEntities,
 *   operations: standardOperations(),
 * });
 * ```
 */
export function defineGame<const Ops extends readonly Operation[], Extra extends object = object>(definition: GameDefinition<Ops, Extra>): GameHandler<Ops> {
  const { manifest, entities, operations, hooks = {}, publicConfig = {}, health = {}, extendContext } = definition;
  checkManifest(manifest);
  requireCheckNames(health);
  for (const trait of ['code', 'name'] as const)
    requireDistinct(
      operations.map((operation) => String(operation[trait])),
      trait,
    );
  requireDistinct(
    operations.map(({ http }) => http.replaceAll(/:[A-Za-z0-9]+/g, ':')),
    'route',
  );
  requireDistinct(
    entities.map(({ name }) => name),
    'entity',
  );
  checkEntities(operations, entities);
  requireServable(
    publicConfig,
    operations.map(({ http }) => http),
  );
  const { before = {}, after = {}, login } = hooks;
  return {
    contract: CONTRACT_VERSION,
    manifest,
    entities,
    operations,
    hooks: { before: hooksByName(before, operations), after: hooksByName(after, operations), ...(login === undefined ? {} : { login }) },
    publicConfig,
    health,
    extendContext: (context) => extendContext?.(context) ?? {},
  };
}

function requireCheckNames(checks: object): void {
  const bad = Object.keys(checks).find((name) => !/^[a-z][a-z0-9-]{0,30}$/.test(name));
  if (bad !== undefined) throw new GameKitError('ERR_GAME_MANIFEST', `health: ${JSON.stringify(bad)} is no name of a check: a-z, 0-9 and -, at most 31`);
}

function checkManifest({ id, number, version, title }: GameManifest): void {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(id)) throw new GameKitError('ERR_GAME_MANIFEST', `"${id}" is no id of a game: a–z, 0–9 and -, from a letter, at most 32`);
  if (!Number.isInteger(number) || number < 1 || number > MAX_NUMBER)
    throw new GameKitError('ERR_GAME_MANIFEST', `${id}: its number is not within 1 to ${MAX_NUMBER}`);
  if (version === '' || title === '') throw new GameKitError('ERR_GAME_MANIFEST', `${id}: it needs a version and a title`);
}

function requireDistinct(values: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) throw new GameKitError('ERR_GAME_CLASH', `two have the same ${what}: ${value}`);
    seen.add(value);
  }
}

function checkEntities(operations: readonly Operation[], entities: readonly Entity[]): void {
  const known = new Map<string, readonly string[]>(entities.map(({ name, cacheBy }) => [name, cacheBy]));
  for (const { name, cache, changes, reads, audit } of operations) {
    if (audit !== undefined && !known.has(auditEntry.name))
      throw new GameKitError('ERR_GAME_OPERATION', `${name}: it is sensitive, and the game has no entities for the audit log; standardEntities has them`);
    const named = [...Object.keys(changes), ...Object.keys(reads), ...(cache === undefined ? [] : [cache.entity])];
    const unknown = named.find((entity) => !known.has(entity));
    if (unknown !== undefined) throw new GameKitError('ERR_GAME_OPERATION', `${name}: the game has no entity "${unknown}"`);
    if (cache?.by !== undefined && !(known.get(cache.entity) ?? []).includes(cache.by))
      throw new GameKitError('ERR_GAME_OPERATION', `${name}: "${cache.by}" is no cacheBy column of ${cache.entity}`);
  }
}

function hooksByName(hooks: object, operations: readonly Operation[]): Record<string, AnyHook['run'] | undefined> {
  // A write-behind operation has no transaction of its own that a hook could run in.
  const writes = new Set(operations.filter(({ kind, isWriteBehind }) => kind === 'write' && !isWriteBehind).map(({ name }) => name));
  const byName: Record<string, AnyHook['run']> = {};
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook === undefined) continue;
    if (!writes.has(name) || !isHook(hook)) throw new GameKitError('ERR_GAME_OPERATION', `a hook for "${name}", which is no write with hooks of this game`);
    byName[name] = hook;
  }
  return byName;
}

function isHook(hook: unknown): hook is (context: GameContext, input: unknown, result: unknown) => unknown {
  return typeof hook === 'function';
}
