import type { Tokens } from '@midgard/auth';
import { type DaoListener, type Database, IdGenerator, openDatabase } from '@midgard/dao';
import { type GameHandler, GameRuntime, type WriteLog } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Config } from './config-schema.ts';
import { databaseOptions, databaseUrl, shownUrl } from './database/database-options.ts';
import { loadGame } from './load-game.ts';
import type { Secrets } from './secrets.ts';

/** A game of the configuration with the database that is its own. */
export interface OpenGame {
  readonly handler: GameHandler;
  /** Without user and password: fit for a log. */
  readonly shownUrl: string;
  readonly database: Database;
}

/** Makes the listener of a game's database. */
export type ListenerOf = (watch: { readonly game: string; readonly slowQueryMs: number }) => DaoListener;

/** Loads the enabled games and opens their databases; what was opened before a failure is closed again. */
export async function openGames(config: Config, secrets: Pick<Secrets, 'cursorSecret'>, listenerOf: ListenerOf = () => ({})): Promise<readonly OpenGame[]> {
  await using opened = new AsyncDisposableStack();
  const games: OpenGame[] = [];
  for (const [id, { package: packageName = `@midgard/game-${id}`, enabled }] of Object.entries(config.games)) {
    if (!enabled) continue;
    const handler = await loadGame(id, packageName);
    const url = databaseUrl(config, id);
    const listener = listenerOf({ game: id, slowQueryMs: config.databases[id]?.slowQueryMs ?? 0 });
    const database = opened.use(await openDatabase(url, databaseOptions(config, id, { ...secrets, listener })));
    games.push({ handler, database, shownUrl: shownUrl(url) });
  }
  opened.move();
  return games;
}

/** What {@link runtimeOf} needs besides the game. */
export interface RuntimeParts {
  readonly config: Config;
  readonly tokens: Tokens;
  readonly log: Logger;
  /** Where its write-behind operations are acknowledged from; without it they are ordinary writes. */
  readonly writeLog?: WriteLog | undefined;
}

/** Puts a game to work on its database. */
export function runtimeOf({ handler, database }: OpenGame, { config, tokens, log, writeLog }: RuntimeParts): GameRuntime {
  const { accessTtlSeconds } = config.auth;
  const { delayMs, maxBatch, maxPending } = config.writeBehind;
  return new GameRuntime(handler, {
    database,
    ids: new IdGenerator({ instance: config.instance }),
    tokens,
    accessTtlSeconds,
    log: log.child({ game: handler.manifest.id }),
    writeBehind: writeLog === undefined ? undefined : { log: writeLog, delayMs, maxBatch, maxPending },
  });
}
