import type { SQL } from 'drizzle-orm';
import type { Clock } from './clock.ts';
import type { Dao } from './dao.ts';
import type { Dialect } from './dialects/dialect.ts';
import { sqlite } from './dialects/sqlite/dialect.ts';
import type { Entity } from './entity.ts';
import { DaoError } from './errors.ts';

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
}

/** A cached thing that a written row belongs to. */
export interface RowChange {
  readonly entity: string;
  /** Value of the entity's `cacheBy` column, as text. */
  readonly cacheKey: string;
}

/** Limits of one read or transaction. */
export interface WorkOptions {
  /** Aborting rolls back, unless the work has already ended. */
  readonly signal?: AbortSignal;
  /** Milliseconds from the call to the end of the work, the wait in the queue included. */
  readonly timeoutMs?: number;
}

/** Hears what the database does; for metrics. Called at once, so it must be quick, and must not throw. */
export interface DaoListener {
  /** A group of transactions was made durable by one commit. */
  committed?(event: { readonly transactions: number; readonly durationMs: number }): void;
}

/** Settings of {@link openDatabase}. */
export interface DatabaseOptions {
  readonly clock?: Clock;
  /** Key of the cursors' signatures, at least 16 bytes. Default: random, so cursors end with this process. */
  readonly cursorSecret?: Uint8Array;
  readonly listener?: DaoListener;
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
  /** Most reads that hold a snapshot at once (4). */
  readonly readers?: number;
}

/** An open database. */
export interface Database extends AsyncDisposable {
  readonly dialect: 'sqlite';
  /**
   * Reads from one snapshot, which holds every transaction acknowledged before the call and nothing uncommitted.
   *
   * @throws {DaoError} `ERR_DAO_TIMEOUT`, `ERR_DAO_OVERLOADED`, `ERR_DAO_CLOSED`, `ERR_DAO_UNAVAILABLE`, and whatever `work` throws
   */
  read<T>(work: (session: Session) => Promise<T> | T, options?: WorkOptions): Promise<T>;
  /**
   * Runs `work` all or nothing, and resolves when its writes are on the disk. Transactions run one after the other.
   * When it rejects nothing of it was written; only `ERR_DAO_UNAVAILABLE` may leave that open.
   *
   * @throws {DaoError} `ERR_DAO_TIMEOUT`, `ERR_DAO_OVERLOADED`, `ERR_DAO_CLOSED`, `ERR_DAO_UNAVAILABLE`, `ERR_DAO_NESTED`, and whatever `work` throws
   */
  transaction<T>(work: (session: Session) => Promise<T> | T, options?: WorkOptions): Promise<T>;
  /** @returns the statements that `migrate` would run, without running them */
  plan(entities: readonly Entity[]): Promise<readonly string[]>;
  /**
   * Creates missing tables and indexes and adds missing nullable columns, in one transaction, and records what it did.
   *
   * @throws {DaoError} `ERR_DAO_SCHEMA`: the tables differ in a way that would lose data or needs a decision
   */
  migrate(entities: readonly Entity[]): Promise<void>;
  /** @throws {DaoError} `ERR_DAO_UNAVAILABLE`: the database does not answer */
  ping(): Promise<void>;
  /** Refuses new work, waits for what runs, and lets go of the database. Can be called again. */
  close(): Promise<void>;
}

const dialects: Readonly<Record<string, Dialect>> = { sqlite };

/**
 * Opens a database.
 *
 * @param url `sqlite:<path>` (relative to the working directory; file and folder are made if absent, file mode 0600)
 *   or `sqlite::memory:` (a temporary file that goes at close)
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
  const dialect = Object.hasOwn(dialects, scheme) ? dialects[scheme] : undefined;
  if (dialect === undefined) {
    // The URL may hold a password: only its scheme is named.
    throw new DaoError(
      'ERR_DAO_DIALECT',
      scheme === 'mysql' || scheme === 'oracle'
        ? `${scheme}: not built yet`
        : `no dialect for this URL: it begins with ${Object.keys(dialects).join(': or ')}:`,
    );
  }
  return dialect.open(target, options);
}
