import process from 'node:process';
import type { ApiKeyInfo, ApiKeys } from '@midgard/auth';
import { ServiceAudit } from '../audit/service-audit.ts';
import { openApiKeys } from '../authentication.ts';
import { readSettings } from '../config.ts';
import { openServiceDatabase } from '../database/service-database.ts';
import { keyRoles } from '../rights.ts';
import { resolveSecrets } from '../secrets.ts';
import { SetupError } from '../setup-error.ts';
import { table } from './table.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

async function withKeys<T>(work: (keys: ApiKeys) => Promise<T>): Promise<T> {
  const { config, isProduction } = readSettings();
  const secrets = resolveSecrets(config, isProduction);
  await using database = await openServiceDatabase(config);
  return await work(openApiKeys(database, secrets, isProduction, ServiceAudit.ofCommand(config)));
}

/** Prints the new key and nothing else on stdout, so that a script can take it. */
export async function createKeyCommand({
  game,
  role,
  operation,
  label,
  expiresInDays,
}: {
  game: string[];
  role: string;
  operation?: readonly string[];
  label: string;
  expiresInDays?: number;
}): Promise<void> {
  const known = keyRoles(readSettings().config);
  if (!known.includes(role)) throw new SetupError('ERR_SETUP_ARGUMENT', `no such role: ${role}; there are ${known.join(', ')}`);
  const key = await withKeys(async (keys) => {
    const created = await keys.create({
      games: game.includes('*') ? '*' : game,
      role,
      operations: operation ?? null,
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
  else process.stdout.write(table(['id', 'role', 'games', 'operations', 'label', 'created', 'last used', 'state'], keys.map(keyRow)));
}

function keyRow({ id, role, games, operations, label, createdAt, lastUsedAt, ...state }: ApiKeyInfo): string[] {
  const used = lastUsedAt === null ? 'never' : day(lastUsedAt);
  return [id, role, games === '*' ? '*' : games.join(' '), operations?.join(' ') ?? '*', label, day(createdAt), used, stateOf(state)];
}

function stateOf({ expiresAt, revokedAt, replacedBy }: Pick<ApiKeyInfo, 'expiresAt' | 'revokedAt' | 'replacedBy'>): string {
  if (revokedAt !== null) return `revoked ${day(revokedAt)}`;
  if (expiresAt === null) return 'valid';
  const replaced = replacedBy === null ? '' : `, replaced by ${replacedBy}`;
  return (expiresAt <= Date.now() ? `expired ${day(expiresAt)}` : `valid until ${day(expiresAt)}`) + replaced;
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

/** Prints the key that takes the place of another, and nothing else on stdout. */
export async function rotateKeyCommand(id: string, { overlapHours }: { overlapHours: number }): Promise<void> {
  const created = await withKeys((keys) => keys.rotate(id, { overlapMs: overlapHours * hourMs }));
  if (created === undefined) throw new SetupError('ERR_SETUP_ARGUMENT', `no valid key has the id ${id}; midgard keys list shows them`);
  process.stdout.write(`${created.key}\n`);
}
