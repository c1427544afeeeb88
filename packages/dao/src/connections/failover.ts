import type { PoolSize } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { ServerAddress } from '../server/connection.ts';
import { type ConnectionPoolOptions, type ConnectionPoolSettings, settingsOf } from './connection-pool-options.ts';
import { Handover } from './handover.ts';
import type { ServerHooks } from './hooks.ts';
import type { AcquireBounds, Lease } from './lease.ts';
import { type ConnectionsListener, tell } from './listener.ts';
import type { ServerUsage } from './usage.ts';
import { WriteGate } from './write-gate.ts';
import { WriteServer } from './write-server.ts';

/** When the writes go back to an earlier server. */
export interface ReturnOptions {
  /** An earlier server gets the writes back when it has been fit for so long, in milliseconds above 0; default 30 000: one that comes and goes is left alone. */
  readonly returnAfterMs?: number | undefined;
  /** New writes are held back at most so long, in milliseconds above 0, until those that run have ended and the earlier server has taken over all of them; default 2000. */
  readonly handoverMs?: number | undefined;
  /** Whether to go back even if the dialect cannot tell that the earlier server holds everything; default false, since what it lacks would be lost. */
  readonly returnWithoutProof?: boolean | undefined;
}

/** Set-up of a {@link FailoverPool}. */
export interface FailoverOptions extends ConnectionPoolOptions, ReturnOptions {
  /** Called before the first connection of another server is lent that may lack what the one before had acknowledged. */
  readonly lost?: (() => void) | undefined;
}

/**
 * The servers that may take the writes, the best first; one at a time takes them.
 *
 * When the active one is down or says that it takes no writes (somebody has made another the primary), the first other one that has said
 * within the last second that it takes them becomes active; those who wait go on waiting there. Where there is none it stays, and
 * everyone is told at once that it is down. Connections that are lent meanwhile finish on the server that was left.
 *
 * This decides for one process. That two processes do not write to two servers is up to the servers: at any time at most one of them may
 * say that it takes writes. And what the lost server had acknowledged but not replicated is not on the new one.
 */
export class FailoverPool {
  readonly #settings: ConnectionPoolSettings;
  readonly #listener: ConnectionsListener;
  readonly #servers: readonly WriteServer[];
  readonly #gate: WriteGate;
  readonly #lost: (() => void) | undefined;
  /** Whether a server gets the writes back only when it holds all of them. */
  readonly #isProven: boolean;
  readonly #handover: Handover;
  readonly #returnAfterMs: number;
  readonly #canReturn: boolean;
  #active: WriteServer;
  #size: PoolSize;
  #mayReturnAt = 0;
  #returning: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param addresses at least one: the primary, then the standbys in order
   * @throws {DaoError} `ERR_DAO_INPUT`: an option out of range, or no server
   */
  constructor(addresses: readonly ServerAddress[], options: FailoverOptions, hooks: ServerHooks, listener: ConnectionsListener = {}) {
    const { returnAfterMs = 30_000, handoverMs = 2000, returnWithoutProof = false, lost, ...rest } = options;
    const settings = settingsOf(rest);
    if (!(returnAfterMs > 0) || !(handoverMs > 0)) throw new DaoError('ERR_DAO_INPUT', 'returnAfterMs and handoverMs must be milliseconds above 0');
    this.#settings = settings;
    this.#size = { min: settings.min, max: settings.max };
    this.#listener = listener;
    this.#lost = lost;
    this.#returnAfterMs = returnAfterMs;
    this.#isProven = hooks.hasCaughtUp !== undefined;
    this.#canReturn = returnWithoutProof || this.#isProven;
    this.#servers = addresses.map((address, index) => {
      // A standby keeps no connections ready that nobody needs.
      const own = index === 0 ? settings : { ...settings, min: 0 };
      return new WriteServer(address, { ...own, role: index === 0 ? 'primary' : 'standby' }, hooks, listener, () => this.#review());
    });
    const [first] = this.#servers;
    if (first === undefined) throw new DaoError('ERR_DAO_INPUT', 'a database needs a server');
    this.#active = first;
    this.#gate = new WriteGate(settings.timers, settings.maxWaiting);
    this.#handover = new Handover({ gate: this.#gate, hooks, handoverMs, timers: settings.timers, clock: settings.clock });
  }

  /** Name of the server that takes the writes. */
  get active(): string {
    return this.#active.name;
  }

  /** Looks at all servers from now on, which failover rests on. */
  start(): void {
    for (const { pool } of this.#servers) pool.start();
  }

  /**
   * Borrows a connection of the active server.
   *
   * @throws {DaoError} as rejections, as `ConnectionPool.acquire`
   */
  async acquire({ timeoutMs = this.#settings.acquireTimeoutMs, signal }: AcquireBounds = {}): Promise<Lease> {
    const { clock } = this.#settings;
    const since = clock.now();
    for (let leftMs = timeoutMs; ; leftMs = Math.max(1, timeoutMs - (clock.now() - since))) {
      while (this.#gate.isShut) await this.#gate.pass(leftMs, signal);
      const server = this.#active;
      try {
        const lease = await server.pool.acquire({ timeoutMs: leftMs, signal });
        if (server === this.#active) return { ...lease, waitMs: clock.now() - since };
        lease.release();
      } catch (error) {
        // Sent away because the writes have moved: it waits on for the rest of its time.
        const isOver = server === this.#active || timeoutMs <= clock.now() - since;
        if (isOver || !(error instanceof DaoError) || error.code !== 'ERR_DAO_UNAVAILABLE') throw error;
      }
    }
  }

  /** @throws {DaoError} `ERR_DAO_INPUT`: a bound makes no sense; nothing has changed */
  resize(size: Partial<PoolSize>): void {
    this.#active.pool.resize(size);
    this.#size = { ...this.#size, ...size };
    for (const server of this.#servers) if (server !== this.#active) server.pool.resize({ min: 0, max: this.#size.max });
  }

  /** Has the connections to each server made anew; see {@link ConnectionPool.renew}. */
  renew(): void {
    for (const { pool } of this.#servers) pool.renew();
  }

  /** What each server does, in order. */
  usage(): readonly ServerUsage[] {
    return this.#servers.map((server) => ({
      server: server.name,
      role: server.role,
      state: this.#stateOf(server),
      breaker: server.pool.breaker,
      lagMs: undefined,
      pool: server.pool.usage(),
    }));
  }

  /** As `ConnectionPool.close`, of all servers. */
  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#servers.map(({ pool }) => pool.close(options)));
    await this.#returning;
  }

  #stateOf(server: WriteServer): ServerUsage['state'] {
    if (server === this.#active && !server.isUnfit) return 'active';
    if (server.isRefusing) return 'refusing';
    return server.isFit ? 'ready' : 'down';
  }

  #review(): void {
    if (this.#isClosed) return;
    const active = this.#active;
    if (active.isUnfit) {
      const next = this.#servers.find((server) => server.isFit);
      if (next !== undefined) this.#activate(next, false);
      return;
    }
    const { clock } = this.#settings;
    if (!this.#canReturn || this.#returning !== undefined || clock.now() < this.#mayReturnAt) return;
    const earlier = this.#servers.slice(0, this.#servers.indexOf(active)).find(({ fitMs }) => fitMs >= this.#returnAfterMs);
    if (earlier === undefined) return;
    this.#returning = this.#return(active, earlier).finally(() => {
      this.#returning = undefined;
    });
  }

  async #return(from: WriteServer, to: WriteServer): Promise<void> {
    const isWanted = (): boolean => !this.#isClosed && this.#active === from && to.isFit;
    const outcome = await this.#handover.run(from.pool, to.pool, isWanted, () => this.#activate(to, this.#isProven));
    // To hold the writes back again and again would be worse than to stay.
    if (outcome === 'interrupted') this.#mayReturnAt = this.#settings.clock.now() + this.#returnAfterMs;
  }

  #activate(next: WriteServer, hasAll: boolean): void {
    const left = this.#active;
    this.#active = next;
    if (!hasAll) this.#lost?.();
    next.pool.resize(this.#size);
    left.pool.resize({ min: 0 });
    left.pool.retire(new DaoError('ERR_DAO_UNAVAILABLE', `${left.name}: the writes go to ${next.name} now`));
    tell(() => this.#listener.failedOver?.({ from: left.name, to: next.name }));
  }
}
