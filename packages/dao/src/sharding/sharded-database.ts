import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../clock.ts';
import type { Database, DatabaseOptions, ReadOptions, Session, TransactionOptions } from '../database.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { AppliedFile, ApplyOptions } from '../migrations/apply.ts';
import type { PartitionOptions } from '../migrations/partitions.ts';
import { ChangeNotes } from './change-notes.ts';
import type { DatabaseEncryption } from '../encryption/database-encryption.ts';
import { Deadline } from './deadline.ts';
import { hashKey } from './hash-ring.ts';
import { PinnedSession } from './pinned-session.ts';
import { liftPause, passFence, readFence } from './records.ts';
import type { MoveReport, ReshardOptions } from './resharding/reshard.ts';
import { reshard } from './resharding/reshard.ts';
import { ScatterSession } from './scatter-session.ts';
import { ShardedEncryption } from './sharded-encryption.ts';
import type { ShardKey } from './shard-key.ts';
import type { ShardMap } from './shard-map.ts';
import { type OpenShard, Shards } from './shards.ts';
import type { Topology } from './topology.ts';

/** Settings of {@link openShardedDatabase}; those of `openDatabase` hold for each shard. */
export interface ShardedDatabaseOptions extends Omit<DatabaseOptions, 'queryCache'> {
  readonly map: ShardMap;
  /** Every entity whose rows lie on the shards: only these can be used, and only their rows move to an added shard. */
  readonly entities: readonly Entity[];
  /**
   * Entities whose unique indexes may hold within each shard only, because their values are unique anyway (made by an
   * `IdGenerator`, for example). Others are refused unless the index names the `shardBy` column.
   */
  readonly uniqueWithinShard?: readonly Entity[];
  /** How to open a shard (default `openDatabase`). It must take over the `cursorSecret`. */
  readonly open?: OpenShard;
}

/** Which shard key a read is for. */
export interface ShardedReadOptions extends ReadOptions {
  /** Without it all shards are read: each call of the session sees every shard at a moment of its own. */
  readonly shardKey?: ShardKey;
}

/** Which shard key a transaction is for. */
export interface ShardedTransactionOptions extends TransactionOptions {
  /** Required: the session reaches the rows whose `shardBy` column has this value, and no others. */
  readonly shardKey?: ShardKey;
}

/** How long a writer waits before it asks again whether its key has arrived. */
const pauseDelayMs = 5;
const defaultTimeoutMs = 5000;

/** How an attempt on a shard ended; `stale` when the shard owns something else than was thought. */
type Attempt<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'stale' | 'paused' };

/** Where an attempt runs, and why there. */
interface Place {
  readonly key: string;
  readonly hash: bigint;
  readonly topology: Topology;
  readonly shardId: string;
}

/**
 * Many databases as one: rows of the same shard key lie on one shard, found by consistent hashing.
 *
 * A transaction is for one shard key, and so is a read that names one; those keep all promises of the shard's own database. One that
 * would reach further is refused (`ERR_DAO_SHARD`), never faked: there is no transaction over several keys, even where they lie
 * on one shard today. Made by {@link openShardedDatabase}.
 */
export class ShardedDatabase implements Database {
  readonly dialect: Database['dialect'];
  readonly encryption: DatabaseEncryption | undefined;
  readonly #shards: Shards;
  readonly #entities: ReadonlySet<Entity>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #inside = new AsyncLocalStorage<{ isRunning: boolean }>();
  #closing: Promise<void> | undefined;

  /** @param shards open, with a topology */
  constructor(shards: Shards, { entities, clock = systemClock, timeoutMs = defaultTimeoutMs, encryption }: ShardedDatabaseOptions) {
    this.dialect = shards.databases[0]?.dialect ?? 'sqlite';
    this.#shards = shards;
    this.encryption = encryption && new ShardedEncryption(shards);
    this.#entities = new Set(entities);
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Reads the rows of one shard key from one snapshot; or, without a `shardKey`, of all shards: then `get` and queries for one
   * shard key ask one shard, all else asks every shard and merges, and fails where any of them does.
   */
  async read<T>(work: (session: Session) => Promise<T> | T, options: ShardedReadOptions = {}): Promise<T> {
    this.#requireOpen();
    const { shardKey, ...readOptions } = options;
    const deadline = new Deadline(options, this.#timeoutMs);
    if (shardKey !== undefined) return this.#attempt(keyText(shardKey), (place) => this.#readPinned(place, work, deadline.rest(readOptions)));
    if (typeof options.freshness === 'object') throw new DaoError('ERR_DAO_SHARD', 'a mark is of one shard: give the read a shardKey');
    const session = new ScatterSession(this.#shards, this.#entities, readOptions, deadline);
    try {
      return await work(session);
    } finally {
      session.end();
    }
  }

  /**
   * Runs `work` on the shard of `shardKey`, as the shard's own database does. While its key changes shards it waits, within its time.
   *
   * @throws {DaoError} `ERR_DAO_SHARD`: no `shardKey`, or the work asks for rows of another one
   */
  async transaction<T>(work: (session: Session) => Promise<T> | T, options: ShardedTransactionOptions = {}): Promise<T> {
    this.#requireOpen();
    const { shardKey, ...transactionOptions } = options;
    if (shardKey === undefined) throw new DaoError('ERR_DAO_SHARD', 'a transaction is for one shard key: give it a shardKey');
    // Each shard sees only its own transactions: one inside of another's could wait in a circle.
    if (this.#inside.getStore()?.isRunning === true) throw new DaoError('ERR_DAO_NESTED', 'a transaction inside of a transaction would wait for itself');
    const deadline = new Deadline(options, this.#timeoutMs);
    return this.#attempt(keyText(shardKey), (place) => this.#writePinned(place, work, deadline.rest(transactionOptions)));
  }

  /** @returns the statements of every shard, one after the other */
  async plan(entities: readonly Entity[]): Promise<readonly string[]> {
    this.#requireOpen();
    const plans = await Promise.all(this.#shards.databases.map((database) => database.plan(entities)));
    return plans.flat();
  }

  /** Migrates every shard; one that fails leaves those before it migrated: run it again. */
  async migrate(entities: readonly Entity[]): Promise<readonly string[]> {
    this.#requireOpen();
    const run: string[] = [];
    for (const database of this.#shards.databases) run.push(...(await database.migrate(entities)));
    return run;
  }

  /** Every shard, one after the other; see `migrate`. */
  async migrateFiles(folder: string, options?: ApplyOptions): Promise<readonly AppliedFile[]> {
    return this.#onEach((database) => database.migrateFiles(folder, options));
  }

  /** Every shard, one after the other. */
  async maintainPartitions(entities: readonly Entity[], options?: PartitionOptions): Promise<readonly string[]> {
    return this.#onEach((database) => database.maintainPartitions(entities, options));
  }

  async ping(): Promise<void> {
    this.#requireOpen();
    await Promise.all(this.#shards.databases.map((database) => database.ping()));
  }

  /** @returns what the shards say that they are, each thing once */
  async version(): Promise<string> {
    this.#requireOpen();
    const versions = await Promise.all(this.#shards.databases.map((database) => database.version()));
    return [...new Set(versions)].join(', ');
  }

  servers(): ReturnType<Database['servers']> {
    return this.#shards.databases.flatMap((database) => database.servers());
  }

  /** Changes the bounds of each shard's pools. */
  resize(size: { readonly min?: number; readonly max?: number }): void {
    for (const database of this.#shards.databases) database.resize(size);
  }

  /** Makes the connections of each shard anew. */
  reconnect(): void {
    for (const database of this.#shards.databases) database.reconnect();
  }

  /**
   * Takes over a map with one shard more, without moving anything yet. Every process that writes must have the new map (by this,
   * or by a restart) before one of them calls {@link ShardedDatabase.reshard}.
   *
   * @throws {DaoError} `ERR_DAO_SHARD`: it is no such map
   */
  async adopt(map: ShardMap): Promise<void> {
    this.#requireOpen();
    await this.#shards.adopt(map);
  }

  /**
   * Moves to the added shard what the new map gives it, while everything goes on; resolves when it is done. After a failure or
   * a crash it is called again, in this process or another, and goes on where it was.
   *
   * @returns what was moved, by source; empty when nothing was left to do
   * @throws {DaoError} `ERR_DAO_SHARD`: another process has taken over, the added shard is not empty, or writes come faster than they are carried
   */
  async reshard(options: ReshardOptions = {}): Promise<readonly MoveReport[]> {
    this.#requireOpen();
    return reshard(this.#shards, [...this.#entities], this.#clock, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shards.close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Tries on the shard that owns the key until it is the right one; `run` throws when the time is up. */
  async #attempt<T>(key: string, run: (place: Place) => Promise<Attempt<T>>): Promise<T> {
    const hash = hashKey(key);
    for (;;) {
      const { topology } = this.#shards;
      const attempt = await run({ key, hash, topology, shardId: topology.shardOf(hash) });
      if (attempt.kind === 'done') return attempt.result;
      const isNews = attempt.kind === 'stale' && (await this.#shards.refresh(topology)) !== topology;
      if (!isNews) await sleep(pauseDelayMs);
    }
  }

  #readPinned<T>({ key, topology, shardId }: Place, work: (session: Session) => Promise<T> | T, options: ReadOptions): Promise<Attempt<T>> {
    return this.#shards.database(shardId).read(
      async (session): Promise<Attempt<T>> => {
        if (!topology.fits(shardId, await readFence(session))) return { kind: 'stale' };
        const pinned = new PinnedSession(session, { key, entities: this.#entities, notes: undefined, isWritable: false });
        return { kind: 'done', result: await endAfter(pinned, work) };
      },
      // What the shard owns and what it holds must be of one moment.
      { ...options, isolation: 'snapshot' },
    );
  }

  #writePinned<T>(place: Place, work: (session: Session) => Promise<T> | T, options: TransactionOptions): Promise<Attempt<T>> {
    return this.#shards.database(place.shardId).transaction((session) => {
      const state = { isRunning: true };
      return this.#inside.run(state, async () => {
        try {
          return await this.#writeFenced(place, session, work);
        } finally {
          state.isRunning = false;
        }
      });
    }, options);
  }

  async #writeFenced<T>({ key, hash, topology, shardId }: Place, session: Session, work: (session: Session) => Promise<T> | T): Promise<Attempt<T>> {
    const fence = await passFence(session, hash);
    if (!topology.fits(shardId, fence)) return { kind: 'stale' };
    const notes = topology.isMoving(shardId, hash) ? new ChangeNotes() : undefined;
    if (notes !== undefined && fence.pausedBy !== '') {
      if (fence.pausedUntilMs > BigInt(Math.floor(this.#clock.now()))) return { kind: 'paused' };
      // Whoever paused was too slow, or is gone: it finds out, because its pause has a hole.
      await liftPause(session, hash);
    }
    const pinned = new PinnedSession(session, { key, entities: this.#entities, notes, isWritable: true });
    const result = await endAfter(pinned, work);
    await notes?.write(session);
    return { kind: 'done', result };
  }

  async #onEach<T>(work: (database: Database) => Promise<readonly T[]>): Promise<readonly T[]> {
    this.#requireOpen();
    const done: T[] = [];
    for (const database of this.#shards.databases) done.push(...(await work(database)));
    return done;
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new DaoError('ERR_DAO_CLOSED', 'the database is closed');
  }
}

async function endAfter<T>(session: PinnedSession, work: (session: Session) => Promise<T> | T): Promise<T> {
  try {
    return await work(session);
  } finally {
    session.end();
  }
}

/** @throws {DaoError} `ERR_DAO_SHARD`: nothing that a column could hold */
function keyText(shardKey: unknown): string {
  if (typeof shardKey === 'bigint' || typeof shardKey === 'string' || Number.isSafeInteger(shardKey)) return String(shardKey);
  throw new DaoError('ERR_DAO_SHARD', 'a shardKey is a bigint, a whole number or a text');
}

/**
 * Opens the databases of a shard map as one.
 *
 * The map of the first start is recorded on the shards. A later one may have a higher version and one shard more, which stays
 * empty until {@link ShardedDatabase.reshard}. To shard a database that has rows, begin with a map of it alone, and add shards.
 *
 * @throws {DaoError} `ERR_DAO_SHARD`: the map is wrong or does not fit to the shards; `ERR_DAO_SCHEMA`: a unique index that would hold
 *   within each shard only; and what `openDatabase` throws
 * @example
 * ```ts
 * import { defineEntity, id, openShardedDatabase, text } from '@midgard/dao';
 *
 * const item = defineEntity('item', { columns: { id: id(), playerId: id(), kind: text(64) }, key: ['id'], shardBy: 'playerId' });
 * const shards = [{ id: 'a', url: 'sqlite:data/a.db' }, { id: 'b', url: 'sqlite:data/b.db' }];
 * await using database = await openShardedDatabase({ map: { version: 1, shards }, entities: [item] });
 * await database.migrate([item]);
 * await database.transaction((session) => session.dao(item).insert({ id: 1n, playerId: 7n, kind: 'axe' }), { shardKey: 7n });
 * ```
 */
export async function openShardedDatabase(options: ShardedDatabaseOptions): Promise<ShardedDatabase> {
  const { map, entities, uniqueWithinShard = [], open, ...shared } = options;
  for (const entity of entities) if (!uniqueWithinShard.includes(entity)) requireShardedIndexes(entity);
  // Without a secret of its own each shard would make one up, and none could go on where another ended.
  const shards = new Shards(map, { ...shared, cursorSecret: shared.cursorSecret ?? randomBytes(32) }, open);
  await shards.adopt(map);
  return new ShardedDatabase(shards, options);
}

function requireShardedIndexes(entity: Entity): void {
  for (const { on, unique } of entity.indexes) {
    if (!unique || on.includes(entity.shardBy)) continue;
    throw new DaoError('ERR_DAO_SCHEMA', `${entity.name}: a unique index holds within a shard, so it must name the shardBy column`, {
      entity: entity.name,
      columns: on,
    });
  }
}
