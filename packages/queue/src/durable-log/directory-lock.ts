import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { QueueError } from '../errors.ts';

/**
 * Keeps a second process, or a second log of this one, away from a folder.
 *
 * SQLite's file lock, because Node has no `flock`: the kernel lets it go when the process dies, however it dies, and a
 * process number that was given again never passes for the old holder.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;

  /** @throws {QueueError} `ERR_QUEUE_LOG_LOCKED`: another log holds the folder */
  constructor(directory: string) {
    const file = path.join(directory, 'lock');
    // Made here, since SQLite would let everybody read it.
    closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file);
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      throw new QueueError('ERR_QUEUE_LOG_LOCKED', `${directory} is in use by another log: each instance needs a folder of its own`, { cause });
    }
    this.#database = database;
  }

  /** Lets others have the folder. */
  release(): void {
    this.#database.close();
  }
}
