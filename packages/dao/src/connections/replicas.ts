import type { PoolSize } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import type { ServerAddress } from '../server/connection.ts';
import { type ConnectionPoolOptions, settingsOf } from './connection-pool-options.ts';
import type { ServerHooks } from './hooks.ts';
import type { ConnectionsListener } from './listener.ts';
import { Replica } from './replica.ts';
import type { ServerUsage } from './usage.ts';

/** A server to read from. */
export interface ReplicaAddress {
  readonly address: ServerAddress;
  /** Its share of the reads in proportion to the others', above 0; default 1. */
  readonly weight?: number | undefined;
}

/**
 * The servers to read from. One that is down, does not replicate or is further behind than `maxLagMs` leaves the rotation by itself, and
 * comes back by itself; all are out of it until they have been measured once.
 */
export class ReplicaSet {
  readonly #replicas: readonly Replica[];

  /**
   * @param options.maxLagMs above 0
   * @throws {DaoError} `ERR_DAO_INPUT`: an option out of range
   */
  constructor(
    addresses: readonly ReplicaAddress[],
    { maxLagMs, ...options }: ConnectionPoolOptions & { readonly maxLagMs: number },
    hooks: ServerHooks,
    listener: ConnectionsListener = {},
  ) {
    if (!(maxLagMs > 0)) throw new DaoError('ERR_DAO_INPUT', 'maxLagMs must be milliseconds above 0');
    const settings = settingsOf(options);
    this.#replicas = addresses.map(({ address, weight = 1 }) => {
      if (!(weight > 0 && weight < Infinity)) throw new DaoError('ERR_DAO_INPUT', 'the weight of a replica must be a number above 0');
      return new Replica(address, { ...settings, weight, maxLagMs }, hooks, listener);
    });
  }

  get size(): number {
    return this.#replicas.length;
  }

  /** Looks at all replicas from now on; before, none is picked. */
  start(): void {
    for (const { pool } of this.#replicas) pool.start();
  }

  /**
   * Whose turn it is: smooth weighted round robin, which spreads the turns of a heavy one instead of giving them in a row. O(replicas).
   *
   * @param isEligible which ones come into question
   */
  pick(isEligible: (replica: Replica) => boolean = () => true): Replica | undefined {
    let total = 0;
    let best: Replica | undefined;
    for (const replica of this.#replicas) {
      if (!replica.isServing || !isEligible(replica)) continue;
      total += replica.weight;
      replica.credit += replica.weight;
      if (best === undefined || replica.credit > best.credit) best = replica;
    }
    if (best !== undefined) best.credit -= total;
    return best;
  }

  /** @throws {DaoError} `ERR_DAO_INPUT`: a bound makes no sense; nothing has changed */
  resize(size: Partial<PoolSize>): void {
    for (const { pool } of this.#replicas) pool.resize(size);
  }

  /** Has the connections to each replica made anew; see {@link ConnectionPool.renew}. */
  renew(): void {
    for (const { pool } of this.#replicas) pool.renew();
  }

  /** What each replica does, in order. */
  usage(): readonly ServerUsage[] {
    return this.#replicas.map(({ name, trouble, lagMs, pool }) => ({
      server: name,
      role: 'replica',
      state: trouble ?? 'serving',
      breaker: pool.breaker,
      lagMs,
      pool: pool.usage(),
    }));
  }

  /** As `ConnectionPool.close`, of all replicas. */
  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    await Promise.all(this.#replicas.map(({ pool }) => pool.close(options)));
  }
}
