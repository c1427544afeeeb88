import { PoolError } from '../errors.ts';
import { Closing } from './closing.ts';
import { Creations } from './creations.ts';
import { Disposals } from './disposals.ts';
import { Entry, type Site } from './entry.ts';
import { HealthChecks } from './health.ts';
import { LeakWatch } from './leak-watch.ts';
import { type AcquireFailure, type DestroyReason, tell } from './listener.ts';
import { type AcquireOptions, type ResourcePoolOptions, type Settings, settingsOf, sizeOf } from './options.ts';
import { Stock } from './stock.ts';
import { Sweeper } from './sweeper.ts';
import type { PoolSize, ResourcePoolUsage } from './usage.ts';
import { Waiter, WaiterQueue } from './waiters.ts';

/**
 * Shares scarce resources, such as connections, that are dear to make, may break, and must stay within a bound.
 *
 * `acquire` and `release` are O(1) and synchronous where a resource is idle and trusted; those who wait are served first come
 * first served. The resource given back last is lent first, so that the others grow idle and may go.
 *
 * @example
 * ```ts
 * import { ResourcePool } from '@midgard/pool';
 * import { connect, type Socket } from 'node:net';
 *
 * const sockets = new ResourcePool<Socket>({
 *   max: 10,
 *   create: (signal) => new Promise((resolve, reject) => {
 *     const socket = connect({ port: 6379, signal });
 *     socket.once('connect', () => resolve(socket)).once('error', reject);
 *   }),
 *   destroy: (socket) => void socket.destroy(),
 *   health: { check: (socket) => socket.writable },
 * });
 * await sockets.use((socket) => socket.write('PING\r\n'));
 * await sockets.close();
 * ```
 */
export class ResourcePool<T extends object> {
  readonly #settings: Settings<T>;
  /** All that are made and not given to `destroy`. */
  readonly #stock = new Stock<T>();
  readonly #waiters: WaiterQueue<T>;
  readonly #creations: Creations<T>;
  readonly #disposals: Disposals<T>;
  readonly #checks: HealthChecks<T> | undefined;
  readonly #leaks: LeakWatch<T> | undefined;
  readonly #sweeper: Sweeper<T>;
  readonly #closing: Closing<T>;
  #size: PoolSize;

  /** @throws {PoolError} `ERR_POOL_OPTIONS`: a bound or a time makes no sense; the message names it */
  constructor(options: ResourcePoolOptions<T>) {
    const settings = settingsOf(options);
    const { health, leaks, clock, timers, listener } = settings;
    this.#settings = settings;
    this.#size = sizeOf({ min: options.min ?? 0, max: options.max });
    this.#waiters = new WaiterQueue({ clock, timers, listener, reasonToWait: () => this.#creations.lastError, left: () => this.#finishClosing() });
    this.#creations = new Creations(settings, {
      isHeld: (resource) => this.#stock.has(resource),
      created: (resource, tookMs) => this.#takeIn(resource, tookMs),
      createdLate: (resource) => this.#disposals.start(resource, 'late'),
      failed: (error) => this.#onCreateFailed(error),
      mayRetry: () => this.#serve(),
    });
    this.#closing = new Closing(timers);
    this.#disposals = new Disposals(settings, () => this.#serve());
    this.#checks = health === undefined ? undefined : new HealthChecks(settings, health, (entry, isHealthy) => this.#onChecked(entry, isHealthy));
    this.#leaks = leaks === undefined ? undefined : new LeakWatch(leaks, listener);
    this.#sweeper = new Sweeper(settings, {
      stock: this.#stock,
      checks: this.#checks,
      leaks: this.#leaks,
      spare: () => this.#count - this.#size.min,
      destroy: (entry, reason) => this.#destroy(entry, reason),
    });
    this.#serve();
  }

  /**
   * Borrows a resource: at once if one is idle and trusted, else when one is made, checked or given back.
   *
   * @throws {PoolError} as rejections: `ERR_POOL_TIMEOUT`, `ERR_POOL_OVERLOADED`, `ERR_POOL_CREATE`, `ERR_POOL_CLOSED`, `ERR_POOL_OPTIONS`
   */
  acquire(options?: AcquireOptions): Promise<T> {
    if (options?.signal?.aborted === true) return this.#refuse('aborted', options.signal.reason);
    const resource = this.#takeTrusted();
    return resource === undefined ? this.#wait(options) : Promise.resolve(resource);
  }

  /** Borrows a resource that is idle and trusted, without a wait. @returns undefined: there is none now, or others wait */
  tryAcquire(): T | undefined {
    return this.#takeTrusted();
  }

  /**
   * Gives a resource back, in working order as far as the borrower knows. It must not be used afterwards: a second release
   * is told, but not if somebody else has borrowed the resource meanwhile.
   *
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: it was given back before or is not of this pool
   */
  release(resource: T): void {
    const loan = this.#stock.loanOf(resource);
    if (loan === undefined) return this.#refuseBack(resource);
    this.#takeBack(loan, true);
  }

  /**
   * Gives a resource back that is to be destroyed, because it is broken or in an unknown state.
   *
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: it was given back before or is not of this pool
   */
  discard(resource: T): void {
    const loan = this.#stock.loanOf(resource);
    if (loan === undefined) return this.#refuseBack(resource);
    const heldMs = this.#now() - loan.borrowedAt;
    this.#destroy(loan, 'discarded');
    tell(() => this.#settings.listener.released?.(resource, heldMs));
  }

  /**
   * Borrows a resource for the time of the work, and gives it back however that ends. After a failure it is checked before the
   * next loan, if there is a health check. The work may `discard` it, but not `release` it.
   *
   * @throws {PoolError} as {@link acquire}; and what the work throws
   */
  async use<R>(work: (resource: T) => R | Promise<R>, options?: AcquireOptions): Promise<R> {
    const resource = await this.acquire(options);
    let isSound = false;
    try {
      const result = await work(resource);
      isSound = true;
      return result;
    } finally {
      const loan = this.#stock.loanOf(resource);
      // Gone if the work discarded it, or if the pool was closed and would not wait any longer.
      if (loan !== undefined) this.#takeBack(loan, isSound);
    }
  }

  /**
   * Changes the bounds while in use. Above a smaller `max` idle resources go at once, the coldest first, and borrowed ones when
   * they come back.
   *
   * @throws {PoolError} `ERR_POOL_OPTIONS`: a bound makes no sense; nothing has changed
   */
  resize(size: Partial<PoolSize>): void {
    this.#size = sizeOf({ ...this.#size, ...size });
    while (this.#count > this.#size.max) {
      const coldest = this.#stock.takeColdest();
      if (coldest === undefined) break;
      this.#destroy(coldest, 'resized');
    }
    this.#serve();
  }

  /**
   * Ends the pool: nobody new is served; those who wait are, and those who borrow may go on, until the grace is over. Then
   * waiters get `ERR_POOL_CLOSED` and resources are destroyed under their borrowers. May be called again with a shorter grace.
   *
   * @param options.graceMs at least 0; default 30 000
   * @returns settles when everything is destroyed; never rejects
   * @throws {PoolError} `ERR_POOL_OPTIONS`: the grace makes no sense
   */
  close({ graceMs = 30_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!(graceMs >= 0)) throw new PoolError('ERR_POOL_OPTIONS', 'graceMs must be a number of 0 or more');
    const done = this.#closing.begin();
    this.#sweeper.stop();
    for (const entry of this.#stock.takeIdle()) this.#destroy(entry, 'closed');
    if (graceMs === 0) this.#endGrace();
    else this.#closing.allow(graceMs, () => this.#endGrace());
    this.#serve();
    return done;
  }

  /** {@link close} with the default grace. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What is where. O(`max`). */
  usage(): ResourcePoolUsage {
    return {
      ...this.#size,
      ...this.#stock.count(),
      creating: this.#creations.underway,
      destroying: this.#disposals.underway,
      waiting: this.#waiters.size,
    };
  }

  /** Resources that are there or on their way. */
  get #count(): number {
    return this.#stock.size + this.#creations.underway;
  }

  /** Resources that will come without anybody giving one back. */
  get #underway(): number {
    return this.#creations.underway + (this.#checks?.underway ?? 0);
  }

  /** The time of a loan. To ask the clock costs as much as the rest of it, so where nobody wants it exactly it is that of the last sweep. */
  #now(): number {
    return this.#settings.isTimed ? this.#settings.clock.now() : this.#sweeper.lastAt;
  }

  /** Places in which a resource could be made. */
  get #room(): number {
    return this.#size.max - this.#count - this.#disposals.underway;
  }

  #takeTrusted(): T | undefined {
    const entry = this.#stock.top();
    // Whoever waits comes first.
    if (entry === undefined || this.#waiters.size > 0) return undefined;
    const now = this.#now();
    if (now >= entry.trustedUntil) return undefined;
    this.#stock.pop();
    this.#lend(entry, now, 0, this.#leaks?.sample());
    return entry.resource;
  }

  #wait({ timeoutMs = this.#settings.acquireTimeoutMs, signal }: AcquireOptions = {}): Promise<T> {
    if (!(timeoutMs > 0)) return Promise.reject(new PoolError('ERR_POOL_OPTIONS', 'timeoutMs must be milliseconds above 0'));
    if (this.#closing.isUnderway) return this.#refuse('closed', new PoolError('ERR_POOL_CLOSED', 'the pool is closing or closed'));
    const { idle } = this.#stock;
    // With the places of those that are being destroyed: they will be free.
    const room = Math.max(0, this.#size.max - this.#count);
    if (this.#waiters.size >= this.#settings.maxWaiting + idle + this.#underway + room) {
      return this.#refuse('overloaded', new PoolError('ERR_POOL_OVERLOADED', `${this.#waiters.size} wait already`));
    }
    const now = this.#settings.clock.now();
    const waiter = new Waiter<T>(now, timeoutMs, this.#leaks?.sample());
    this.#waiters.join(waiter, signal);
    // Else all are lent, and it waits for one to come back.
    if (idle + room > 0) this.#serve(now);
    return waiter.promise;
  }

  #refuse(reason: AcquireFailure, error: unknown): Promise<never> {
    tell(() => this.#settings.listener.acquireFailed?.(reason, 0));
    return Promise.reject(error);
  }

  #refuseBack(resource: T): void {
    if (!this.#closing.takeBack(resource)) throw new PoolError('ERR_POOL_NOT_LENT', 'given back twice, or never lent by this pool');
  }

  /** Gives what is idle to those who wait, and has made what is missing. Called after every change that may allow either. */
  #serve(now = this.#settings.clock.now()): void {
    while (this.#waiters.size > 0) {
      const entry = this.#stock.top();
      if (entry === undefined) break;
      const isTrusted = now < entry.trustedUntil;
      // Enough are being checked or made for those who wait.
      if (!isTrusted && this.#waiters.size <= this.#underway) break;
      this.#stock.pop();
      this.#offer(entry, now, isTrusted);
    }
    while (this.#missing > 0 && this.#room > 0 && this.#creations.mayStart) this.#creations.start();
    this.#finishClosing();
  }

  get #missing(): number {
    const spares = this.#closing.isUnderway ? 0 : this.#size.min - this.#count;
    return Math.max(this.#waiters.size - this.#underway, spares);
  }

  /** Finds the place of a resource that nobody has: with the one who has waited longest, among the idle ones, or nowhere. */
  #offer(entry: Entry<T>, now: number, isTrusted: boolean): void {
    // A listener that heard of it has ended the pool.
    if (entry.state === 'gone') return;
    if (now >= entry.expiresAt) return this.#destroy(entry, 'lifetime');
    if (this.#count > this.#size.max) return this.#destroy(entry, 'resized');
    if (this.#waiters.size > 0 && !isTrusted && this.#checks !== undefined) return this.#checks.start(entry);
    const waiter = this.#waiters.shift();
    if (waiter === undefined) return this.#closing.isUnderway ? this.#destroy(entry, 'closed') : this.#stock.putAside(entry);
    waiter.resolve(entry.resource);
    this.#lend(entry, now, now - waiter.since, waiter.site);
  }

  #lend(entry: Entry<T>, now: number, waitMs: number, site: Site | undefined): void {
    entry.lend(now, site);
    if (this.#settings.listener.acquired !== undefined) tell(() => this.#settings.listener.acquired?.(entry.resource, waitMs));
  }

  #takeBack(entry: Entry<T>, isSound: boolean): void {
    const now = this.#now();
    const heldMs = entry.takeBack(now);
    // It came back at the latest when the next sweep is due; no resource is to be called idle too early.
    if (!this.#settings.isTimed) entry.idleSince += this.#settings.sweepEveryMs;
    if (isSound) entry.prove(now, this.#checks?.trustMs);
    else if (this.#checks !== undefined) entry.trustedUntil = -Infinity;
    if (this.#settings.listener.released !== undefined) tell(() => this.#settings.listener.released?.(entry.resource, heldMs));
    this.#offer(entry, now, now < entry.trustedUntil);
  }

  #destroy(entry: Entry<T>, reason: DestroyReason): void {
    this.#stock.remove(entry);
    this.#disposals.start(entry.resource, reason);
  }

  #takeIn(resource: T, tookMs: number): void {
    const { clock, random, maxLifetimeMs, lifetimeJitter, listener } = this.#settings;
    const now = clock.now();
    const entry = new Entry(resource, now, now + maxLifetimeMs * (1 - lifetimeJitter * random()));
    entry.prove(now, this.#checks?.trustMs);
    this.#stock.add(entry);
    tell(() => listener.created?.(resource, tookMs));
    this.#offer(entry, now, true);
    if (!this.#closing.isUnderway) this.#sweeper.start();
    this.#serve();
  }

  #onCreateFailed(error: unknown): void {
    // With none out or on its way nobody could serve those who wait; else they wait on, for what comes back or the next try.
    if (this.#count === 0) this.#waiters.rejectAll('create', () => new PoolError('ERR_POOL_CREATE', 'no resource could be made', { cause: error }));
    this.#serve();
  }

  #onChecked(entry: Entry<T>, isHealthy: boolean): void {
    const now = this.#settings.clock.now();
    if (isHealthy) {
      entry.prove(now, this.#checks?.trustMs);
      this.#offer(entry, now, true);
    } else {
      this.#destroy(entry, 'unhealthy');
    }
    this.#serve();
  }

  #endGrace(): void {
    this.#waiters.rejectAll('closed', () => new PoolError('ERR_POOL_CLOSED', 'the pool is closed'));
    for (const entry of this.#stock.entries()) {
      if (entry.state === 'borrowed') this.#closing.seize(entry.resource);
      this.#destroy(entry, 'closed');
    }
    this.#creations.giveUp();
    this.#finishClosing();
  }

  #finishClosing(): void {
    if (!this.#closing.isUnderway || this.#waiters.size > 0) return;
    this.#creations.abort();
    if (this.#count > 0 || this.#disposals.underway > 0) return;
    this.#creations.stop();
    this.#waiters.stop();
    this.#closing.finish();
  }
}
