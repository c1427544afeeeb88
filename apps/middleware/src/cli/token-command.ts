import process from 'node:process';
import { openTokens } from '../authentication.ts';
import { readSettings } from '../config.ts';
import { resolveSecrets } from '../secrets.ts';

/** Prints an access token of a player and nothing else on stdout. Whether the player exists is told by the first request. */
export async function tokenCommand({ game, player, ttl }: { game: string; player: bigint; ttl?: number }): Promise<void> {
  const { config, isProduction } = readSettings();
  const tokens = await openTokens(config, await resolveSecrets(config, isProduction));
  const token = await tokens.issueAccess({ game, playerId: player, roles: ['player'], ...(ttl !== undefined && { ttlSeconds: ttl }) });
  process.stdout.write(`${token}\n`);
}
