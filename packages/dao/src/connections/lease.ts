import type { ServerConnection } from '../server/connection.ts';
import type { ServerRole } from './listener.ts';

/** How one `acquire` waits. */
export interface AcquireBounds {
  /** Longest wait in milliseconds, above 0; default the pool's `acquireTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** A borrowed connection. The first of `release` and `discard` gives it back; whatever is called after that does nothing. */
export interface Lease {
  readonly connection: ServerConnection;
  /** Name of the server's address. */
  readonly server: string;
  readonly role: ServerRole;
  /** How long its borrower waited for it. */
  readonly waitMs: number;
  /** Gives it back for the next one, outside of any transaction; one that is broken is thrown away instead. */
  release(): void;
  /** Gives it back to be destroyed at once, because its state is unknown or something still runs on it. */
  discard(): void;
}
