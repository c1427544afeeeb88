import type { ServerConnection } from '../server/connection.ts';

/** How far a replica is. */
export interface Replication {
  /** How much older than the primary what it shows is, in milliseconds; undefined: it does not replicate, or cannot tell. */
  readonly lagMs: number | undefined;
  /** What it has taken over, to be held against commit marks; default unknown. */
  readonly position?: string | undefined;
}

/** How the commit marks of a server, which are opaque here, compare; MariaDB's are GTIDs such as `0-1-42`. */
export interface CommitMarks {
  /** Whether whatever has come to `position` (a replica's, or another mark) also has what `mark` stands for. */
  covers(position: string, mark: string): boolean;
  /** Has a replica wait until it has what the mark stands for. @returns false: not within the time, or never */
  reach(connection: ServerConnection, mark: string, timeoutMs: number): Promise<boolean>;
}

/**
 * What a dialect knows of its servers. Each is optional; what rests on it is then done without, as said there. One that throws or takes
 * longer than a ping may counts as unanswered.
 */
export interface ServerHooks {
  /** Whether the server takes writes at this moment, such as `read_only = 0`. Default: every server that answers does. */
  accepts?(connection: ServerConnection): Promise<boolean>;
  /** Whether `to` holds everything that was ever written to `from`; may wait for it for a moment. Default: nobody knows. */
  hasCaughtUp?(from: ServerConnection, to: ServerConnection): Promise<boolean>;
  /** Default: every replica that answers counts as up to date. */
  measure?(connection: ServerConnection): Promise<Replication>;
  /** Default: the server tells no marks; after a write, reads go to the primary for a while. */
  readonly marks?: CommitMarks | undefined;
}
