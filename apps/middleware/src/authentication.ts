import path from 'node:path';
import { ApiKeys, type GameServerSecret, Handshake, type KeyRing, type NonceStore, type Revocations, Tokens } from '@midgard/auth';
import { type Database, openDatabase } from '@midgard/dao';
import { auditEntities } from '@midgard/game-kit';
import type { ServiceAudit } from './audit/service-audit.ts';
import { ownDatabase } from './config.ts';
import type { Config } from './config-schema.ts';
import { apiKey, apiKeyStore } from './key-store.ts';
import type { Secrets } from './secrets.ts';

/** Audience of our access tokens: a token for another service is refused here, and ours there. */
const audience = 'midgard';

/** What is kept in the service's own database. */
export const serviceEntities = [apiKey, ...auditEntities] as const;

/** Where the service's own database is: as `databases.midgard` says, else in the data folder. */
export function serviceDatabaseUrl({ dataDir, databases }: Config): string {
  return databases[ownDatabase]?.url ?? `sqlite:${path.join(dataDir, 'midgard.db')}`;
}

/** Opens the service's own database, where API keys live, and brings it to its tables. */
export async function openServiceDatabase(config: Config): Promise<Database> {
  const database = await openDatabase(serviceDatabaseUrl(config));
  await database.migrate(serviceEntities);
  return database;
}

/** The API keys, as the running service and the command line both see them. */
export function openApiKeys(database: Database, secrets: Secrets, isProduction: boolean, audit: ServiceAudit): ApiKeys {
  return new ApiKeys({ store: apiKeyStore(database, audit), pepper: Buffer.from(secrets.keyPepper), env: isProduction ? 'live' : 'dev' });
}

/** Access tokens. @param revocations what is refused before its time; a command that only issues needs none */
export function openTokens({ auth }: Config, keys: KeyRing, revocations?: Revocations): Tokens {
  const { issuer, accessTtlSeconds } = auth;
  return new Tokens({ keys, issuer, audience, accessTtlSeconds, ...(revocations !== undefined && { revocations }) });
}

/** The check of game servers that log in by HMAC, with the shared secrets of the configuration. */
export function openHandshake({ auth }: Config, sharedNonces: NonceStore | undefined): Handshake {
  const servers = new Map<string, GameServerSecret>(
    Object.entries(auth.servers).map(([id, { secret, games }]) => [id, { secret: Buffer.from(secret), role: 'game-server', games }]),
  );
  return new Handshake({ secretOf: async (serverId) => servers.get(serverId), ...(sharedNonces === undefined ? {} : { sharedNonces }) });
}
