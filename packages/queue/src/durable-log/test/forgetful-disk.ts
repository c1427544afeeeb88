import path from 'node:path';
import type { LogFile, LogFiles } from '../log-files.ts';

const sectorBytes = 512;

interface Inode {
  /** What the kernel would give to a reader. */
  seen: Buffer;
  /** What a loss of power leaves for sure. */
  synced: Buffer;
}

/** Whether a fault strikes, asked before each step that changes the disk. */
export type Fault = (step: 'write' | 'sync' | 'truncate' | 'name', bytes: number) => { readonly error: Error; readonly doneBytes?: number } | undefined;

/**
 * A disk in memory that keeps to what POSIX promises and to no more: until a file is synced, a loss of power may leave any
 * of its changed sectors old or new, and any of a folder's new names may be missing.
 */
export class ForgetfulDisk implements LogFiles {
  #seen = new Map<string, Inode>();
  #synced = new Map<string, Inode>();
  /** Syncs of files so far. */
  syncs = 0;
  fault: Fault = () => undefined;
  /** Whether the kernel puts a file on the disk though nobody asked; tried after each write. */
  writesBack: () => boolean = () => false;

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  lock(): { release(): void } {
    return { release: () => undefined };
  }

  async list(directory: string): Promise<readonly string[]> {
    return [...this.#seen.keys()].filter((file) => path.dirname(file) === directory).map((file) => path.basename(file));
  }

  async open(file: string): Promise<LogFile> {
    const inode = this.#seen.get(file);
    if (inode === undefined) throw Object.assign(new Error(`no file ${file}`), { code: 'ENOENT' });
    return this.#opened(inode);
  }

  async create(file: string): Promise<LogFile> {
    await this.#step('name', 0);
    const known = this.#seen.get(file);
    const inode = known ?? { seen: Buffer.alloc(0), synced: Buffer.alloc(0) };
    inode.seen = Buffer.alloc(0);
    this.#seen.set(file, inode);
    return this.#opened(inode);
  }

  async remove(file: string): Promise<void> {
    await this.#step('name', 0);
    if (!this.#seen.delete(file)) throw Object.assign(new Error(`no file ${file}`), { code: 'ENOENT' });
  }

  async replace(from: string, to: string): Promise<void> {
    await this.#step('name', 0);
    const inode = this.#seen.get(from);
    if (inode === undefined) throw Object.assign(new Error(`no file ${from}`), { code: 'ENOENT' });
    this.#seen.delete(from);
    this.#seen.set(to, inode);
  }

  async syncDirectory(): Promise<void> {
    await this.#step('sync', 0);
    this.#synced = new Map(this.#seen);
  }

  /** What a file holds; for tests that damage it. */
  contents(file: string): Buffer {
    return this.#seen.get(file)?.seen ?? Buffer.alloc(0);
  }

  /** Puts other bytes in a file's place, already on disk. */
  overwrite(file: string, bytes: Buffer): void {
    const inode = { seen: Buffer.from(bytes), synced: Buffer.from(bytes) };
    this.#seen.set(file, inode);
    this.#synced.set(file, inode);
  }

  /**
   * The power goes and comes back.
   *
   * @param chance true as often as not; decides about each sector and each name that was not synced
   */
  losePower(chance: () => boolean): void {
    this.fault = () => undefined;
    const names = new Set([...this.#synced.keys(), ...this.#seen.keys()]);
    const left = new Map<string, Inode>();
    for (const name of names) {
      const inode = chance() ? this.#seen.get(name) : this.#synced.get(name);
      if (inode === undefined) continue;
      const bytes = settle(inode, chance);
      left.set(name, { seen: bytes, synced: Buffer.from(bytes) });
    }
    this.#seen = left;
    this.#synced = new Map(left);
  }

  #opened(inode: Inode): LogFile {
    let isOpen = true;
    const requireOpen = (): void => {
      if (!isOpen) throw Object.assign(new Error('the file is closed'), { code: 'EBADF' });
    };
    return {
      read: async (target, position) => inode.seen.copy(target, 0, position),
      write: async (bytes, position) => {
        requireOpen();
        const fault = this.fault('write', bytes.length);
        put(inode, bytes.subarray(0, fault === undefined ? bytes.length : (fault.doneBytes ?? 0)), position);
        if (this.writesBack()) inode.synced = Buffer.from(inode.seen);
        await Promise.resolve();
        if (fault !== undefined) throw fault.error;
      },
      sync: async () => {
        requireOpen();
        await this.#step('sync', 0);
        this.syncs += 1;
        inode.synced = Buffer.from(inode.seen);
      },
      truncate: async (bytes) => {
        await this.#step('truncate', bytes);
        inode.seen = Buffer.concat([inode.seen.subarray(0, bytes), Buffer.alloc(Math.max(0, bytes - inode.seen.length))]);
      },
      size: async () => inode.seen.length,
      close: async () => {
        requireOpen();
        isOpen = false;
      },
    };
  }

  async #step(step: Parameters<Fault>[0], bytes: number): Promise<void> {
    const fault = this.fault(step, bytes);
    await Promise.resolve();
    if (fault !== undefined) throw fault.error;
  }
}

function put(inode: Inode, bytes: Uint8Array, position: number): void {
  const length = Math.max(inode.seen.length, position + bytes.length);
  const grown = Buffer.alloc(length);
  inode.seen.copy(grown);
  grown.set(bytes, position);
  inode.seen = grown;
}

function settle({ seen, synced }: Inode, chance: () => boolean): Buffer {
  if (seen.equals(synced)) return Buffer.from(seen);
  // The length is written on its own: the file may have grown with its sectors still empty.
  const settled = Buffer.alloc(chance() ? seen.length : synced.length);
  for (let at = 0; at < settled.length; at += sectorBytes) {
    const end = Math.min(at + sectorBytes, settled.length);
    const source = chance() ? seen : synced;
    if (at < source.length) source.copy(settled, at, at, end);
  }
  return settled;
}
