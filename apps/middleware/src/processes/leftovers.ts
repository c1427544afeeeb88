import { readdirSync } from 'node:fs';
import path from 'node:path';
import { DurableLog } from '@midgard/queue';

/**
 * Whether the durable logs of an instance number hold writes that were acknowledged and are not in the database: those of a worker that was
 * killed, whose number nobody has now. O(bytes that were not consumed).
 */
export async function hasLeftovers(dataDir: string, instance: number): Promise<boolean> {
  const folder = path.join(dataDir, 'write-behind');
  for (const name of foldersIn(folder)) {
    if (!name.endsWith(`-${instance}`)) continue;
    await using log = await DurableLog.open({ directory: path.join(folder, name) });
    const { durable, consumed } = log.figures();
    if (durable > consumed) return true;
  }
  return false;
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
