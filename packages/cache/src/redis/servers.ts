import type { NodeConnection } from './node-connection.ts';

/** Where to ask instead; `isAsking`: for this once, and with `ASKING` before it. */
export interface Redirection {
  readonly connection: NodeConnection;
  readonly isAsking: boolean;
}

/** The servers that hold the keys: one, or those of a cluster. */
export interface Servers {
  /** Whether one server has all keys, so that one command may name several. */
  readonly isSingle: boolean;
  /**
   * The connection to the server of a key.
   *
   * @throws {CacheError} `ERR_CACHE_TIER`: it is not known which that is
   */
  connectionOf(key: string): NodeConnection;
  /** The same, or undefined where it is not known. */
  find(key: string): NodeConnection | undefined;
  /** Where the error that a server gave for a key sends one; undefined: nowhere, it is an error. */
  redirection(error: Error): Promise<Redirection | undefined>;
  /** Resolves when all servers are connected. */
  ready(): Promise<void>;
  close(): void;
}
