import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiKeys } from '@midgard/auth';
import { writePrivately } from './private-file.ts';

/**
 * The key that `npm start` prints, so that the first request needs no set-up: made once, kept in the data folder for its owner only.
 *
 * A key whose database was removed is of no use, so a new one takes its place. Never called in production.
 */
export async function developmentKey(apiKeys: ApiKeys, dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'development-key');
  const saved = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (saved !== undefined && (await isAccepted(apiKeys, saved))) return saved;
  const { key } = await apiKeys.create({ games: '*', role: 'game-server', label: 'development', expiresAt: null });
  writePrivately(file, `${key}\n`);
  return key;
}

async function isAccepted(apiKeys: ApiKeys, key: string): Promise<boolean> {
  return apiKeys.verify(key).then(
    () => true,
    () => false,
  );
}
