import type { ServerConnection } from '../server/connection.ts';
import type { Ddl } from './ddl.ts';
import type { PresentTable } from './diff.ts';

/** What a database server knows about its tables, and its lock for those who change them. */
export interface Catalogue {
  /** Asks the server what it is, and sets the connection up to wait for the tables half a minute and no longer. @returns its statements */
  ddl(connection: ServerConnection): Promise<Ddl>;
  /** @returns the table as it is; undefined where there is none */
  present(connection: ServerConnection, table: string): Promise<PresentTable | undefined>;
  /**
   * Whether the lock is held by an open transaction, which DDL on the same connection would commit (Oracle): then it gets a connection
   * of its own.
   */
  readonly locksByTransaction: boolean;
  /** Waits in the server for the lock, about a second. The lock falls with the connection. @returns whether it is ours */
  tryLock(connection: ServerConnection): Promise<boolean>;
  unlock(connection: ServerConnection): Promise<void>;
}
