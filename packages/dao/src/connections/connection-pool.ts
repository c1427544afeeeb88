import { type PoolSize, ResourcePool, type ResourcePoolUsage } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { ServerAddress, ServerConnection } from '../server/connection.ts';
import { abortedError, acquireError, inputError } from './acquire-errors.ts';
import { type BreakerState, CircuitBreaker } from './circuit-breaker.ts';
import { type ConnectionPoolOptions, type ConnectionPoolSettings, settingsOf } from './connection-pool-options.ts';
import type { AcquireBounds, Lease } from './lease.ts';
import { type ConnectionsListener, type ServerEvent, tell } from './listener.ts';
import { ServerWatch } from './server-watch.ts';
import { within } from './time.ts';

/** Time to end a connection in order before it is cut. */
const closeTimeoutMs = 1000;

/** A pool that fails pauses no longer, so that it is of use soon after its server is. */
const backoff = { firstMs: 50, maxMs: 1000 };

type Connections = ResourcePool<ServerConnection>;

/**
 * The connections to one server, lent first come first served and within bounds.
 *
 * A connection that has lain idle is pinged before it is lent. A server that fails several times in a row counts as down: then everyone
 * who waits and everyone who comes hears `ERR_DAO_UNAVAILABLE` at once, until a probe is answered (at most a second after the
 * server is back), and what is borrowed of a replica is cut, so that reads go elsewhere. `start` adds a look at the server every second,
 * which finds one that is frozen before anyone's time is up.
 */
export class ConnectionPool {
  readonly #address: ServerAddress;
  readonly #settings: ConnectionPoolSettings;
  readonly #listener: ConnectionsListener;
  readonly #event: ServerEvent;
  readonly #breaker: CircuitBreaker;
  readonly #watch: ServerWatch;
  /** Callers that wait, the first one first; aborted when there is nothing to wait for any more. */
  readonly #waiting = new Set<AbortController>();
  /** Of a replica: what is borrowed, to be cut when the server counts as down. */
  readonly #lent = new Set<ServerConnection>();
  /** Pools of which only borrowed connections are left. */
  readonly #retired = new Set<Connections>();
  #pool: Connections;
  #size: PoolSize;
  #isClosed = false;

  /**
   * Connects at once where `min` is above 0.
   *
   * @throws {DaoError} `ERR_DAO_INPUT`: an option out of range
   */
  constructor(address: ServerAddress, options: ConnectionPoolOptions = {}, listener: ConnectionsListener = {}) {
    const settings = settingsOf(options);
    this.#address = address;
    this.#settings = settings;
    this.#listener = listener;
    this.#event = { server: address.name, role: settings.role };
    this.#breaker = new CircuitBreaker({ failures: settings.failures, clock: settings.clock, changed: (state) => this.#onBreaker(state, options) });
    this.#watch = new ServerWatch({
      address,
      breaker: this.#breaker,
      observer: options.observer,
      everyMs: settings.watchEveryMs,
      answerTimeoutMs: settings.pingTimeoutMs,
      connectTimeoutMs: settings.connectTimeoutMs,
      timers: settings.timers,
      random: settings.random,
    });
    this.#size = { min: settings.min, max: settings.max };
    this.#pool = this.#makePool();
  }

  get name(): string {
    return this.#address.name;
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** Whether the server answered when it was last looked at; only known after `start`. */
  get isAnswering(): boolean {
    return this.#watch.isAnswering && this.#breaker.isClosed;
  }

  /** Looks at the server from now on, on a connection beside the pool's. */
  start(): void {
    if (!this.#isClosed) this.#watch.start();
  }

  /**
   * Borrows a connection.
   *
   * @throws {DaoError} as rejections: `ERR_DAO_UNAVAILABLE`: the server is down, no connection could be made or none was free in time;
   *   `ERR_DAO_OVERLOADED`: too many wait; `ERR_DAO_TIMEOUT`: the signal was aborted; `ERR_DAO_CLOSED`; `ERR_DAO_INPUT`
   */
  async acquire({ timeoutMs = this.#settings.acquireTimeoutMs, signal }: AcquireBounds = {}): Promise<Lease> {
    const { clock } = this.#settings;
    const since = clock.now();
    try {
      this.#checkOpen();
      if (signal?.aborted === true) throw abortedError(signal);
      for (let leftMs = timeoutMs; ; leftMs = Math.max(1, timeoutMs - (clock.now() - since))) {
        const pool = this.#pool;
        const connection = pool.tryAcquire() ?? (await this.#wait(pool, leftMs, signal));
        if (!connection.isBroken) return this.#lend(pool, connection, clock.now() - since);
        // It broke while it was idle and still trusted.
        pool.discard(connection);
        this.#checkOpen();
      }
    } catch (error) {
      const failure = acquireError(error, { name: this.name, max: this.#size.max, timeoutMs });
      if (failure instanceof DaoError) {
        const { code } = failure;
        tell(() => this.#listener.acquireFailed?.({ ...this.#event, waitMs: clock.now() - since, code }));
      }
      throw failure;
    }
  }

  /**
   * Changes the bounds while in use: above a smaller `max` idle connections go at once, borrowed ones when they come back.
   *
   * @throws {DaoError} `ERR_DAO_INPUT`: a bound makes no sense; nothing has changed
   */
  resize(size: Partial<PoolSize>): void {
    try {
      this.#pool.resize(size);
    } catch (error) {
      throw inputError(error);
    }
    this.#size = { ...this.#size, ...size };
  }

  /** Leaves the server for another: idle connections go, those who wait get the error, and those who borrow finish. May be used again later. */
  retire(error: DaoError): void {
    if (this.#isClosed) return;
    const pool = this.#replace();
    this.#sendAway(error);
    this.#finish(pool);
  }

  /**
   * Has every connection made anew: idle ones go now, borrowed ones when they come back, and those who wait are served. Until then there
   * may be up to twice `max`.
   */
  renew(): void {
    if (!this.#isClosed) this.#finish(this.#replace());
  }

  /** What is where. O(`max`). */
  usage(): ResourcePoolUsage {
    let usage = this.#pool.usage();
    for (const pool of this.#retired) {
      const { borrowed, destroying, creating, checking } = pool.usage();
      usage = {
        ...usage,
        borrowed: usage.borrowed + borrowed,
        destroying: usage.destroying + destroying,
        creating: usage.creating + creating,
        checking: usage.checking + checking,
      };
    }
    return usage;
  }

  /**
   * Serves nobody new; those who wait and those who borrow may go on until the grace is over.
   *
   * @param options.graceMs at least 0; default 30 000
   * @returns settles when every connection has ended
   */
  async close({ graceMs = 30_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#isClosed = true;
    this.#watch.stop();
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.close({ graceMs })));
  }

  /** Puts a new pool in the place of the present one. @returns the one before */
  #replace(): Connections {
    const pool = this.#pool;
    this.#pool = this.#makePool();
    this.#retired.add(pool);
    return pool;
  }

  #finish(pool: Connections): void {
    void pool.close({ graceMs: Infinity }).then(() => this.#retired.delete(pool));
  }

  #makePool(): Connections {
    const settings = this.#settings;
    try {
      const pool: Connections = new ResourcePool({
        ...this.#size,
        create: (signal) => this.#address.connect(signal),
        destroy: (connection) => this.#end(connection),
        createTimeoutMs: settings.connectTimeoutMs,
        acquireTimeoutMs: settings.acquireTimeoutMs,
        idleTimeoutMs: settings.idleTimeoutMs,
        maxLifetimeMs: settings.maxLifetimeMs,
        maxWaiting: settings.maxWaiting,
        backoff,
        health: {
          check: (connection) => this.#check(connection),
          trustMs: settings.trustMs,
          everyMs: settings.healthEveryMs,
          timeoutMs: settings.pingTimeoutMs,
        },
        listener: {
          created: (_, tookMs) => {
            this.#breaker.succeeded();
            this.#listener.connected?.({ ...this.#event, tookMs });
          },
          // What fails because it is not wanted any more says nothing about the server.
          createFailed: (error) => {
            if (pool === this.#pool && !this.#isClosed) this.#onFailure(error);
          },
          checkFailed: (connection, error) => {
            connection.destroy();
            if (error !== undefined) this.#onFailure(error);
          },
        },
        clock: settings.clock,
        timers: settings.timers,
        random: settings.random,
      });
      return pool;
    } catch (error) {
      throw inputError(error);
    }
  }

  async #check(connection: ServerConnection): Promise<boolean> {
    if (connection.isBroken) return false;
    await connection.ping();
    this.#breaker.succeeded();
    return true;
  }

  async #end(connection: ServerConnection): Promise<void> {
    if (connection.isBroken) return connection.destroy();
    try {
      await within(this.#settings.timers, closeTimeoutMs, () => connection.close());
    } catch {
      connection.destroy();
    }
  }

  async #wait(pool: Connections, timeoutMs: number, signal: AbortSignal | undefined): Promise<ServerConnection> {
    const stop = new AbortController();
    const onAbort = (): void => {
      if (signal !== undefined) stop.abort(abortedError(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(stop);
    try {
      return await pool.acquire({ timeoutMs, signal: stop.signal });
    } finally {
      this.#waiting.delete(stop);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #lend(pool: Connections, connection: ServerConnection, waitMs: number): Lease {
    const { clock } = this.#settings;
    const since = clock.now();
    let isOut = true;
    if (this.#settings.role === 'replica') this.#lent.add(connection);
    const giveBack = (isSound: boolean): void => {
      if (!isOut) return;
      isOut = false;
      this.#lent.delete(connection);
      if (isSound) this.#breaker.used();
      else connection.destroy();
      if (isSound) pool.release(connection);
      else pool.discard(connection);
      tell(() => this.#listener.released?.({ ...this.#event, heldMs: clock.now() - since, isDiscarded: !isSound }));
    };
    tell(() => this.#listener.acquired?.({ ...this.#event, waitMs }));
    return { connection, ...this.#event, waitMs, release: () => giveBack(!connection.isBroken), discard: () => giveBack(false) };
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new DaoError('ERR_DAO_CLOSED', `${this.name}: the connections were closed`);
    if (!this.#breaker.isClosed) throw this.#downError();
  }

  #downError(): DaoError {
    return new DaoError('ERR_DAO_UNAVAILABLE', `${this.name}: the server is down`, { cause: this.#breaker.lastError });
  }

  #sendAway(error: DaoError): void {
    for (const stop of this.#waiting) stop.abort(error);
  }

  #onFailure(error: unknown): void {
    this.#breaker.failed(error);
    this.#listener.connectionFailed?.({ ...this.#event, error });
  }

  #onBreaker(state: BreakerState, { observer }: ConnectionPoolOptions): void {
    tell(() => this.#listener.breakerChanged?.({ ...this.#event, state }));
    if (state === 'open') {
      this.#sendAway(this.#downError());
      // Reads can run again elsewhere while there is time, instead of waiting for a server that is silent.
      for (const connection of this.#lent) connection.destroy();
      this.#watch.wake();
    }
    observer?.breakerChanged();
  }
}
