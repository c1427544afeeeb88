import path from 'node:path';
import { ApiKeys, type GameServerSecret, Handshake, SigningKeys, Tokens } from '@midgard/auth';
import { type Database, openDatabase } from '@midgard/dao';
import type { Config } from './config-schema.ts';
import { apiKey, apiKeyStore } from './key-store.ts';
import { type Secrets, secretVariables } from './secrets.ts';
import { SetupError } from './setup-error.ts';

/** Audience of our access tokens: a token for another service is refused here, and ours there. */
const audience = 'midgard';

/** What is kept in the service's own database. */
export const serviceEntities = [apiKey] as const;

/** Where the service's own database is. */
export function serviceDatabaseUrl({ dataDir }: Config): string {
  return `sqlite:${path.join(dataDir, 'midgard.db')}`;
}

/** Opens the service's own database, where API keys live, and brings it to its tables. */
export async function openServiceDatabase(config: Config): Promise<Database> {
  const database = await openDatabase(serviceDatabaseUrl(config));
  await database.migrate(serviceEntities);
  return database;
}

/** The API keys, as the running service and the command line both see them. */
export function openApiKeys(database: Database, secrets: Secrets, isProduction: boolean): ApiKeys {
  return new ApiKeys({ store: apiKeyStore(database), pepper: Buffer.from(secrets.keyPepper), env: isProduction ? 'live' : 'dev' });
}

/** Access tokens, signed with the key of the secrets. */
export async function openTokens({ auth }: Config, secrets: Secrets): Promise<Tokens> {
  const keys = await signingKeys(secrets);
  return new Tokens({ keys, issuer: auth.issuer, audience, accessTtlSeconds: auth.accessTtlSeconds });
}

/** The check of game servers that log in by HMAC, with the shared secrets of the configuration. */
export function openHandshake({ auth }: Config): Handshake {
  const servers = new Map<string, GameServerSecret>(
    Object.entries(auth.servers).map(([id, { secret, games }]) => [id, { secret: Buffer.from(secret), role: 'game-server', games }]),
  );
  return new Handshake({ secretOf: async (serverId) => servers.get(serverId) });
}

/** What fails here has the key in its message, so neither message nor cause goes on. */
async function signingKeys({ signingKey }: Secrets): Promise<SigningKeys> {
  try {
    return await SigningKeys.from([JSON.parse(signingKey)]);
  } catch {
    throw new SetupError(
      'ERR_SETUP_SECRET',
      `auth.signingKey (${secretVariables.signingKey}) is no Ed25519 private key as a JSON Web Key; midgard secrets prints one`,
    );
  }
}
