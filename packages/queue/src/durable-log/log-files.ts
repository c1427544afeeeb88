import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { DirectoryLock } from './directory-lock.ts';

/** One open file of a log. */
export interface LogFile {
  /** @returns bytes read; fewer than asked for only at the end of the file */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of the bytes, or fails: then any part of them may be there. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Comes back when what was written, and the file's length, would survive a loss of power. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** The file system as a log uses it; tests give one that fails, or forgets what was not synced. */
export interface LogFiles {
  /** Makes a folder and the missing ones above it, so that their names survive a crash. */
  makeDirectory(directory: string): Promise<void>;
  /** Opens a file that is there, for reading and writing. */
  open(file: string): Promise<LogFile>;
  /** Makes an empty file, or empties the one that is there. */
  create(file: string): Promise<LogFile>;
  /** Names of the files in a folder. */
  list(directory: string): Promise<readonly string[]>;
  remove(file: string): Promise<void>;
  /** Puts one file in the place of another, all or nothing. */
  replace(from: string, to: string): Promise<void>;
  /** Makes new, replaced and removed names durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Keeps every other log away from a folder until it is released or the process dies.
   *
   * @throws {QueueError} `ERR_QUEUE_LOG_LOCKED`: another log has it
   */
  lock(directory: string): { release(): void };
}

/** The files of this machine. */
export const nodeFiles: LogFiles = {
  makeDirectory,
  open: async (file) => nodeFile(await open(file, 'r+')),
  create: async (file) => nodeFile(await open(file, 'w+', 0o600)),
  list: (directory) => readdir(directory),
  remove: unlink,
  replace: rename,
  syncDirectory,
  lock: (directory) => new DirectoryLock(directory),
};

async function syncDirectory(directory: string): Promise<void> {
  await using folder = await open(directory, 'r');
  await folder.sync();
}

async function makeDirectory(directory: string): Promise<void> {
  const topmost = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (topmost === undefined) return;
  const made = path.resolve(directory);
  for (let parent = path.dirname(made); parent.length >= path.dirname(topmost).length; parent = path.dirname(parent)) {
    await syncDirectory(parent);
    if (parent === path.dirname(parent)) return;
  }
}

function nodeFile(handle: FileHandle): LogFile {
  return {
    read: async (target, position) => {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    write: async (bytes, position) => {
      let done = 0;
      // A full disk first takes a part of a write without an error, and fails the rest.
      while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    },
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

/** Writes a small file so that a crash leaves the old or the new one, never a part. */
export async function writeWhole(files: LogFiles, file: string, bytes: Uint8Array): Promise<void> {
  const draft = `${file}.new`;
  const handle = await files.create(draft);
  try {
    await handle.write(bytes, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await files.replace(draft, file);
  await files.syncDirectory(path.dirname(file));
}
