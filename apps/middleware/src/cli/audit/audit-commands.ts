import process from 'node:process';
import { type Command, InvalidArgumentError } from 'commander';
import { auditKeyring } from '../../audit/audit-key.ts';
import { readSettings } from '../../config.ts';
import { pruneCommand } from './prune-command.ts';
import { searchCommand } from './search-command.ts';
import { verifyCommand } from './verify-command.ts';

const mostRows = 1000;

/** The commands on the audit log. */
export function addAuditCommands(audit: Command): void {
  audit.description('who did what, and whether somebody changed the record of it');
  audit
    .command('verify')
    .description('find rows that were changed, removed, put in or moved; 0: none, 1: some, or a log cannot be read')
    .option('--game <id>', 'only the log of this game, or of the service itself (service)')
    .option('--checkpoints <file...>', 'copies of checkpoints to hold it against (default: the file of this instance in the data folder)')
    .option('--json', 'print the report as one line of JSON')
    .action(verifyCommand);
  audit
    .command('search')
    .description('show entries, the newest first')
    .requiredOption('--game <id>', 'log of this game, or of the service itself (service)')
    .option('--from <time>', 'from this moment on (ISO 8601)', moment)
    .option('--to <time>', 'up to this moment, it excluded', moment)
    .option('--actor <subject>', 'who, such as key:abc')
    .option('--operation <name>', 'what, such as wallet.debit')
    .option('--entity <name>', 'kind of what it was done to')
    .option('--subject <key>', 'key of what it was done to')
    .option('--limit <rows>', `most entries, at most ${mostRows} (default: 50)`, rows)
    .option('--json', 'print each as a line of JSON')
    .action(searchCommand);
  audit
    .command('prune')
    .description('REMOVE old entries, each chain up to a signed checkpoint; noted in the log itself')
    .requiredOption('--before <time>', 'entries before the last checkpoint that is older than this go (ISO 8601)', moment)
    .option('--game <id>', 'only the log of this game, or of the service itself (service)')
    .action(pruneCommand);
  audit.command('key').description('print the public half of the key that signs the log, for whoever is to check it').action(keyCommand);
}

async function keyCommand(): Promise<void> {
  const { config, isProduction } = readSettings();
  process.stdout.write(`${JSON.stringify((await auditKeyring(config, isProduction)).publicKey)}\n`);
}

function moment(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime())) throw new InvalidArgumentError('a moment such as 2026-01-31 or 2026-01-31T12:00:00Z');
  return date;
}

function rows(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > mostRows) throw new InvalidArgumentError(`a whole number from 1 to ${mostRows}`);
  return value;
}
