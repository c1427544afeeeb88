import { existsSync } from 'node:fs';
import process from 'node:process';
import { loadConfig } from '@midgard/config';
import { type Config, configSchema } from './config-schema.ts';

/** What the process was started with: the one reading of `process.env` in the service. */
export interface Settings {
  readonly config: Config;
  readonly isProduction: boolean;
  /** Settings that were given and mean nothing, for the log. */
  readonly warnings: readonly string[];
}

const defaultFile = 'midgard.yaml';
/** What the service's own database is called among those of the games. */
export const ownDatabase = 'midgard';

/**
 * Joins the file (`MIDGARD_CONFIG`, else `midgard.yaml` where there is one), the environment and the defaults.
 *
 * @throws ConfigError `ERR_CONFIG_INVALID` with every error of the file and the environment at once
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const file = env['MIDGARD_CONFIG'] ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const { config, warnings } = loadConfig({
    schema: configSchema,
    ...(file !== undefined && { file }),
    env,
    prefix: 'MIDGARD',
    reserved: ['MIDGARD_CONFIG', 'MIDGARD_BENCH_KEY', 'MIDGARD_TEST_'],
  });
  return { config, isProduction: env['NODE_ENV'] === 'production', warnings: [...warnings, ...strayDatabases(config), ...strayMigrations(config)] };
}

/** Whether nothing is to be drawn on a terminal: the wish of its user (no-color.org), or nobody is there. */
export function wantsPlainOutput(env: NodeJS.ProcessEnv = process.env): boolean {
  return [env['NO_COLOR'], env['CI']].some((value) => value !== undefined && value !== '');
}

/** The tables of the service's own database come with the service: it has no reviewed files. */
function strayMigrations({ databases }: Config): readonly string[] {
  const { folder, atStart = true } = databases[ownDatabase]?.migrations ?? {};
  return folder === undefined && atStart ? [] : [`databases.${ownDatabase}.migrations means nothing: the service always brings its own tables up to date`];
}

/** Databases of no game: after a misspelt id the game would run on a file of its own, and nobody would notice. */
function strayDatabases({ databases, games }: Config): readonly string[] {
  const known = Object.keys(games);
  return Object.keys(databases).flatMap((id) =>
    id === ownDatabase || known.includes(id) ? [] : [`databases.${id} is for no game: the games are ${known.join(', ')}`],
  );
}
