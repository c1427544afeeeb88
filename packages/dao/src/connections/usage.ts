import type { ResourcePoolUsage } from '@midgard/pool';
import type { BreakerState } from './circuit-breaker.ts';
import type { ReplicaTrouble, ServerRole } from './listener.ts';

/**
 * What a server is used for now. Of those that can take writes: `active` takes them, `ready` could, `refusing` answers and takes none,
 * `down` does not answer. Of replicas: `serving`, or why it is not read from.
 */
export type ServerState = 'active' | 'ready' | 'refusing' | 'serving' | ReplicaTrouble;

/** What one server of a database does. */
export interface ServerUsage {
  readonly server: string;
  readonly role: ServerRole;
  readonly state: ServerState;
  readonly breaker: BreakerState;
  /** Of a replica, as last measured; undefined: not a replica, or nobody knows. */
  readonly lagMs: number | undefined;
  readonly pool: ResourcePoolUsage;
}
