import type { Database } from '@midgard/dao';
import { auditEntities } from '@midgard/game-kit';
import { ownDatabase } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { apiKey } from '../key-store.ts';
import type { ListenerOf } from '../games.ts';
import { databaseOptions, databaseSettings, type OptionParts, systemName } from './database-options.ts';
import { openNamed } from './open-named.ts';

/** What the service's own database is called in metrics, reports and messages. */
export const serviceDatabaseName = 'service';

/** What is kept in the service's own database. */
export const serviceEntities = [apiKey, ...auditEntities] as const;

/** What the service opens its own database with besides the configuration; a command needs none of it. */
export interface ServiceDatabaseParts extends Pick<OptionParts, 'cursorSecret'> {
  /** Makes who hears of it. */
  readonly listenerOf?: ListenerOf;
}

/** Opens the service's own database, where API keys live, and brings it to its tables. */
export async function openServiceDatabase(config: Config, parts?: ServiceDatabaseParts): Promise<Database> {
  const database = await openServiceDatabaseAsItIs(config, parts);
  await database.migrate(serviceEntities);
  return database;
}

/** As {@link openServiceDatabase}, without touching its tables. */
export function openServiceDatabaseAsItIs(config: Config, { cursorSecret, listenerOf = () => ({}) }: ServiceDatabaseParts = {}): Promise<Database> {
  const settings = databaseSettings(config, ownDatabase);
  const listener = listenerOf({ game: serviceDatabaseName, system: systemName(settings.url), slowQueryMs: settings.slowQueryMs });
  return openNamed(ownDatabase, settings.url, databaseOptions(settings, { cursorSecret, listener }));
}
