import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.ts';
import { configSchemaCommand } from './config-schema-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { createKeyCommand, listKeysCommand, revokeKeyCommand } from './keys-commands.ts';
import { migrateCommand } from './migrate-command.ts';
import { migrationsCommand } from './migrations-command.ts';
import { partitionsCommand } from './partitions-command.ts';
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
    .option('--game <id>', 'only the database of this game')
    .option('--to <version>', 'version of its migration files to end at, forward or back; 0 is before the first', fileVersion)
    .option('--allow-data-loss', 'let the way back delete tables, columns and rows')
    .action(migrateCommand);
  midgard
    .command('migrations')
    .description('write what the entities of a game changed as the next SQL file, to be reviewed, and its way back')
    .requiredOption('--game <id>', 'game whose entities are looked at')
    .requiredOption('--name <name>', 'what the file is called: small letters, digits and underscores')
    .addOption(new Option('--dialect <dialect>', 'kind of database (default: by its URL)').choices(['sqlite', 'mariadb', 'mysql', 'oracle']))
    .action(migrationsCommand);
  midgard
    .command('partitions')
    .description('give tables that are kept by the year their coming years; to be run about monthly')
    .option('--dry-run', 'print the SQL and change nothing')
    .option('--years-ahead <years>', 'years after this one that get their partitions (default: 1)', years)
    .option('--keep-years <years>', 'whole years before this one that stay; the rows of older ones are DELETED (default: all stay)', years)
    .action(partitionsCommand);
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

function fileVersion(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version) || version < 0) throw new InvalidArgumentError('a whole number from 0');
  return version;
}

function years(text: string): number {
  return wholeNumber(text, 100, 'years', 0);
}

function seconds(text: string): number {
  return wholeNumber(text, 86_400 * 365, 'seconds');
}

function days(text: string): number {
  return wholeNumber(text, 3650, 'days');
}

function wholeNumber(text: string, most: number, unit: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`a whole number of ${unit} from ${least} to ${most}`);
  return value;
}
