import path from 'node:path';
import process from 'node:process';
import { type DdlDialect, generateMigration } from '@midgard/dao';
import { readSettings } from '../config.ts';
import { databaseSettings } from '../database/database-options.ts';
import { resolveSecrets } from '../secrets.ts';
import { SetupError } from '../setup-error.ts';
import { listedDatabases } from './listed-databases.ts';

/** Dialects by what a URL begins with; MySQL and MariaDB differ in their SQL and not in their URLs. */
const dialectOf: Readonly<Record<string, DdlDialect | undefined>> = { sqlite: 'sqlite', oracle: 'oracle' };

/** Writes what a game's entities changed since its last migration file as the next file, to be reviewed, and its way back. No database is asked. */
export async function migrationsCommand({ game, name, dialect }: { game: string; name: string; dialect?: DdlDialect }): Promise<void> {
  const { config, isProduction } = readSettings();
  const listed = (await listedDatabases(config, resolveSecrets(config, isProduction))).find((each) => each.name === game && each.handler !== undefined);
  if (listed === undefined) throw new SetupError('ERR_SETUP_ARGUMENT', `--game: no enabled game is called ${game}`);
  const { url, migrations } = databaseSettings(config, game);
  const wanted = dialect ?? dialectOf[url.slice(0, url.indexOf(':'))];
  if (wanted === undefined) throw new SetupError('ERR_SETUP_ARGUMENT', '--dialect: say mariadb or mysql, since the URL does not tell them apart');
  const folder = migrations.folder ?? path.join('migrations', game);
  const files = await generateMigration({ entities: listed.entities, dialect: wanted, folder, name });
  if (files.length === 0) process.stdout.write(`nothing changed since the last file in ${path.join(folder, wanted)}\n`);
  for (const file of files) process.stdout.write(`wrote ${file}\n`);
  if (files.length > 0 && migrations.folder === undefined) process.stdout.write(`they are used once databases.${game}.migrations.folder is ${folder}\n`);
}
