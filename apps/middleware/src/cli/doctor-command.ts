import process from 'node:process';
import type { LedgerReport } from '@midgard/game-kit';
import { createLogger } from '@midgard/logging';
import { openTokens } from '../authentication.ts';
import { readSettings } from '../config.ts';
import { type OpenGame, openGames, runtimeOf } from '../games.ts';
import { resolveSecrets, type Secrets } from '../secrets.ts';
import type { Config } from '../config-schema.ts';

/** Exit code when the doctor found something; different from that of a doctor who could not look. */
const FOUND = 3;

interface GameReport {
  readonly game: string;
  readonly database: string;
  readonly pingMs: number;
  readonly pendingStatements: number;
  readonly ledger?: LedgerReport;
}

/** Looks at every enabled game's database, and with `--ledger` at every balance in it; changes nothing. */
export async function doctorCommand({ ledger = false, json = false }: { ledger?: boolean; json?: boolean }): Promise<void> {
  const { config, isProduction, warnings } = readSettings();
  const secrets = await resolveSecrets(config, isProduction);
  const games = await openGames(config, secrets);
  const reports: GameReport[] = [];
  for (const game of games) {
    await using _open = game.database;
    reports.push(await examine(game, { config, secrets, ledger }));
  }
  const isWell = reports.every((report) => report.pendingStatements === 0 && (report.ledger?.violations.length ?? 0) === 0);
  process.stdout.write(
    json
      ? `${JSON.stringify({ isWell, warnings, games: reports }, null, 2)}\n`
      : `${[...warnings.map((warning) => `! ${warning}`), ...reports.flatMap(lines)].join('\n')}\n`,
  );
  process.exitCode = isWell ? 0 : FOUND;
}

async function examine(game: OpenGame, { config, secrets, ledger }: { config: Config; secrets: Secrets; ledger: boolean }): Promise<GameReport> {
  const { handler, database, shownUrl } = game;
  const startedAt = performance.now();
  await database.ping();
  const pingMs = performance.now() - startedAt;
  const pendingStatements = (await database.plan(handler.entities)).length;
  const report = { game: handler.manifest.id, database: shownUrl, pingMs, pendingStatements };
  if (!ledger || pendingStatements > 0) return report;
  const runtime = runtimeOf(game, { config, tokens: await openTokens(config, secrets), log: createLogger({ name: 'midgard', level: 'error' }) });
  return { ...report, ledger: await runtime.ledgerReport() };
}

function lines({ game, database, pingMs, pendingStatements, ledger }: GameReport): string[] {
  return [
    game,
    `  database   ${database}, answers in ${pingMs.toFixed(1)} ms`,
    `  schema     ${pendingStatements === 0 ? 'up to date' : `${pendingStatements} statements behind: run midgard migrate`}`,
    ...(ledger === undefined
      ? []
      : [`  ledger     ${ledgerLine(ledger)}`, ...ledger.violations.map(({ rule, subject, message }) => `    ✗ ${rule}: ${subject}: ${message}`)]),
  ];
}

function ledgerLine({ accounts, entries, violations }: LedgerReport): string {
  const looked = `${entries} entries in ${accounts} accounts`;
  return violations.length === 0
    ? `${looked}: every balance is the sum of its entries, and all entries sum to zero`
    : `${looked}: ${violations.length} violations`;
}
