import { ApiKeys, type GameServerSecret, Handshake, type KeyRing, type NonceStore, type Revocations, Tokens } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import type { ServiceAudit } from './audit/service-audit.ts';
import type { Config } from './config-schema.ts';
import { apiKeyStore } from './key-store.ts';
import type { Secrets } from './secrets.ts';

/** Audience of our access tokens: a token for another service is refused here, and ours there. */
const audience = 'midgard';

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
