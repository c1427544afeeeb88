import type { Database } from '@midgard/dao';
import type { GameHandler } from '@midgard/game-kit';
import { ownDatabase } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { databaseSettings, shownUrl } from '../database/database-options.ts';
import { openServiceDatabaseAsItIs, serviceDatabaseName, serviceEntities } from '../database/service-database.ts';
import type { Tables } from '../database/tables.ts';
import { configuredGames } from '../games.ts';
import type { Secrets } from '../secrets.ts';

/** A database of the service; it is not open. */
export interface ListedDatabase extends Tables {
  /** Without user and password: fit for a terminal. */
  readonly shownUrl: string;
  /** Undefined for the service's own. */
  readonly handler: GameHandler | undefined;
  open(): Promise<Database>;
}

/** Every database of the service: its own, with the API keys, and then those of the enabled games. */
export async function listedDatabases(config: Config, secrets: Secrets): Promise<readonly ListedDatabase[]> {
  const { url } = databaseSettings(config, ownDatabase);
  const tables = { name: serviceDatabaseName, entities: serviceEntities, folder: undefined, isAtStart: true };
  const own: ListedDatabase = { ...tables, shownUrl: shownUrl(url), handler: undefined, open: () => openServiceDatabaseAsItIs(config) };
  const games = await configuredGames(config, secrets);
  return [own, ...games.map(({ tables: ofGame, ...game }): ListedDatabase => ({ ...game, ...ofGame }))];
}
