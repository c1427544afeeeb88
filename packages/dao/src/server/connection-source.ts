import type { AcquireBounds, Lease } from '../connections/lease.ts';
import type { Freshness } from '../connections/read-your-writes.ts';
import type { ServerUsage } from '../connections/usage.ts';

/** Where a server database's connections come from: one pool, or the pools of primary, standbys and replicas. */
export interface ConnectionSource {
  /** Borrows a connection to the server that takes the writes. */
  write(bounds: AcquireBounds): Promise<Lease>;
  /** Borrows a connection to a server that shows what the read must see. */
  read(bounds: AcquireBounds, freshness: Freshness): Promise<Lease>;
  /** Hears of a commit, so that later reads see it. */
  noteCommit(mark: string | undefined): void;
  usage(): readonly ServerUsage[];
  resize(size: { readonly min?: number; readonly max?: number }): void;
  /** Has all connections made anew, and refuses nobody. */
  renew(): void;
  close(): Promise<void>;
}
