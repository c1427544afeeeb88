import type { Clock } from '@midgard/pool';
import type { ServerAddress, ServerConnection } from '../server/connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { ConnectionPoolOptions } from './connection-pool-options.ts';
import type { Replication, ServerHooks } from './hooks.ts';
import { type ConnectionsListener, type ReplicaTrouble, tell } from './listener.ts';
import { Progress } from './progress.ts';

/** Set-up of a {@link Replica}. */
export interface ReplicaOptions extends ConnectionPoolOptions {
  readonly clock: Clock;
  readonly weight: number;
  readonly maxLagMs: number;
}

/** A server to read from, and how far behind it is. */
export class Replica {
  readonly weight: number;
  readonly pool: ConnectionPool;
  readonly progress: Progress;
  /** Of the rotation, see `ReplicaSet.pick`. */
  credit = 0;
  readonly #options: ReplicaOptions;
  readonly #listener: ConnectionsListener;
  #replication: Replication | undefined;
  #measuredAt = 0;
  #trouble: ReplicaTrouble | undefined = 'down';

  constructor(address: ServerAddress, options: ReplicaOptions, hooks: ServerHooks, listener: ConnectionsListener) {
    this.#options = options;
    this.#listener = listener;
    this.weight = options.weight;
    this.progress = new Progress(hooks.marks);
    const observer = {
      examine: async (connection: ServerConnection) => {
        const replication = hooks.measure === undefined ? { lagMs: 0 } : await hooks.measure(connection);
        return () => this.#measured(replication);
      },
      unknown: () => {
        // It lives but does not tell how far it is. If it did not answer at all, that may be chance: what it said before ages.
        if (this.pool.isAnswering) this.#measured({ lagMs: undefined });
        else this.#judge();
      },
      breakerChanged: () => this.#judge(),
    };
    this.pool = new ConnectionPool(address, { ...options, role: 'replica', observer }, listener);
  }

  get name(): string {
    return this.pool.name;
  }

  /** Why it is not to be read from; undefined: it is. It is so until its first measurement. */
  get trouble(): ReplicaTrouble | undefined {
    return this.#trouble;
  }

  get isServing(): boolean {
    return this.#trouble === undefined;
  }

  /** At most so far behind, as far as one knows; undefined: nobody knows. */
  get lagMs(): number | undefined {
    const lagMs = this.#replication?.lagMs;
    if (lagMs === undefined || this.pool.isAnswering) return lagMs;
    return lagMs + this.#options.clock.now() - this.#measuredAt;
  }

  #measured(replication: Replication): void {
    this.#replication = replication;
    this.#measuredAt = this.#options.clock.now();
    this.progress.measured(replication.position);
    this.#judge();
  }

  #judge(): void {
    const trouble = this.#findTrouble();
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const event = { server: this.name, lagMs: this.lagMs };
    if (trouble === undefined) tell(() => this.#listener.replicaReturned?.(event));
    else tell(() => this.#listener.replicaLeft?.({ ...event, trouble }));
  }

  #findTrouble(): ReplicaTrouble | undefined {
    if (this.pool.breaker !== 'closed' || this.#replication === undefined) return 'down';
    const { lagMs } = this;
    if (lagMs === undefined) return 'stopped';
    return lagMs > this.#options.maxLagMs ? 'behind' : undefined;
  }
}
