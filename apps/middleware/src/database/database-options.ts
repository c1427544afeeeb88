import path from 'node:path';
import type { DaoListener, DatabaseOptions } from '@midgard/dao';
import type { z } from 'zod';
import type { Config } from '../config-schema.ts';
import { databaseSchema } from './database-schema.ts';

/** What a database is opened with besides its settings. */
export interface OptionParts {
  /** Undefined: cursors are good until the process ends. */
  readonly cursorSecret?: string | undefined;
  readonly listener: DaoListener;
}

/** The settings of a database, of a game or the service's own: those of the configuration, else of a file in the data folder. */
export function databaseSettings({ databases, dataDir }: Pick<Config, 'databases' | 'dataDir'>, id: string): z.output<typeof databaseSchema> {
  return databases[id] ?? databaseSchema.parse({ url: `sqlite:${path.join(dataDir, `${id}.db`)}` });
}

/** @returns a database's URL without user, password and options: fit for a log */
export function shownUrl(url: string): string {
  return url.startsWith('sqlite:') ? url : url.replace(/\/\/.*@/s, '//').replace(/\?.*$/s, '');
}

/** What OpenTelemetry's conventions call a database (`db.system.name`), by its URL. */
export function systemName(url: string): string {
  const scheme = url.slice(0, url.indexOf(':'));
  return scheme === 'oracle' ? 'oracle.db' : scheme;
}

/** The settings of a database in the words of the library. */
export function databaseOptions(
  { pool, standbys, replicas, maxLagMs, timeoutMs }: z.output<typeof databaseSchema>,
  { cursorSecret, listener }: OptionParts,
): DatabaseOptions {
  return {
    ...(cursorSecret !== undefined && { cursorSecret: Buffer.from(cursorSecret) }),
    listener,
    pool,
    standbys,
    replicas,
    reads: maxLagMs === undefined ? undefined : { maxLagMs },
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
