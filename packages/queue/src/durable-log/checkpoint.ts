import path from 'node:path';
import { type LogFiles, writeWhole } from './log-files.ts';
import { sealed, segmentHeaderBytes, unsealed } from './segment.ts';

const mark = Buffer.from('MIDGCHK1');
const name = 'checkpoint';

/**
 * Reads up to where a log has been consumed.
 *
 * @returns undefined where nothing was noted, or the note is damaged: then all that is left is replayed, which loses nothing
 */
export async function readCheckpoint(files: LogFiles, directory: string): Promise<number | undefined> {
  if (!(await files.list(directory)).includes(name)) return undefined;
  const file = await files.open(path.join(directory, name));
  try {
    const bytes = Buffer.alloc(Math.min(await file.size(), segmentHeaderBytes));
    await file.read(bytes, 0);
    return unsealed(mark, bytes);
  } finally {
    await file.close();
  }
}

/** Notes durably up to where a log has been consumed. */
export function writeCheckpoint(files: LogFiles, directory: string, sequence: number): Promise<void> {
  return writeWhole(files, path.join(directory, name), sealed(mark, sequence));
}
