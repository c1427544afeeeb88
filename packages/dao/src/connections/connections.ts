import type { PoolSize } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { ServerAddress } from '../server/connection.ts';
import { type ConnectionPoolBounds, type ConnectionPoolOptions, settingsOf } from './connection-pool-options.ts';
import { FailoverPool, type ReturnOptions } from './failover.ts';
import type { ServerHooks } from './hooks.ts';
import type { AcquireBounds, Lease } from './lease.ts';
import type { ConnectionsListener } from './listener.ts';
import { PrimaryReads } from './primary-reads.ts';
import { type Freshness, WriteMarks } from './read-your-writes.ts';
import { Reads } from './reads.ts';
import { type ReplicaAddress, ReplicaSet } from './replicas.ts';
import type { ServerUsage } from './usage.ts';

/** How reads are spread. Times are in milliseconds. */
export interface ReadOptions {
  /** A replica further behind is not read from, above 0; default 5000. */
  readonly maxLagMs?: number | undefined;
  /** Longest wait for a replica to take over what a read must see, above 0; default 100. Then it goes to the primary. */
  readonly reachMs?: number | undefined;
  /** Where the server tells no commit marks: so long after a write reads go to the primary, at least 0; default `maxLagMs` and two looks at a replica, after which one that lacks the write has left. */
  readonly settleMs?: number | undefined;
  /** Share of the primary's connections that reads may hold which no replica can serve, above 0 to 1; default 0.5. Without replicas reads may hold all. */
  readonly maxFallback?: number | undefined;
}

/** The servers of one database, and how their connections are used. */
export interface ConnectionsOptions extends Pick<ConnectionPoolOptions, 'clock' | 'timers' | 'random'> {
  /** At least one: the primary, then the standbys in order. */
  readonly servers: readonly ServerAddress[];
  /** Default none: reads go where writes go. */
  readonly replicas?: readonly ReplicaAddress[] | undefined;
  /** Bounds for each of the servers. */
  readonly pool?: ConnectionPoolBounds | undefined;
  /** Bounds for each of the replicas; default as `pool`. Its `watchEveryMs` is how often lag is measured. */
  readonly replicaPool?: ConnectionPoolBounds | undefined;
  readonly failover?: ReturnOptions | undefined;
  readonly reads?: ReadOptions | undefined;
}

/**
 * All connections of one database: writes go to one server with failover, reads to replicas that are new enough or else to where the
 * writes go, and everyone is served first come first served, within bounds, or told at once.
 */
export class Connections {
  readonly #writes: FailoverPool;
  readonly #replicas: ReplicaSet;
  readonly #primaryReads: PrimaryReads;
  readonly #reads: Reads;
  readonly #written: WriteMarks;

  /** @throws {DaoError} `ERR_DAO_INPUT`: an option out of range, or no server */
  constructor({ servers, replicas = [], ...options }: ConnectionsOptions, hooks: ServerHooks = {}, listener: ConnectionsListener = {}) {
    const { clock, timers, random } = options;
    const settings = settingsOf({ ...options.pool, clock, timers, random });
    const replicaSettings = settingsOf({ ...(options.replicaPool ?? options.pool), clock, timers, random });
    const { maxLagMs = 5000, reachMs = 100, maxFallback = 0.5 } = options.reads ?? {};
    const { settleMs = maxLagMs + 2 * replicaSettings.watchEveryMs } = options.reads ?? {};
    if (!(reachMs > 0)) throw new DaoError('ERR_DAO_INPUT', 'reachMs must be milliseconds above 0');
    this.#written = new WriteMarks(hooks.marks, settleMs, settings.clock);
    // What a lost server had may never come to the replicas.
    this.#writes = new FailoverPool(servers, { ...settings, ...options.failover, lost: () => this.#written.forget() }, hooks, listener);
    this.#replicas = new ReplicaSet(replicas, { ...replicaSettings, maxLagMs }, hooks, listener);
    this.#primaryReads = new PrimaryReads(this.#writes, maxFallback, settings);
    this.#reads = new Reads({
      replicas: this.#replicas,
      primary: this.#primaryReads,
      written: this.#written,
      marks: hooks.marks,
      reachMs,
      settings: replicaSettings,
      listener,
    });
  }

  /** Looks at all servers from now on; before, there is no failover and no replica is read from. */
  start(): void {
    this.#writes.start();
    this.#replicas.start();
  }

  /**
   * Borrows a connection of the server that takes the writes.
   *
   * @throws {DaoError} as rejections: `ERR_DAO_UNAVAILABLE`, `ERR_DAO_OVERLOADED`, `ERR_DAO_TIMEOUT`, `ERR_DAO_CLOSED`, `ERR_DAO_INPUT`
   */
  write(bounds: AcquireBounds = {}): Promise<Lease> {
    return this.#writes.acquire(bounds);
  }

  /**
   * Borrows a connection to read, of a replica that is new enough, or else of the server that takes the writes.
   *
   * @throws {DaoError} as rejections, as {@link write}
   */
  read(bounds: AcquireBounds = {}, freshness: Freshness = 'own'): Promise<Lease> {
    return this.#replicas.size === 0 ? this.#writes.acquire(bounds) : this.#reads.acquire(bounds, freshness);
  }

  /** A transaction that wrote was committed: what it wrote is seen by every later read of this process with freshness `own`. @param mark what the commit gave */
  noteCommit(mark: string | undefined): void {
    this.#written.note(mark);
  }

  /** What each server does: those for the writes in order, then the replicas. */
  usage(): readonly ServerUsage[] {
    return [...this.#writes.usage(), ...this.#replicas.usage()];
  }

  /**
   * Changes the bounds of each pool while in use.
   *
   * @param of default all pools
   * @throws {DaoError} `ERR_DAO_INPUT`: a bound makes no sense; the pools named before it may have changed
   */
  resize(size: Partial<PoolSize>, of: 'writes' | 'reads' | 'all' = 'all'): void {
    if (of !== 'reads') {
      this.#writes.resize(size);
      if (size.max !== undefined) this.#primaryReads.resize(size.max);
    }
    if (of !== 'writes') this.#replicas.resize(size);
  }

  /** Has all connections made anew: idle ones go now, borrowed ones when they come back; nobody is refused. */
  renew(): void {
    this.#writes.renew();
    this.#replicas.renew();
  }

  /**
   * Serves nobody new; those who wait and those who borrow may go on until the grace is over.
   *
   * @param options.graceMs at least 0; default 30 000
   * @returns settles when every connection has ended
   */
  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    await Promise.all([this.#writes.close(options), this.#replicas.close(options), this.#primaryReads.close(options)]);
  }
}
