import { ResourcePool } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import { abortedError, acquireError } from './acquire-errors.ts';
import type { ConnectionPoolSettings } from './connection-pool-options.ts';
import type { FailoverPool } from './failover.ts';
import type { AcquireBounds, Lease } from './lease.ts';

/** Permits are only counted: none grows old, and hardly anybody needs to look at them. */
const sweepEveryMs = 60_000;

/**
 * Reads that replicas cannot serve go to the server that takes the writes, but may hold only a share of its connections at a time;
 * the others of them wait, first come first served. So the loss of the replicas makes reads slow and leaves the writes their room.
 */
export class PrimaryReads {
  readonly #writes: FailoverPool;
  readonly #settings: ConnectionPoolSettings;
  readonly #share: number;
  readonly #permits: ResourcePool<object>;
  #max: number;

  /**
   * @param share above 0 to 1, of the writes' `max`; at least one connection
   * @throws {DaoError} `ERR_DAO_INPUT`: the share makes no sense
   */
  constructor(writes: FailoverPool, share: number, settings: ConnectionPoolSettings) {
    if (!(share > 0 && share <= 1)) throw new DaoError('ERR_DAO_INPUT', 'maxFallback must be a number above 0, at most 1');
    this.#writes = writes;
    this.#settings = settings;
    this.#share = share;
    this.#max = this.#maxOf(settings.max);
    const { clock, timers, maxWaiting, acquireTimeoutMs } = settings;
    this.#permits = new ResourcePool({
      max: this.#max,
      create: () => ({}),
      destroy: () => undefined,
      maxWaiting,
      acquireTimeoutMs,
      idleTimeoutMs: Infinity,
      maxLifetimeMs: Infinity,
      sweepEveryMs,
      clock,
      timers,
    });
  }

  /** @throws {DaoError} as rejections, as `ConnectionPool.acquire` */
  async acquire({ timeoutMs = this.#settings.acquireTimeoutMs, signal }: AcquireBounds = {}): Promise<Lease> {
    const { clock } = this.#settings;
    const since = clock.now();
    const permit = await this.#permit(timeoutMs, signal);
    let isOut = true;
    const giveBack = (): void => {
      if (isOut) this.#permits.release(permit);
      isOut = false;
    };
    try {
      const lease = await this.#writes.acquire({ timeoutMs: Math.max(1, timeoutMs - (clock.now() - since)), signal });
      const end = (how: 'release' | 'discard') => (): void => {
        lease[how]();
        giveBack();
      };
      return { ...lease, waitMs: clock.now() - since, release: end('release'), discard: end('discard') };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** @param max new bound of the writes' connections */
  resize(max: number): void {
    this.#max = this.#maxOf(max);
    this.#permits.resize({ max: this.#max });
  }

  /** As `ConnectionPool.close`. */
  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    return this.#permits.close(options);
  }

  async #permit(timeoutMs: number, signal: AbortSignal | undefined): Promise<object> {
    try {
      return await this.#permits.acquire({ timeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (signal?.aborted === true) throw abortedError(signal);
      throw acquireError(error, { name: `${this.#writes.active} (reads without a replica)`, max: this.#max, timeoutMs });
    }
  }

  #maxOf(max: number): number {
    return Math.max(1, Math.floor(max * this.#share));
  }
}
