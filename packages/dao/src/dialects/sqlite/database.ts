import type { Database, DatabaseOptions, Session, WorkOptions } from '../../database.ts';
import { systemClock } from '../../clock.ts';
import type { DatabaseEncryption } from '../../encryption/database-encryption.ts';
import { KeyringEncryption } from '../../encryption/keyring-encryption.ts';
import type { KeyStore } from '../../encryption/key-records.ts';
import { type Keyring, keyringOf } from '../../encryption/keyring.ts';
import { requireEncryption } from '../../encryption/sealed-session.ts';
import { CursorSigner } from '../../cursor.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import type { AppliedFile, ApplyOptions } from '../../migrations/apply.ts';
import { Migrator } from '../../migrations/migrator.ts';
import type { PartitionOptions } from '../../migrations/partitions.ts';
import { tellingCache } from '../../query-cache.ts';
import { ExecutorSession, type SessionParts } from '../../session.ts';
import { SqliteConnection } from './connection.ts';
import { toDaoError } from './errors.ts';
import type { DatabaseFile } from './file.ts';
import { sqliteAccess } from './migrate.ts';
import { Readers } from './readers.ts';
import { Writer } from './writer.ts';

/** A SQLite database: one connection that writes, some that read, write-ahead log, every commit on the disk before it is told. */
export class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly #file: DatabaseFile;
  readonly #writer: Writer;
  readonly #readers: Readers;
  readonly #parts: SessionParts;
  readonly #timeoutMs: number;
  readonly #migrator: Migrator;
  readonly #keyring: Keyring | undefined;
  readonly encryption: DatabaseEncryption | undefined;
  #closing: Promise<void> | undefined;

  constructor(file: DatabaseFile, options: DatabaseOptions) {
    const { clock = systemClock, timeoutMs = 5000, busyTimeoutMs = 3000, maxQueue = 10_000, maxGroup = 128, maxGroupMs = 10, readers = 4 } = options;
    for (const [name, value] of Object.entries({ timeoutMs, maxQueue, maxGroup, readers })) requirePositive(name, value);
    this.#file = file;
    this.#timeoutMs = timeoutMs;
    this.#keyring = keyringOf(options.encryption, this.#keyStore(), clock);
    this.encryption = this.#keyring && new KeyringEncryption(this, this.#keyring);
    this.#parts = { clock, cursors: new CursorSigner(options.cursorSecret), queryCache: options.queryCache, keyring: this.#keyring };
    this.#writer = new Writer(openWriter(file.path, busyTimeoutMs), { busyTimeoutMs, maxQueue, maxGroup, maxGroupMs }, options.listener);
    this.#readers = new Readers(file.path, readers, maxQueue, options.listener?.statement?.bind(options.listener));
    this.#migrator = new Migrator(sqliteAccess(this.#readers, this.#writer), clock);
  }

  async read<T>(work: (session: Session) => Promise<T> | T, options: WorkOptions = {}): Promise<T> {
    this.#requireOpen();
    if (this.#keyring?.isPending === true) await this.#keyring.ready();
    return this.#read(work, options);
  }

  async transaction<T>(work: (session: Session) => Promise<T> | T, options: WorkOptions = {}): Promise<T> {
    this.#requireOpen();
    if (this.#keyring?.isPending === true) await this.#keyring.ready();
    const bounds = this.#bounded(options);
    return tellingCache(this.#parts.queryCache, work, (told) => this.#transact(told, bounds));
  }

  async plan(entities: readonly Entity[]): Promise<readonly string[]> {
    this.#requireOpen();
    requireEncryption(entities, this.#keyring);
    return this.#migrator.plan(entities);
  }

  async migrate(entities: readonly Entity[]): Promise<readonly string[]> {
    this.#requireOpen();
    requireEncryption(entities, this.#keyring);
    const statements = await this.#migrator.migrate(entities);
    await this.#keyring?.ready();
    return statements;
  }

  async migrateFiles(folder: string, options?: ApplyOptions): Promise<readonly AppliedFile[]> {
    this.#requireOpen();
    return this.#migrator.applyFiles(folder, options);
  }

  async maintainPartitions(entities: readonly Entity[], options?: PartitionOptions): Promise<readonly string[]> {
    this.#requireOpen();
    return this.#migrator.maintainPartitions(entities, options);
  }

  async ping(): Promise<void> {
    this.#requireOpen();
    await this.#file.requireInPlace();
    await this.#readers.read(({ connection }) => connection.first('select count(*) from sqlite_schema', []), this.#bounded({}));
  }

  async version(): Promise<string> {
    this.#requireOpen();
    return this.#readers.read(({ connection }) => {
      const [row] = connection.records('select sqlite_version() as version', []);
      return `SQLite ${String(row?.['version'])}`;
    }, this.#bounded({}));
  }

  servers(): readonly [] {
    return [];
  }

  resize(): void {
    // A file has no pool: its one writer and its few readers are enough.
  }

  reconnect(): void {
    // As above: there is nothing in between that could be stuck.
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Does not wait for the keyring: it is the keyring's own. */
  #keyStore(): KeyStore {
    return {
      read: (work) => this.#read(work, {}),
      transaction: (work) => this.#transact(work, this.#bounded({})),
      migrate: (entities) => this.#migrator.migrate(entities),
    };
  }

  #read<T>(work: (session: Session) => Promise<T> | T, options: WorkOptions): Promise<T> {
    this.#requireOpen();
    return this.#readers.read((executor) => work(new ExecutorSession(executor, this.#parts)), this.#bounded(options));
  }

  #transact<T>(work: (session: Session) => Promise<T> | T, bounds: WorkOptions): Promise<T> {
    return this.#writer.transaction((executor) => work(new ExecutorSession(executor, this.#parts)), bounds);
  }

  async #close(): Promise<void> {
    this.#keyring?.close();
    await Promise.all([this.#writer.idle(), this.#readers.idle()]);
    this.#readers.close();
    try {
      this.#writer.close();
    } catch (error) {
      throw toDaoError(error);
    } finally {
      await this.#file.release();
    }
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new DaoError('ERR_DAO_CLOSED', 'the database is closed');
  }

  #bounded(options: WorkOptions): WorkOptions {
    return options.timeoutMs === undefined ? { ...options, timeoutMs: this.#timeoutMs } : options;
  }
}

function requirePositive(name: string, value: number): void {
  if (!(value >= 1)) throw new DaoError('ERR_DAO_INPUT', `${name} must be at least 1`);
}

/**
 * FULL: a commit is acknowledged only after fsync. While the journal mode is set another process may hold the file, so this waits;
 * afterwards the writer asks again by itself instead of blocking the thread.
 */
function openWriter(path: string, busyTimeoutMs: number): SqliteConnection {
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(path, busyTimeoutMs);
    connection.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 0');
    return connection;
  } catch (error) {
    connection?.close();
    throw toDaoError(error);
  }
}
