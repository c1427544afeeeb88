import process from 'node:process';
import type { DatabaseEncryption, EncryptionStatus, Entity, RotationProgress } from '@midgard/dao';
import { noteCommand } from '../audit/note-command.ts';
import { readSettings } from '../config.ts';
import { resolveSecrets } from '../secrets.ts';
import { SetupError } from '../setup-error.ts';
import { onEach } from './each-database.ts';
import { listedDatabases } from './listed-databases.ts';
import { table } from './table.ts';

/** A line of progress is printed so often at most, in milliseconds: batches are many. */
const progressMs = 1000;

interface OfGame {
  readonly game?: string;
}

type Work = (encryption: DatabaseEncryption, entities: readonly Entity[], title: string) => Promise<void>;

/** Shows the data keys of each database, and how many values are under which of them. */
export async function encryptionStatusCommand({ json: isJson = false, game }: OfGame & { readonly json?: boolean }): Promise<void> {
  const all: Record<string, EncryptionStatus> = {};
  await onEncrypted('not shown', { game, act: undefined }, async (encryption, entities, title) => {
    const status = await encryption.status(entities);
    all[title] = status;
    if (!isJson) process.stdout.write(`-- ${title}\n${shown(status)}`);
  });
  if (isJson) process.stdout.write(`${JSON.stringify(all, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`);
}

/** Begins a new data key for each database, or goes on where a rotation ended, and encrypts everything that is under older ones anew. */
export async function rotateCommand({ game, batchRows }: OfGame & { readonly batchRows?: number }): Promise<void> {
  await onEncrypted('not rotated', { game, act: 'encryption.rotate' }, async (encryption, entities, title) => {
    const onProgress = progressOf(title);
    const { keys, renewed, unreadable } = await encryption.rotate(entities, { onProgress, ...(batchRows !== undefined && { batchRows }) });
    process.stdout.write(`-- ${title}: everything is under data key ${keys.join(', ')}; ${renewed} values were encrypted anew\n`);
    if (unreadable === 0) return;
    throw new SetupError('ERR_SETUP_DATABASE', `${unreadable} rows hold a value that does not decrypt (ERR_DAO_DECRYPT); they stay as they are`);
  });
}

/** Wraps the data keys that are under former key-encryption keys anew; no row is touched. */
export async function rewrapCommand({ game }: OfGame): Promise<void> {
  await onEncrypted('not wrapped anew', { game, act: 'encryption.rewrap' }, async (encryption, _entities, title) => {
    process.stdout.write(`-- ${title}: ${await encryption.rewrap()} keys wrapped anew\n`);
  });
}

/** Does something with each database that has encrypted columns. @param act what the audit log calls it; undefined: it changes nothing */
async function onEncrypted(failure: string, { game, act }: { readonly game: string | undefined; readonly act: string | undefined }, work: Work): Promise<void> {
  const { config, isProduction } = readSettings();
  const all = await listedDatabases(config, resolveSecrets(config, isProduction));
  const wanted = game === undefined ? all : all.filter(({ name }) => name === game);
  if (wanted.length === 0) throw new SetupError('ERR_SETUP_ARGUMENT', `--game: no enabled game is called ${game}`);
  const databases = wanted.filter(({ entities }) => entities.some(({ encrypted }) => encrypted.length > 0));
  if (databases.length === 0) process.stdout.write('no database has encrypted columns\n');
  else if (act !== undefined)
    await noteCommand(config, { operation: act, entity: 'database', subject: game ?? '*', changes: { databases: databases.map(({ name }) => name) } });
  await onEach(failure, databases, async ({ encryption }, { entities }, title) => {
    if (encryption !== undefined) await work(encryption, entities, title);
  });
}

function shown({ keys, values }: EncryptionStatus): string {
  const keyRows = keys.map(({ id, isCurrent, isRotating, wrappedBy, createdAt, used }) => [
    String(id),
    isRotating ? 'rotating' : isCurrent ? 'current' : 'old',
    createdAt.toISOString(),
    String(used),
    wrappedBy,
  ]);
  const valueRows = values.map(({ entity, column, key, values: count }) => [entity, column, key === null ? 'none' : String(key), String(count)]);
  const counts = valueRows.length === 0 ? 'no values yet\n' : table(['entity', 'column', 'key', 'values'], valueRows);
  return `${table(['key', 'state', 'created', 'used', 'wrapped by'], keyRows)}${counts}`;
}

function progressOf(title: string): (progress: RotationProgress) => void {
  let toldAt = performance.now();
  return ({ entity, rows, renewed }) => {
    if (performance.now() - toldAt < progressMs) return;
    toldAt = performance.now();
    process.stdout.write(`-- ${title}: ${entity}: ${rows} rows read, ${renewed} values encrypted anew\n`);
  };
}
