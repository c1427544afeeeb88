import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { FileSettings } from './file-options.ts';

/** What comes behind the prefix. */
const ourEnd = /^(?:service|error|request|performance|audit)\.(\d{4}-\d\d-\d\d)\.\d+\.log$/;

/**
 * Removes the files of the days before those that are kept: ours by prefix, and no others. pino-roll counts files, of which a busy day has many.
 *
 * @param today any moment of it
 * @returns the names of what was removed
 */
export async function pruneFiles({ folder, prefix, keepDays }: Pick<FileSettings, 'folder' | 'prefix' | 'keepDays'>, today: Date): Promise<string[]> {
  const oldest = dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - keepDays));
  const begin = `${prefix}-`;
  const old = (await readdir(folder)).filter((name) => name.startsWith(begin) && (ourEnd.exec(name.slice(begin.length))?.[1] ?? oldest) < oldest);
  await Promise.all(old.map((name) => unlink(path.join(folder, name))));
  return old;
}

/** As pino-roll writes it: by the time zone of the machine. */
function dayOf(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}
