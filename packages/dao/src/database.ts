import type { SQL } from 'drizzle-orm';
import type { Clock } from './clock.ts';
import type { ConnectionPoolBounds } from './connections/connection-pool-options.ts';
import type { ReadOptions as ReplicaReads } from './connections/connections.ts';
import type { ReturnOptions } from './connections/failover.ts';
import type { ConnectionsListener } from './connections/listener.ts';
import type { Freshness } from './connections/read-your-writes.ts';
import type { ServerUsage } from './connections/usage.ts';
import type { Dao } from './dao.ts';
import type { Dialect } from './dialects/dialect.ts';
import { sqlite } from './dialects/sqlite/dialect.ts';
import type { DatabaseEncryption } from './encryption/database-encryption.ts';
import type { EncryptionOptions } from './encryption/options.ts';
import type { Entity } from './entity.ts';
import { DaoError, type DaoErrorCode } from './errors.ts';
import type { AppliedFile, ApplyOptions } from './migrations/apply.ts';
import type { PartitionOptions } from './migrations/partitions.ts';
import type { QueryCache } from './query-cache.ts';

/** One read or transaction; usable until its work ends. */
export interface Session {
  /** The data access object of an entity within this session. */
  dao<E extends Entity>(entity: E): Dao<E>;
  /**
   * Runs one hand-written select, insert, update, delete or with statement; values in the template are bound.
   * Names are physical (snake_case); integers come back as bigint. What it writes is not in `changes`.
   *
   * @throws {DaoError} `ERR_DAO_STATEMENT`: refused by the database; and what a Dao's methods throw
   */
  execute(statement: SQL): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Cached things whose rows were written so far, each once; readable after the end. */
  readonly changes: readonly RowChange[];
  /**
   * After the end of a transaction: what names its commit for a read elsewhere (`freshness: { after: mark }`). Undefined where the
   * server tells none, and on SQLite, where every read sees every commit.
   */
  readonly mark: string | undefined;
}

/** A cached thing that a written row belongs to. */
export interface RowChange {
  readonly entity: string;
  /** One of the entity's `cacheBy` columns. */
  readonly column: string;
  /** Its value, as text. */
  readonly cacheKey: string;
}

/** Limits of one read or transaction. */
export interface WorkOptions {
  /** Aborting rolls back, unless the work has already ended. */
  readonly signal?: AbortSignal;
  /** Milliseconds from the call to the end of the work, the wait in the queue included. */
  readonly timeoutMs?: number;
}

/** How a transaction sees others that run at the same time. */
export type Isolation = 'serializable' | 'repeatableRead' | 'readCommitted';

/** How a read runs. */
export interface ReadOptions extends WorkOptions {
  /**
   * `snapshot` (the default): all statements see one moment. `statement`: each sees the moment in which it runs, which on a server
   * saves a round trip or two; enough for a read of one statement.
   */
  readonly isolation?: 'snapshot' | 'statement';
  /** What the read must see where there are replicas; see {@link Freshness}. Default `own`. */
  readonly freshness?: Freshness;
}

/** How a transaction runs. */
export interface TransactionOptions extends WorkOptions {
  /** Default `serializable`: the result is as if the transactions had run one after the other. SQLite has no other. */
  readonly isolation?: Isolation;
  /** Most times that the work runs where others are in its way (deadlock, serialisation failure), at least 1; default 30. SQLite never runs it twice. */
  readonly maxAttempts?: number;
  /**
   * The work may also run again after the connection was lost, even at the commit, when nobody knows whether it happened: say so
   * only of work that is idempotent. Default false: the caller gets `ERR_DAO_UNAVAILABLE`.
   */
  readonly isRepeatable?: boolean;
}

/** What a statement was for. */
export type StatementKind = 'get' | 'getMany' | 'find' | 'count' | 'insert' | 'update' | 'delete' | 'merge' | 'execute';

/** One statement that came to a good end. */
export interface StatementEvent {
  readonly kind: StatementKind;
  /** Undefined for a hand-written statement. */
  readonly entity: string | undefined;
  /** With placeholders: it holds no value, so equal statements have equal texts. */
  readonly text: string;
  /** Rows that were read or written. */
  readonly rows: number;
  readonly durationMs: number;
  /** How long its session had waited for a connection. */
  readonly waitMs: number;
}

/** Hears of statements. */
export type StatementListener = (event: StatementEvent) => void;

/** Hears what the database does; for metrics. Called at once, so it must be quick, and must not throw. */
export interface DaoListener {
  /** A group of transactions was made durable by one commit. */
  committed?(event: { readonly transactions: number; readonly durationMs: number }): void;
  /** A transaction is durable, so long after its work was done; told where it was asked for, so that `AsyncLocalStorage` knows for whom. */
  acknowledged?(event: { readonly commitMs: number }): void;
  /** A statement was run. Without this member nobody measures. */
  statement?(event: StatementEvent): void;
  /** A transaction runs again, because others were in its way or its connection was lost. */
  retried?(event: { readonly attempt: number; readonly code: DaoErrorCode }): void;
  /** What pools, failover and replicas do. */
  readonly connections?: ConnectionsListener;
}

/** Settings of {@link openDatabase}. */
export interface DatabaseOptions {
  readonly clock?: Clock;
  /** Key of the cursors' signatures, at least 16 bytes. Default: random, so cursors end with this process. */
  readonly cursorSecret?: Uint8Array;
  readonly listener?: DaoListener;
  /** Keeps answers of queries that take an older one (`maxAgeMs`); one for each database. Default: none. */
  readonly queryCache?: QueryCache | undefined;
  /** How encrypted columns are encrypted; one keyring for each database. Without it an entity that has some is refused (`ERR_DAO_KEY`). */
  readonly encryption?: EncryptionOptions | undefined;
  /** Default limit of a read or transaction in milliseconds (5000). */
  readonly timeoutMs?: number;
  /** How long to wait for another process that writes, in milliseconds (3000). */
  readonly busyTimeoutMs?: number;
  /** Most transactions, and most reads, that wait (10 000 each). */
  readonly maxQueue?: number;
  /** Most transactions in one commit (128). */
  readonly maxGroup?: number;
  /** After so many milliseconds a group takes in no further transaction (10). */
  readonly maxGroupMs?: number;
  /** Most reads that hold a snapshot at once (4); SQLite only. */
  readonly readers?: number;
  /** Connections to each server; not for SQLite, as everything below. `maxQueue` bounds who waits for them. */
  readonly pool?: ConnectionPoolBounds | undefined;
  /** URLs of servers that take the writes, in this order, when the ones before them are lost. */
  readonly standbys?: readonly string[] | undefined;
  /** Servers to read from, with their share of the reads (1). */
  readonly replicas?: readonly { readonly url: string; readonly weight?: number | undefined }[] | undefined;
  /** Connections to each replica (as `pool`). */
  readonly replicaPool?: ConnectionPoolBounds | undefined;
  /** When the writes go back to an earlier server. */
  readonly failover?: ReturnOptions | undefined;
  /** How far a replica may be behind, and what happens where none is new enough. */
  readonly reads?: ReplicaReads | undefined;
}

/** An open database. */
export interface Database extends AsyncDisposable {
  readonly dialect: 'sqlite' | 'mysql' | 'oracle';
  /** Its keys; undefined where it was opened without `encryption`. */
  readonly encryption: DatabaseEncryption | undefined;
  /**
   * Reads from one snapshot, which holds every transaction acknowledged before the call and nothing uncommitted. Where the connection
   * to a server is lost, the work runs again on another one: what it does besides must bear that.
   *
   * @throws {DaoError} `ERR_DAO_TIMEOUT`, `ERR_DAO_OVERLOADED`, `ERR_DAO_CLOSED`, `ERR_DAO_UNAVAILABLE`, and whatever `work` throws
   */
  read<T>(work: (session: Session) => Promise<T> | T, options?: ReadOptions): Promise<T>;
  /**
   * Runs `work` all or nothing, and resolves when its writes are durable. Transactions of SQLite run one after the other; on a
   * server they run side by side, by default with a result as if one after the other. Where others are in its way there, the
   * work runs again with another session: what it does besides must bear that.
   * When it rejects nothing of it was written; only `ERR_DAO_UNAVAILABLE` may leave that open.
   *
   * @throws {DaoError} `ERR_DAO_TIMEOUT`, `ERR_DAO_OVERLOADED`, `ERR_DAO_CLOSED`, `ERR_DAO_UNAVAILABLE`, `ERR_DAO_NESTED`, `ERR_DAO_CONFLICT`, and whatever `work` throws
   */
  transaction<T>(work: (session: Session) => Promise<T> | T, options?: TransactionOptions): Promise<T>;
  /** @returns the statements that `migrate` would run, without running them. @throws {DaoError} `ERR_DAO_KEY`: as `migrate`, if without `encryption` */
  plan(entities: readonly Entity[]): Promise<readonly string[]>;
  /**
   * Creates missing tables and indexes and adds missing nullable columns, in one transaction, and records what it did.
   *
   * @returns the statements that were run; none where another instance was first
   * @throws {DaoError} `ERR_DAO_SCHEMA`: the tables differ in a way that would lose data or needs a decision; `ERR_DAO_KEY`: an entity has
   *   encrypted columns, and the database was opened without `encryption`, or its keys cannot be unwrapped
   */
  migrate(entities: readonly Entity[]): Promise<readonly string[]>;
  /**
   * Brings the tables to a version of reviewed migration files (see `generateMigration`), forward or back, under the same lock.
   *
   * @param folder holds a folder of files for each dialect: `sqlite`, `mariadb`, `mysql`, `oracle`
   * @returns what was run, or would be
   * @throws {DaoError} `ERR_DAO_SCHEMA`: a file is missing, was changed after it was applied, or would lose data without leave
   */
  migrateFiles(folder: string, options?: ApplyOptions): Promise<readonly AppliedFile[]>;
  /**
   * Gives the tables of partitioned entities their coming years and, only if told, drops years that are over. A database without
   * partitions (SQLite) has nothing to do.
   *
   * @returns the statements that were run, or would be
   * @throws {DaoError} `ERR_DAO_SCHEMA`: a table is missing or not partitioned; `ERR_DAO_INPUT`: a number of years out of range
   */
  maintainPartitions(entities: readonly Entity[], options?: PartitionOptions): Promise<readonly string[]>;
  /** @throws {DaoError} `ERR_DAO_UNAVAILABLE`: the database does not answer */
  ping(): Promise<void>;
  /**
   * What the database says that it is, for people: product and version, such as `MariaDB 10.11.14`.
   *
   * @throws {DaoError} `ERR_DAO_UNAVAILABLE`: the database does not answer
   */
  version(): Promise<string>;
  /** @returns the servers behind it with their pools; none where the database is a file */
  servers(): readonly ServerUsage[];
  /** Changes the bounds of the pools while in use. @throws {DaoError} `ERR_DAO_INPUT` */
  resize(size: { readonly min?: number; readonly max?: number }): void;
  /**
   * Makes all connections anew, for those that are stuck or go where they should not any more: idle ones end now, borrowed ones when they come
   * back, and nobody is refused. Until then there may be up to twice `max`. Without effect where the database is a file.
   */
  reconnect(): void;
  /** Refuses new work, waits for what runs, and lets go of the database. Can be called again. */
  close(): Promise<void>;
}

/** Loaded when a URL asks for it: whoever stays with SQLite loads no driver of a server. */
const dialects: Readonly<Record<string, () => Promise<Dialect>>> = {
  sqlite: async () => sqlite,
  mysql: async () => (await import('./dialects/mysql/dialect.ts')).mysql,
  oracle: async () => (await import('./dialects/oracle/dialect.ts')).oracle,
};

/**
 * Opens a database.
 *
 * @param url `sqlite:<path>` (relative to the working directory; file and folder are made if absent, file mode 0600)
 *   or `sqlite::memory:` (a temporary file that goes at close), `mysql://user:password@host:3306/database` (also MariaDB),
 *   or `oracle://user:password@host:1521/service`
 * @throws {DaoError} `ERR_DAO_DIALECT`: no dialect for this URL; `ERR_DAO_UNAVAILABLE`: the file cannot be opened; `ERR_DAO_INPUT`: an option out of range
 * @example
 * ```ts
 * import { openDatabase } from '@midgard/dao';
 * await using database = await openDatabase('sqlite:data/realm.db');
 * await database.ping();
 * ```
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const [, scheme = '', target = ''] = /^([a-z]+):(.+)$/s.exec(url) ?? [];
  const load = Object.hasOwn(dialects, scheme) ? dialects[scheme] : undefined;
  // The URL may hold a password: only its scheme is named.
  if (load === undefined) throw new DaoError('ERR_DAO_DIALECT', `no dialect for this URL: it begins with ${Object.keys(dialects).join(': or ')}:`);
  const dialect = await load();
  return dialect.open(target, options);
}
