import type { Clock } from '@midgard/pool';
import type { ServerAddress, ServerConnection } from '../server/connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { ConnectionPoolOptions } from './connection-pool-options.ts';
import type { ServerHooks } from './hooks.ts';
import type { ConnectionsListener, ServerRole } from './listener.ts';

/** One of the servers that may take the writes. */
export class WriteServer {
  readonly role: ServerRole;
  readonly pool: ConnectionPool;
  readonly #clock: Clock;
  #accepts: boolean | undefined;
  #fitSince = Infinity;

  /** @param changed called after every look at the server and every change of its breaker */
  constructor(
    address: ServerAddress,
    options: ConnectionPoolOptions & { readonly clock: Clock; readonly role: ServerRole },
    hooks: ServerHooks,
    listener: ConnectionsListener,
    changed: () => void,
  ) {
    this.#clock = options.clock;
    this.role = options.role;
    const note = (accepts: boolean | undefined): void => {
      this.#note(accepts);
      changed();
    };
    const observer = {
      examine: async (connection: ServerConnection) => {
        const accepts = hooks.accepts === undefined ? true : await hooks.accepts(connection);
        return () => note(accepts);
      },
      unknown: () => note(undefined),
      breakerChanged: changed,
    };
    this.pool = new ConnectionPool(address, { ...options, observer }, listener);
  }

  get name(): string {
    return this.pool.name;
  }

  /** It answered when last looked at, and said that it takes writes. */
  get isFit(): boolean {
    return this.#accepts === true && this.pool.isAnswering;
  }

  /** It is known not to take writes. In between nothing is known, and it goes on as it was. */
  get isUnfit(): boolean {
    return this.#accepts === false || this.pool.breaker !== 'closed';
  }

  get isRefusing(): boolean {
    return this.#accepts === false && this.pool.isAnswering;
  }

  /** How long it has been fit without a break. */
  get fitMs(): number {
    return this.isFit ? this.#clock.now() - this.#fitSince : 0;
  }

  #note(accepts: boolean | undefined): void {
    this.#accepts = accepts;
    if (!this.isFit) this.#fitSince = Infinity;
    else if (this.#fitSince === Infinity) this.#fitSince = this.#clock.now();
  }
}
