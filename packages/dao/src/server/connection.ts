/** How a transaction sees others: see `Isolation` of the database; `snapshot` is a read that sees one moment. */
export type TransactionMode = 'serializable' | 'repeatableRead' | 'readCommitted' | 'snapshot';

/** What a statement gave. */
export interface StatementResult {
  /** Rows as arrays of cells, in the order of the statement's columns. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that were changed. */
  readonly affected: number;
}

/**
 * One connection to a database server, borrowed by one session at a time. Statements run in the order of the calls.
 *
 * Its methods reject with the driver's own errors; the dialect says what they mean.
 */
export interface ServerConnection {
  /** Closed by the server, the network or `destroy`: it is good for nothing any more. */
  readonly isBroken: boolean;
  /** Runs one statement of ours, whose text repeats: it is prepared and kept. */
  run(text: string, values: readonly unknown[]): Promise<StatementResult>;
  /** Runs one statement whose text need not repeat. @returns rows by column names in lower case */
  records(text: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Runs one statement for each of many rows in one go, where the server has no statement of many rows; all rows or an error. */
  runMany?(text: string, rows: readonly (readonly unknown[])[]): Promise<void>;
  /** Runs a command of ours that gives nothing, such as SAVEPOINT; never text of anybody else. */
  command(text: string): Promise<void>;
  /** Begins a transaction; costs no round trip of its own where the server can do without. */
  begin(mode: TransactionMode): Promise<void>;
  /** @returns a mark of what was committed, which a replica can be asked to have reached; undefined where the server tells none */
  commit(): Promise<string | undefined>;
  rollback(): Promise<void>;
  /** A sign of life from the server itself. */
  ping(): Promise<void>;
  /** @returns product and version of the server, for people */
  version(): Promise<string>;
  /** Ends the connection at once, without a word to the server, whatever runs on it. */
  destroy(): void;
  /** Ends the connection in order. */
  close(): Promise<void>;
}

/** One server of a database. */
export interface ServerAddress {
  /** Host and port, for people: no user and no password. */
  readonly name: string;
  /** @param signal aborts when the time to connect is up */
  connect(signal: AbortSignal): Promise<ServerConnection>;
}
