import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DaoError } from '../../errors.ts';

/** Readable by its owner only: it holds players' data. */
const fileMode = 0o600;
const folderMode = 0o700;

/** The file of a database; a temporary one goes with `release`. */
export class DatabaseFile {
  readonly path: string;
  readonly #inode: bigint;
  readonly #temporaryFolder: string | undefined;

  private constructor(file: string, inode: bigint, temporaryFolder: string | undefined) {
    this.path = file;
    this.#inode = inode;
    this.#temporaryFolder = temporaryFolder;
  }

  /**
   * Makes the file and its folder where they are not there.
   *
   * @param target a path, relative to the working directory, or `:memory:` for a temporary file: SQLite's own memory databases
   *   cannot be shared by several connections, so a read would see uncommitted rows
   * @throws {DaoError} `ERR_DAO_UNAVAILABLE`
   */
  static async prepare(target: string): Promise<DatabaseFile> {
    try {
      const temporary = target === ':memory:' ? await mkdtemp(path.join(tmpdir(), 'midgard-dao-')) : undefined;
      const file = temporary === undefined ? path.resolve(target) : path.join(temporary, 'temporary.db');
      await mkdir(path.dirname(file), { recursive: true, mode: folderMode });
      // SQLite gives its log the same mode as the file.
      await using handle = await open(file, 'a', fileMode);
      const { ino } = await handle.stat({ bigint: true });
      return new DatabaseFile(file, ino, temporary);
    } catch (error) {
      throw new DaoError('ERR_DAO_UNAVAILABLE', 'the database file cannot be opened', { cause: error });
    }
  }

  /** @throws {DaoError} `ERR_DAO_UNAVAILABLE`: the file was moved or deleted, so what is written now is lost with this process */
  async requireInPlace(): Promise<void> {
    const now = await stat(this.path, { bigint: true }).catch(() => undefined);
    if (now?.ino !== this.#inode) throw new DaoError('ERR_DAO_UNAVAILABLE', 'the database file is no longer in its place');
  }

  /** Deletes a temporary file. */
  async release(): Promise<void> {
    if (this.#temporaryFolder !== undefined) await rm(this.#temporaryFolder, { recursive: true, force: true });
  }
}
