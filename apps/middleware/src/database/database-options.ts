import path from 'node:path';
import type { DaoListener, DatabaseOptions } from '@midgard/dao';
import type { z } from 'zod';
import type { Config } from '../config-schema.ts';
import { databaseSchema } from './database-schema.ts';

/** The settings of a game's database: those of the configuration, else of a file in the data folder. */
export function databaseSettings(config: Config, game: string): z.output<typeof databaseSchema> {
  return config.databases[game] ?? databaseSchema.parse({ url: `sqlite:${path.join(config.dataDir, `${game}.db`)}` });
}

/** @returns a database's URL without user, password and options: fit for a log */
export function shownUrl(url: string): string {
  return url.startsWith('sqlite:') ? url : url.replace(/\/\/.*@/s, '//').replace(/\?.*$/s, '');
}

/** The settings of a database in the words of the library. */
export function databaseOptions(
  { pool, standbys, replicas, maxLagMs, timeoutMs }: z.output<typeof databaseSchema>,
  { cursorSecret, listener }: { readonly cursorSecret: string; readonly listener: DaoListener },
): DatabaseOptions {
  return {
    cursorSecret: Buffer.from(cursorSecret),
    listener,
    pool,
    standbys,
    replicas,
    reads: maxLagMs === undefined ? undefined : { maxLagMs },
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
