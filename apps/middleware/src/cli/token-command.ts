import process from 'node:process';
import { noteCommand } from '../audit/note-command.ts';
import { openTokens } from '../authentication.ts';
import { readSettings } from '../config.ts';
import { keySource } from '../signing-keys/key-source.ts';
import { openKeyRing } from '../signing-keys/open-key-ring.ts';

/** Prints an access token of a player and nothing else on stdout. Whether the player exists is told by the first request. */
export async function tokenCommand({ game, player, ttl }: { game: string; player: bigint; ttl?: number }): Promise<void> {
  const { config, isProduction } = readSettings();
  const tokens = openTokens(config, await openKeyRing(keySource(config), isProduction));
  const token = await tokens.issueAccess({ game, playerId: player, roles: ['player'], ...(ttl !== undefined && { ttlSeconds: ttl }) });
  await noteCommand(config, {
    operation: 'token.issue',
    entity: 'player',
    subject: String(player),
    changes: { game, ttlSeconds: ttl ?? config.auth.accessTtlSeconds },
  });
  process.stdout.write(`${token}\n`);
}
