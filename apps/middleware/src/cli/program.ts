import process from 'node:process';
import { isOperationScope, maxAccessTtlSeconds, roleNames } from '@midgard/auth';
import { redactText } from '@midgard/logging/redact';
import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.ts';
import { listRulesCommand, testChannelCommand } from './alerts-commands.ts';
import { addAuditCommands } from './audit/audit-commands.ts';
import { addBench } from './bench/bench-commands.ts';
import { configSchemaCommand } from './config-schema-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { encryptionStatusCommand, rewrapCommand, rotateCommand } from './encryption-command.ts';
import { createKeyCommand, listKeysCommand, revokeKeyCommand, rotateKeyCommand } from './keys-commands.ts';
import { migrateCommand } from './migrate-command.ts';
import { migrationsCommand } from './migrations-command.ts';
import { partitionsCommand } from './partitions-command.ts';
import { secretsCommand } from './secrets-command.ts';
import { listSigningKeysCommand, pruneSigningKeysCommand, rotateSigningKeysCommand } from './signing-keys-commands.ts';
import { startCommand } from './start-command.ts';
import { tokenCommand } from './token-command.ts';

/** Exit code of a command that was called wrongly, as of one whose settings are wrong. */
const WRONG_CALL = 2;

/** The command line of Midgard: every command, with its options and their help. */
export function program(): Command {
  const midgard = new Command('midgard')
    .description('Game data middleware: serves games over TCP and HTTP')
    .version(version)
    .showHelpAfterError('(--help shows what there is)')
    // It repeats what was wrong, and a key or token that slipped into another argument must not stand in a script's log.
    .configureOutput({ outputError: (text, write) => write(redactText(text)) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_CALL))
    .addHelpText(
      'after',
      '\nSettings come from midgard.yaml (or $MIDGARD_CONFIG) and from MIDGARD_… variables.\nExit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 doctor or bench found something.',
    );
  midgard.command('start').description('run the service until SIGINT or SIGTERM').action(startCommand);
  midgard.command('worker', { hidden: true }).action(async () => {
    const { workerCommand } = await import('../processes/worker.ts');
    await workerCommand();
  });
  addKeys(midgard.command('keys'));
  addSigningKeys(midgard.command('signing-keys'));
  addAuditCommands(midgard.command('audit'));
  addAlerts(midgard.command('alerts'));
  midgard
    .command('token')
    .description('print an access token for a player')
    .requiredOption('--game <id>', 'game of the player')
    .requiredOption('--player <id>', 'id of the player', playerId)
    .option('--ttl <seconds>', 'life of the token in seconds, at most a day (default: auth.accessTtlSeconds)', seconds)
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
  addEncryption(midgard.command('encryption'));
  midgard
    .command('doctor')
    .description('check settings, databases and, when asked, the ledgers')
    .option('--ledger', 'prove that every balance is the sum of its entries and that all entries sum to zero')
    .option('--json', 'print the report as JSON')
    .action(doctorCommand);
  addBench(midgard.command('bench'));
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
    .requiredOption('--role <role>', `what the key may do: ${roleNames.filter((role) => role !== 'player').join(', ')}, or a role of the settings`)
    .option('--operation <name...>', 'operations that the key is for, such as order.create or order.* (default: all that its role may call)', operations)
    .option('--label <text>', 'what the key is for', '')
    .option('--expires-in-days <days>', 'life of the key in days (default: no end)', days)
    .action(createKeyCommand);
  keys.command('list').description('show the keys, never their secrets').option('--json', 'print as JSON').action(listKeysCommand);
  keys
    .command('rotate')
    .description('make a key that may do the same and print it; the old one is good for a while yet')
    .argument('<id>', 'id of the old key, as the list shows it', keyId)
    .option('--overlap-hours <hours>', 'how long the old key is still good', hours, 24)
    .action(rotateKeyCommand);
  keys.command('revoke').description('refuse a key from now on').argument('<id>', 'id of the key, as the list shows it', keyId).action(revokeKeyCommand);
}

function addSigningKeys(keys: Command): void {
  keys.description('keys that sign access tokens; running services take up what changes here within two seconds');
  keys
    .command('list')
    .description('show the keys and where they stand in their life, never their private parts')
    .option('--json', 'print as JSON')
    .action(listSigningKeysCommand);
  keys
    .command('rotate')
    .description('make a new key: published now, signing later, while the old one verifies for a day more')
    .addOption(new Option('--algorithm <name>', 'what the key is for (default: auth.algorithm)').choices(['EdDSA', 'ES256']))
    .option('--publish-seconds <seconds>', 'seconds from now until it signs, by which everybody has it; 0 after a leak', publishSeconds, 600)
    .action(rotateSigningKeysCommand);
  keys
    .command('prune')
    .description('remove the keys whose last token has expired')
    .argument('[key]', 'a key to remove at once, with every token that it signed; not the one that signs')
    .action((kid: string | undefined) => pruneSigningKeysCommand(kid));
}

function addAlerts(alerts: Command): void {
  alerts.description('alerts inside of the service: alerts.rules, alerts.channels');
  alerts
    .command('test')
    .description('send a test to a channel of the settings; exit code 1 if it was not taken')
    .requiredOption('--channel <name>', 'name of the channel')
    .action(testChannelCommand);
  alerts.command('list').description('show the rules, those of the settings and those built in').option('--json', 'print as JSON').action(listRulesCommand);
}

function addEncryption(encryption: Command): void {
  encryption.description('keys of encrypted columns');
  encryption
    .command('status')
    .description('show the data keys, and how many values are under which; reads every row of tables with encrypted columns')
    .option('--game <id>', 'only the database of this game')
    .option('--json', 'print as JSON')
    .action(encryptionStatusCommand);
  encryption
    .command('rotate')
    .description('begin a new data key and encrypt everything anew with it while the service runs; called again after an interruption it goes on')
    .option('--game <id>', 'only the database of this game')
    .option('--batch-rows <rows>', 'rows that are locked and written at once (default: 100)', batchRows)
    .action(rotateCommand);
  encryption
    .command('rewrap')
    .description('wrap the data keys anew with encryption.kek, which every instance has by now; no row is touched')
    .option('--game <id>', 'only the database of this game')
    .action(rewrapCommand);
}

function batchRows(text: string): number {
  return wholeNumber(text, 1000, 'rows');
}

/** Whoever has a key at hand gives the whole of it: then it is told what of it is wanted, and nothing of it repeated. */
function keyId(text: string): string {
  if (!/^[A-Za-z0-9]{1,32}$/.test(text)) throw new InvalidArgumentError('an id is what stands between the second and the third underscore of a key');
  return text;
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
  return wholeNumber(text, maxAccessTtlSeconds, 'seconds');
}

function publishSeconds(text: string): number {
  return wholeNumber(text, 86_400, 'seconds', 0);
}

function operations(text: string, before: readonly string[] = []): readonly string[] {
  if (!isOperationScope(text)) throw new InvalidArgumentError('an operation such as order.create, or order.* for all of them');
  return [...before, text];
}

function hours(text: string): number {
  return wholeNumber(text, 24 * 365, 'hours', 0);
}

function days(text: string): number {
  return wholeNumber(text, 3650, 'days');
}

function wholeNumber(text: string, most: number, unit: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`a whole number of ${unit} from ${least} to ${most}`);
  return value;
}
