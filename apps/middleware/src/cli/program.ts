import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.ts';
import { configSchemaCommand } from './config-schema-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { createKeyCommand, listKeysCommand, revokeKeyCommand } from './keys-commands.ts';
import { migrateCommand } from './migrate-command.ts';
import { secretsCommand } from './secrets-command.ts';
import { startCommand } from './start-command.ts';
import { tokenCommand } from './token-command.ts';

/** Exit code of a command that was called wrongly, as of one whose settings are wrong. */
const WRONG_CALL = 2;
const roles = ['game-server', 'web', 'viewer', 'operator', 'admin'];

/** The command line of Midgard: every command, with its options and their help. */
export function program(): Command {
  const midgard = new Command('midgard')
    .description('Game data middleware: serves games over TCP and HTTP')
    .version(version)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_CALL))
    .addHelpText(
      'after',
      '\nSettings come from midgard.yaml (or $MIDGARD_CONFIG) and from MIDGARD_… variables.\nExit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 doctor found something.',
    );
  midgard.command('start').description('run the service until SIGINT or SIGTERM').action(startCommand);
  addKeys(midgard.command('keys'));
  midgard
    .command('token')
    .description('print an access token for a player')
    .requiredOption('--game <id>', 'game of the player')
    .requiredOption('--player <id>', 'id of the player', playerId)
    .option('--ttl <seconds>', 'life of the token in seconds (default: auth.accessTtlSeconds)', seconds)
    .action(tokenCommand);
  midgard
    .command('migrate')
    .description('bring the databases of all enabled games to their entities')
    .option('--dry-run', 'print the SQL and change nothing')
    .action(migrateCommand);
  midgard
    .command('doctor')
    .description('check settings, databases and, when asked, the ledgers')
    .option('--ledger', 'prove that every balance is the sum of its entries and that all entries sum to zero')
    .option('--json', 'print the report as JSON')
    .action(doctorCommand);
  midgard.command('secrets').description('print new secrets for production, as lines of an environment file').action(secretsCommand);
  midgard.command('config-schema').description('print the JSON Schema of midgard.yaml, for editors').action(configSchemaCommand);
  return midgard;
}

function addKeys(keys: Command): void {
  keys.description('API keys of game servers, websites and back offices');
  keys
    .command('create')
    .description('make a key and print it; it is shown this once')
    .requiredOption('--game <id...>', 'games that the key may use; * for all')
    .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
    .option('--label <text>', 'what the key is for', '')
    .option('--expires-in-days <days>', 'life of the key in days (default: no end)', days)
    .action(createKeyCommand);
  keys.command('list').description('show the keys, never their secrets').option('--json', 'print as JSON').action(listKeysCommand);
  keys.command('revoke').description('refuse a key from now on').argument('<id>', 'id of the key, as the list shows it').action(revokeKeyCommand);
}

function playerId(text: string): bigint {
  if (!/^[1-9]\d{0,18}$/.test(text)) throw new InvalidArgumentError('a player id is a positive number of at most 19 digits');
  return BigInt(text);
}

function seconds(text: string): number {
  return wholeNumber(text, 86_400 * 365, 'seconds');
}

function days(text: string): number {
  return wholeNumber(text, 3650, 'days');
}

function wholeNumber(text: string, most: number, unit: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`a whole number of ${unit} from 1 to ${most}`);
  return value;
}
