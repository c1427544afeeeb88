import process from 'node:process';
import { type ApiKeyInfo, type ApiKeys, isRole } from '@midgard/auth';
import { openApiKeys, openServiceDatabase } from '../authentication.ts';
import { readSettings } from '../config.ts';
import { resolveSecrets } from '../secrets.ts';
import { SetupError } from '../setup-error.ts';
import { table } from './table.ts';

const dayMs = 86_400_000;

async function withKeys<T>(work: (keys: ApiKeys) => Promise<T>): Promise<T> {
  const { config, isProduction } = readSettings();
  const secrets = await resolveSecrets(config, isProduction);
  await using database = await openServiceDatabase(config);
  return await work(openApiKeys(database, secrets, isProduction));
}

/** Prints the new key and nothing else on stdout, so that a script can take it. */
export async function createKeyCommand({
  game,
  role,
  label,
  expiresInDays,
}: {
  game: string[];
  role: string;
  label: string;
  expiresInDays?: number;
}): Promise<void> {
  if (!isRole(role)) throw new SetupError('ERR_SETUP_ARGUMENT', `no such role: ${role}`);
  const key = await withKeys(async (keys) => {
    const created = await keys.create({
      games: game.includes('*') ? '*' : game,
      role,
      label: label === '' ? `${role} of ${game.join(', ')}` : label,
      expiresAt: expiresInDays === undefined ? null : Date.now() + expiresInDays * dayMs,
    });
    return created.key;
  });
  process.stdout.write(`${key}\n`);
}

/** Shows every key without its secret. */
export async function listKeysCommand({ json }: { json?: boolean }): Promise<void> {
  const keys = await withKeys((all) => all.list());
  if (json) process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
  else process.stdout.write(table(['id', 'role', 'games', 'label', 'created', 'state'], keys.map(keyRow)));
}

function keyRow({ id, role, games, label, createdAt, expiresAt, revokedAt }: ApiKeyInfo): string[] {
  return [id, role, games === '*' ? '*' : games.join(' '), label, day(createdAt), stateOf(expiresAt, revokedAt)];
}

function stateOf(expiresAt: number | null, revokedAt: number | null): string {
  if (revokedAt !== null) return `revoked ${day(revokedAt)}`;
  if (expiresAt === null) return 'valid';
  return expiresAt <= Date.now() ? `expired ${day(expiresAt)}` : `valid until ${day(expiresAt)}`;
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** Refuses a key from now on, in the running service within a second. */
export async function revokeKeyCommand(id: string): Promise<void> {
  const isKnown = await withKeys((keys) => keys.revoke(id));
  if (!isKnown) throw new SetupError('ERR_SETUP_ARGUMENT', `no key has the id ${id}; midgard keys list shows them`);
  process.stdout.write(`revoked ${id}\n`);
}
