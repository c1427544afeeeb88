import { chmod, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { getHeapStatistics, writeHeapSnapshot } from 'node:v8';
import { MidgardError } from '@midgard/game-kit';

/** A snapshot that was written. */
export interface HeapSnapshotFile {
  /** Name below the folder of snapshots. */
  readonly file: string;
  readonly bytes: number;
  /** How long nothing else could be done, in milliseconds. */
  readonly blockedMs: number;
}

/** What {@link HeapSnapshots} works with. */
export interface HeapSnapshotsParts {
  readonly folder: string;
  /** Snapshots that are kept; older ones are deleted (default 3). */
  readonly keep?: number;
  readonly clock?: { now(): number };
  /** Writes one; default: V8. */
  readonly write?: (file: string) => void;
}

const extension = '.heapsnapshot';
/** A snapshot is larger than the heap that it is of. */
const roomPerHeapByte = 3;

/**
 * Writes snapshots of the heap into a folder that the service's own user alone can read: everything is in it, secrets too.
 *
 * It blocks the event loop for about a second for each 100 MB of heap, and takes as much memory again.
 */
export class HeapSnapshots {
  readonly #folder: string;
  readonly #keep: number;
  readonly #clock: { now(): number };
  readonly #write: (file: string) => void;
  #isTaking = false;

  constructor({ folder, keep = 3, clock = Date, write = (file) => void writeHeapSnapshot(file) }: HeapSnapshotsParts) {
    this.#folder = folder;
    this.#keep = keep;
    this.#clock = clock;
    this.#write = write;
  }

  /** @throws {MidgardError} 1005: another one is being taken, or the disk has no room for it */
  async take(): Promise<HeapSnapshotFile> {
    if (this.#isTaking) throw new MidgardError('overloaded', 'a heap snapshot is being taken already');
    this.#isTaking = true;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#requireRoom();
      const file = `heap-${new Date(this.#clock.now()).toISOString().replaceAll(/[:.]/g, '-')}${extension}`;
      const target = path.join(this.#folder, file);
      const beganAt = performance.now();
      this.#write(target);
      const blockedMs = Math.round(performance.now() - beganAt);
      await chmod(target, 0o600);
      await this.#prune();
      return { file, bytes: (await stat(target)).size, blockedMs };
    } finally {
      this.#isTaking = false;
    }
  }

  async #requireRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < getHeapStatistics().used_heap_size * roomPerHeapByte) throw new MidgardError('overloaded', 'the disk has no room for a heap snapshot');
  }

  /** Their names sort by time. */
  async #prune(): Promise<void> {
    const files = (await readdir(this.#folder)).filter((file) => file.startsWith('heap-') && file.endsWith(extension)).sort();
    await Promise.all(files.slice(0, -this.#keep).map((file) => rm(path.join(this.#folder, file), { force: true })));
  }
}
