import type { Revocations, Tokens } from '@midgard/auth';
import type { Coherence, TieredCacheListener } from '@midgard/cache';
import { type DaoListener, type Database, IdGenerator } from '@midgard/dao';
import { type AuditOptions, type GameHandler, GameRuntime, type RuntimeListener, type WriteLog } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import { cachePolicies } from './cache/cache-policies.ts';
import type { KnownGameKeys } from './cache/known-game-keys.ts';
import { queryCache } from './cache/query-cache.ts';
import type { Config } from './config-schema.ts';
import { databaseOptions, databaseSettings, shownUrl, systemName } from './database/database-options.ts';
import { openNamed } from './database/open-named.ts';
import type { Tables } from './database/tables.ts';
import type { StatementWatch } from './database/statement-metrics.ts';
import { loadGame } from './load-game.ts';
import type { Secrets } from './secrets.ts';

/** A game of the configuration; its database is not open. */
export interface ConfiguredGame {
  readonly handler: GameHandler;
  /** Without user and password: fit for a log. */
  readonly shownUrl: string;
  readonly tables: Tables;
  /** Throws what {@link openNamed} throws. */
  open(): Promise<Database>;
}

/** A game of the configuration with the database that is its own. */
export interface OpenGame extends Pick<ConfiguredGame, 'handler' | 'shownUrl' | 'tables'> {
  readonly database: Database;
}

/** Makes the listener of a game's database. */
export type ListenerOf = (watch: StatementWatch) => DaoListener;

/** Loads the enabled games of the configuration. */
export async function configuredGames(
  config: Config,
  { cursorSecret, encryption }: Pick<Secrets, 'cursorSecret' | 'encryption'>,
  listenerOf: ListenerOf = () => ({}),
): Promise<readonly ConfiguredGame[]> {
  const games: ConfiguredGame[] = [];
  for (const [id, { package: packageName = `@midgard/game-${id}`, enabled }] of Object.entries(config.games)) {
    if (!enabled) continue;
    const handler = await loadGame(id, packageName);
    const settings = databaseSettings(config, id);
    const isEncrypted = handler.entities.some(({ encrypted }) => encrypted.length > 0);
    const open = async (): Promise<Database> => {
      const listener = listenerOf({ game: id, system: systemName(settings.url), slowQueryMs: settings.slowQueryMs });
      const options = {
        ...databaseOptions(settings, { cursorSecret, listener }),
        queryCache: queryCache(config.cache.maxEntries),
        ...(isEncrypted && { encryption: await encryption() }),
      };
      return openNamed(id, settings.url, options);
    };
    const { folder, atStart: isAtStart } = settings.migrations;
    games.push({ handler, shownUrl: shownUrl(settings.url), tables: { name: id, entities: handler.entities, folder, isAtStart }, open });
  }
  return games;
}

/** Opens the databases of games; what was opened before a failure is closed again. */
export async function openGames(games: readonly ConfiguredGame[]): Promise<readonly OpenGame[]> {
  await using opened = new AsyncDisposableStack();
  const open: OpenGame[] = [];
  for (const game of games) open.push({ handler: game.handler, shownUrl: game.shownUrl, tables: game.tables, database: opened.use(await game.open()) });
  opened.move();
  return open;
}

/** What {@link runtimeOf} needs besides the game. */
export interface RuntimeParts {
  readonly config: Config;
  /** Without them nobody can log in: for commands. */
  readonly tokens?: Tokens;
  /** Hears of tokens that end before their time. */
  readonly revocations?: Revocations;
  readonly log: Logger;
  /** With whom cached reads are shared, and who hears of an entity's cache; default: nobody. */
  readonly cache?: {
    readonly coherence: Coherence;
    readonly knownKeys: KnownGameKeys;
    readonly listenerOf: (game: string, entity: string) => TieredCacheListener;
  };
  /** Which chain of the audit log it writes; default: as the library's, unsigned. */
  readonly audit?: AuditOptions;
  /** Hears of a game's writes; default: nobody does. */
  readonly listenerOf?: (game: string) => RuntimeListener;
  /** Where its write-behind operations are acknowledged from; without it they are ordinary writes. */
  readonly writeLog?: WriteLog | undefined;
}

/** Puts a game to work on its database. */
export function runtimeOf({ handler, database }: Pick<OpenGame, 'handler' | 'database'>, parts: RuntimeParts): GameRuntime {
  const { config, tokens, revocations, log, cache, audit, listenerOf, writeLog } = parts;
  const { accessTtlSeconds } = config.auth;
  const { delayMs, maxBatch, maxPending } = config.writeBehind;
  return new GameRuntime(handler, {
    database,
    ids: new IdGenerator({ instance: config.instance }),
    tokens,
    revocations,
    accessTtlSeconds,
    cache: {
      coherence: cache?.coherence,
      policies: cachePolicies(handler, config.cache),
      knownKeysOf: (entity) => cache?.knownKeys.of({ handler, database }, entity),
      listenerOf: (entity) => cache?.listenerOf(handler.manifest.id, entity) ?? {},
    },
    loginThrottle: config.limits.wrongPasswords,
    ...(audit !== undefined && { audit }),
    ...(listenerOf !== undefined && { listener: listenerOf(handler.manifest.id) }),
    log: log.child({ game: handler.manifest.id }),
    writeBehind: writeLog === undefined ? undefined : { log: writeLog, delayMs, maxBatch, maxPending },
  });
}
