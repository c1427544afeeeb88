import path from 'node:path';
import type { DaoListener, DatabaseOptions } from '@midgard/dao';
import type { Config } from '../config-schema.ts';

/** Where a game's rows live: the URL of the configuration, else a file in the data folder. */
export function databaseUrl(config: Config, game: string): string {
  return config.databases[game]?.url ?? `sqlite:${path.join(config.dataDir, `${game}.db`)}`;
}

/** A database's URL without user, password and options: fit for a log. */
export function shownUrl(url: string): string {
  // Greedy to the last @: a password may itself hold an @ or a slash.
  return /^sqlite:/.test(url) ? url : url.replace(/\/\/.*@/s, '//').replace(/\?.*$/s, '');
}

/** What the configuration says of a game's database, in the words of the library. */
export function databaseOptions(config: Config, game: string, { cursorSecret, listener }: { cursorSecret: string; listener: DaoListener }): DatabaseOptions {
  const { pool, standbys, replicas, maxLagMs, timeoutMs } = config.databases[game] ?? {};
  return {
    cursorSecret: Buffer.from(cursorSecret),
    listener,
    pool,
    standbys,
    replicas,
    reads: maxLagMs === undefined ? undefined : { maxLagMs },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
