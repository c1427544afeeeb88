import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Servers are often in folders that only root has in its PATH.
const usualFolders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The path of a program of this machine, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...usualFolders];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
