import process from 'node:process';
import { readSettings } from '../config.ts';
import { openGames } from '../games.ts';
import { resolveSecrets } from '../secrets.ts';

/** Brings every enabled game's database to its entities, or prints what it would run. */
export async function migrateCommand({ dryRun = false }: { dryRun?: boolean }): Promise<void> {
  const { config, isProduction } = readSettings();
  const games = await openGames(config, await resolveSecrets(config, isProduction));
  for (const { handler, database, shownUrl } of games) {
    await using open = database;
    const statements = await open.plan(handler.entities);
    if (!dryRun) await open.migrate(handler.entities);
    process.stdout.write(report(handler.manifest.id, shownUrl, statements, dryRun));
  }
}

function report(game: string, url: string, statements: readonly string[], dryRun: boolean): string {
  if (statements.length === 0) return `-- ${game} (${url}): up to date\n`;
  if (dryRun) return `-- ${game} (${url}): ${statements.length} statements to run\n${statements.map((statement) => `${statement};\n`).join('')}`;
  return `-- ${game} (${url}): ran ${statements.length} statements\n`;
}
