import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { QueueError } from '../errors.ts';
import { type LogFiles, writeWhole } from './log-files.ts';

const name = 'id';
const idBytes = 16;

/**
 * Reads the name that a log got when it was made, or gives it one.
 *
 * Sequences begin at 1 in every log: whoever remembers how far he has come must also remember in which log.
 *
 * @param isNew the folder holds nothing of a log yet
 * @throws {QueueError} `ERR_QUEUE_LOG_CORRUPT`: the name of a log that holds something is gone or damaged
 */
export async function logId(files: LogFiles, directory: string, isNew: boolean): Promise<string> {
  const file = path.join(directory, name);
  if ((await files.list(directory)).includes(name)) {
    const known = await readText(files, file);
    if (/^[0-9a-f]{32}$/.test(known)) return known;
  } else if (isNew) {
    const id = randomBytes(idBytes).toString('hex');
    await writeWhole(files, file, Buffer.from(id));
    return id;
  }
  throw new QueueError('ERR_QUEUE_LOG_CORRUPT', `the file ${name} of the log is missing or damaged: restore it, or move the log away`);
}

async function readText(files: LogFiles, file: string): Promise<string> {
  const handle = await files.open(file);
  try {
    const bytes = Buffer.alloc(idBytes * 2);
    return bytes.toString('latin1', 0, await handle.read(bytes, 0));
  } finally {
    await handle.close();
  }
}
