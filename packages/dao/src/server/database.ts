import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTimers } from '@midgard/pool';
import type { DaoListener, Database, DatabaseOptions, ReadOptions, Session, StatementListener, TransactionOptions, WorkOptions } from '../database.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Lease } from '../connections/lease.ts';
import { within } from '../connections/time.ts';
import type { ServerUsage } from '../connections/usage.ts';
import type { DatabaseEncryption } from '../encryption/database-encryption.ts';
import { KeyringEncryption } from '../encryption/keyring-encryption.ts';
import type { KeyStore } from '../encryption/key-records.ts';
import { type Keyring, keyringOf } from '../encryption/keyring.ts';
import { requireEncryption } from '../encryption/sealed-session.ts';
import { CursorSigner } from '../cursor.ts';
import type { Entity } from '../entity.ts';
import { DaoError, type DaoErrorCode } from '../errors.ts';
import type { AppliedFile, ApplyOptions } from '../migrations/apply.ts';
import type { Migrator } from '../migrations/migrator.ts';
import type { PartitionOptions } from '../migrations/partitions.ts';
import { tellingCache } from '../query-cache.ts';
import { ExecutorSession, type SessionParts } from '../session.ts';
import { Work, checkWorkOptions } from '../work.ts';
import type { ServerConnection, TransactionMode } from './connection.ts';
import type { ConnectionSource } from './connection-source.ts';
import { ServerExecutor } from './executor.ts';
import type { ServerDialect } from './server-dialect.ts';
import { ServerRun, openOutcomeError } from './server-run.ts';

/** A read that lost its connection runs again on another: its replica, then another one, then the primary may go under it. */
const readAttempts = 3;

/**
 * Pause, in milliseconds, before work whose connection was lost asks for another one; longer with each attempt. A server that ends breaks
 * all its connections, but one after the other: who asked at once would get those of which nobody knows yet, until he has no attempt left.
 */
const lostPause = { stepMs: 10, mostMs: 50 };

/** Share of a work's time that it may wait for a connection unless told otherwise: with what is left it must be able to do something. */
const acquireShare = 0.8;
/** So much longer than the work's own time does it wait where that is shorter: then its own end is what ends the wait, and is told. */
const graceMs = 1000;

/** With these a run ends of which nothing was written, unless an attempt before may have been committed. */
const endsOfRun: ReadonlySet<DaoErrorCode> = new Set(['ERR_DAO_TIMEOUT', 'ERR_DAO_CONFLICT', 'ERR_DAO_OVERLOADED', 'ERR_DAO_CLOSED']);

/** What a {@link ServerDatabase} is made of. */
export interface ServerDatabaseParts {
  readonly dialect: ServerDialect;
  readonly source: ConnectionSource;
  /** Made for the database, since it borrows from the same servers. */
  readonly migrator: (clock: Clock) => Migrator;
}

/** How one piece of work is to run. */
interface Plan {
  readonly mode: TransactionMode | undefined;
  readonly isWritable: boolean;
  readonly maxAttempts: number;
  readonly isRepeatable: boolean;
  readonly acquire: (bounds: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined }) => Promise<Lease>;
}

/** What ends the wait for a connection. */
interface WaitSignals {
  /** The work was given up before it began. */
  readonly waiting: AbortSignal;
  /** The caller's own: between two attempts the work watches neither it nor the time. */
  readonly again: AbortSignal | undefined;
}

/** A database on a server: each session borrows a connection, and transactions run side by side. */
export class ServerDatabase implements Database {
  readonly dialect: ServerDialect['name'];
  readonly encryption: DatabaseEncryption | undefined;
  readonly #parts: ServerDatabaseParts;
  readonly #sessions: SessionParts;
  readonly #listener: DaoListener | undefined;
  readonly #onStatement: StatementListener | undefined;
  readonly #migrator: Migrator;
  readonly #keyring: Keyring | undefined;
  readonly #timeoutMs: number;
  readonly #acquireTimeoutMs: number;
  readonly #inside = new AsyncLocalStorage<{ isRunning: boolean }>();
  readonly #running = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  /** @throws {DaoError} `ERR_DAO_INPUT`: an option out of range */
  constructor(parts: ServerDatabaseParts, { clock = systemClock, timeoutMs = 5000, listener, cursorSecret, queryCache, pool, encryption }: DatabaseOptions) {
    if (!(timeoutMs >= 1)) throw new DaoError('ERR_DAO_INPUT', 'timeoutMs must be at least 1');
    this.dialect = parts.dialect.name;
    this.#parts = parts;
    this.#keyring = keyringOf(encryption, this.#keyStore(), clock);
    this.encryption = this.#keyring && new KeyringEncryption(this, this.#keyring);
    this.#sessions = { clock, cursors: new CursorSigner(cursorSecret), queryCache, keyring: this.#keyring };
    this.#listener = listener;
    this.#onStatement = listener?.statement?.bind(listener);
    this.#migrator = parts.migrator(clock);
    this.#timeoutMs = timeoutMs;
    this.#acquireTimeoutMs = pool?.acquireTimeoutMs ?? timeoutMs * acquireShare;
  }

  read<T>(work: (session: Session) => Promise<T> | T, options: ReadOptions = {}): Promise<T> {
    return this.#keyring?.isPending === true ? this.#keyring.ready().then(() => this.#read(work, options)) : this.#read(work, options);
  }

  #read<T>(work: (session: Session) => Promise<T> | T, options: ReadOptions): Promise<T> {
    const { isolation = 'snapshot', freshness = 'own' } = options;
    const { source } = this.#parts;
    return this.#perform(work, options, {
      mode: isolation === 'snapshot' ? 'snapshot' : undefined,
      isWritable: false,
      maxAttempts: readAttempts,
      isRepeatable: true,
      acquire: (bounds) => source.read(bounds, freshness),
    });
  }

  async transaction<T>(work: (session: Session) => Promise<T> | T, options: TransactionOptions = {}): Promise<T> {
    const { isolation = 'serializable', maxAttempts = 30, isRepeatable = false } = options;
    if (!(maxAttempts >= 1)) throw new DaoError('ERR_DAO_INPUT', 'maxAttempts must be at least 1');
    if (this.#inside.getStore()?.isRunning === true) throw new DaoError('ERR_DAO_NESTED', 'a transaction inside of a transaction would wait for itself');
    if (this.#keyring?.isPending === true) await this.#keyring.ready();
    const { source } = this.#parts;
    const plan: Plan = { mode: isolation, isWritable: true, maxAttempts, isRepeatable, acquire: (bounds) => source.write(bounds) };
    return tellingCache(this.#sessions.queryCache, work, (told) => this.#perform(told, options, plan));
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

  ping(): Promise<void> {
    return this.#ask((connection) => connection.ping());
  }

  version(): Promise<string> {
    return this.#ask((connection) => connection.version());
  }

  servers(): readonly ServerUsage[] {
    return this.#parts.source.usage();
  }

  resize(size: { readonly min?: number; readonly max?: number }): void {
    this.#parts.source.resize(size);
  }

  reconnect(): void {
    this.#parts.source.renew();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Does not wait for the keyring: it is the keyring's own. What it reads is the newest, from the primary. */
  #keyStore(): KeyStore {
    const { source } = this.#parts;
    const plan: Plan = { mode: 'readCommitted', isWritable: true, maxAttempts: 30, isRepeatable: false, acquire: (bounds) => source.write(bounds) };
    return {
      read: (work) => this.#read(work, { freshness: 'newest', isolation: 'statement' }),
      transaction: (work) => this.#perform(work, {}, plan),
      migrate: (entities) => this.#migrator.migrate(entities),
    };
  }

  async #close(): Promise<void> {
    this.#keyring?.close();
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#parts.source.close();
  }

  /** Asks the server that takes the writes. Not `connection.isBroken`: that knows of the socket's end only, and a silent server has not closed it. */
  async #ask<T>(question: (connection: ServerConnection) => Promise<T>): Promise<T> {
    this.#requireOpen();
    const lease = await this.#parts.source.write({ timeoutMs: this.#acquireTimeoutMs });
    try {
      const answer = await within(processTimers, this.#acquireTimeoutMs, () => question(lease.connection));
      lease.release();
      return answer;
    } catch (cause) {
      lease.discard();
      throw new DaoError('ERR_DAO_UNAVAILABLE', `${lease.server} does not answer`, { cause });
    }
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new DaoError('ERR_DAO_CLOSED', 'the database is closed');
  }

  #perform<T>(work: (session: Session) => Promise<T> | T, options: WorkOptions, plan: Plan): Promise<T> {
    return new Promise((resolve, reject) => {
      checkWorkOptions(options);
      this.#requireOpen();
      const run = async (executor: ServerExecutor): Promise<() => void> => {
        const state = { isRunning: plan.isWritable };
        const session = new ExecutorSession(executor, this.#sessions);
        try {
          const result = await this.#inside.run(state, work, session);
          return () => {
            session.mark = executor.mark;
            resolve(result);
          };
        } finally {
          state.isRunning = false;
        }
      };
      const outcome = { isOpen: false };
      const tell = (error: unknown): void => reject(outcome.isOpen && error instanceof DaoError && endsOfRun.has(error.code) ? openOutcomeError(error) : error);
      const givenUp = new AbortController();
      const item = new Work(run, tell, () => givenUp.abort(), { ...options, timeoutMs: options.timeoutMs ?? this.#timeoutMs });
      const done = this.#drive(item, { waiting: givenUp.signal, again: options.signal }, plan, () => (outcome.isOpen = true))
        .catch((error: unknown) => item.fail(error))
        .finally(() => this.#running.delete(done));
      this.#running.add(done);
    });
  }

  async #drive(item: Work<ServerExecutor>, signals: WaitSignals, plan: Plan, leftOpen: () => void): Promise<void> {
    for (let attempt = 1; !item.isOver;) {
      const waitMs = attempt === 1 ? item.leftMs + graceMs : Math.max(1, item.leftMs);
      const signal = attempt === 1 ? signals.waiting : signals.again;
      const lease = await plan.acquire({ timeoutMs: Math.min(waitMs, this.#acquireTimeoutMs), signal });
      const run = new ServerRun(item, lease, (connection) => this.#executor(connection, plan), {
        source: this.#parts.source,
        isWritable: plan.isWritable,
        maxAttempts: plan.maxAttempts,
        isRepeatable: plan.isRepeatable,
        leftOpen,
        retried: (event) => this.#listener?.retried?.(event),
        committed: (durationMs) => {
          this.#listener?.committed?.({ transactions: 1, durationMs });
          this.#listener?.acknowledged?.({ commitMs: durationMs });
        },
      });
      attempt = await run.from(attempt);
      if (attempt === 0) return;
      await sleep(Math.min(lostPause.stepMs * (attempt - 1), lostPause.mostMs));
    }
  }

  #executor({ connection, waitMs }: Lease, { mode, isWritable }: Plan): ServerExecutor {
    return new ServerExecutor({ dialect: this.#parts.dialect, connection, mode, isWritable, onStatement: this.#onStatement, waitMs });
  }
}
