import type OracleDriver from 'oracledb';
import type { ServerConnection, StatementResult, TransactionMode } from '../../server/connection.ts';
import { type Driver, bindsOf, manyBindsOf } from './binds.ts';
import { understand } from './errors.ts';
import { fetchOurs, fetchRecords, recordsOf } from './fetch.ts';
import { type Sockets, holdingSockets } from './sockets.ts';
import type { OracleTarget } from './target.ts';

/** Texts compare by bytes, which in AL32UTF8 is by code points; a decimal point is a point; a time without a zone is in UTC. */
const settings = `alter session set TIME_ZONE = '+00:00' NLS_COMP = BINARY NLS_SORT = BINARY NLS_NUMERIC_CHARACTERS = '.,'`;

/** Open cursors of one connection; a server allows 300 by default. */
const statementCacheSize = 100;
/** Minutes: what lies between forgets a connection on which nothing goes for some minutes more. */
const expireTimeMinutes = 1;
/** Seconds: the pool's own time to connect is shorter. */
const connectTimeoutSeconds = 10;
/** An hour, for statements that migrate: a request has its own time, at the end of which its connection is cut. */
const callTimeoutMs = 3_600_000;
/** A page with one row more comes in the first round trip, then so many with each. */
const prefetchRows = 102;
const fetchArraySize = 500;
/** Rows of one array bind. */
const manyRows = 1000;

/** Oracle has no repeatable read beside its serializable, which sees one snapshot and refuses to change what has changed since. */
const beginnings: Readonly<Record<TransactionMode, string | undefined>> = {
  serializable: 'set transaction isolation level serializable',
  repeatableRead: 'set transaction isolation level serializable',
  readCommitted: undefined,
  snapshot: 'set transaction read only',
};

/** One connection through oracledb in thin mode. */
export class OracleConnection implements ServerConnection {
  readonly #driver: Driver;
  readonly #connection: OracleDriver.Connection;
  readonly #sockets: Sockets;
  #isBroken = false;
  #hasBegun = false;

  private constructor(driver: Driver, connection: OracleDriver.Connection, sockets: Sockets) {
    this.#driver = driver;
    this.#connection = connection;
    this.#sockets = sockets;
  }

  /** @param signal ends the attempt; rejects with the driver's error, or with what the signal was aborted with */
  static async open(driver: Driver, { user, password, connectString }: OracleTarget, signal: AbortSignal): Promise<OracleConnection> {
    signal.throwIfAborted();
    const options = { user, password, connectString, stmtCacheSize: statementCacheSize, expireTime: expireTimeMinutes, connectTimeout: connectTimeoutSeconds };
    const { connected, sockets } = holdingSockets(async () => {
      const connection = await driver.getConnection(options);
      connection.callTimeout = callTimeoutMs;
      await connection.execute(settings);
      return connection;
    });
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => {
      sockets.cut();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort);
    // The driver may hear of the end later than the one who gave up.
    connected.catch(() => undefined);
    try {
      return new OracleConnection(driver, await Promise.race([connected, aborted]), sockets);
    } catch (error) {
      sockets.cut();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get isBroken(): boolean {
    return this.#isBroken || !this.#connection.isHealthy();
  }

  async run(text: string, values: readonly unknown[]): Promise<StatementResult> {
    const { rows, rowsAffected = 0 } = await this.#execute<unknown[]>(text, values, { fetchTypeHandler: fetchOurs(this.#driver) });
    return rows === undefined ? { rows: [], affected: rowsAffected } : { rows, affected: 0 };
  }

  async records(text: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    // Hand-written text may differ each time: kept, it would push out the statements that repeat.
    const result = await this.#execute<unknown[]>(text, values, { fetchTypeHandler: fetchRecords(this.#driver), keepInStmtCache: false });
    return recordsOf(result);
  }

  async runMany(text: string, rows: readonly (readonly unknown[])[]): Promise<void> {
    const [first] = rows;
    if (first !== undefined && rows.length === 1) {
      await this.run(text, first);
      return;
    }
    for (let from = 0; from < rows.length; from += manyRows) {
      const binds = manyBindsOf(this.#driver, rows.slice(from, from + manyRows));
      await this.#watched(() => this.#connection.executeMany(text, binds.rows, { bindDefs: binds.definitions, autoCommit: !this.#hasBegun }));
    }
  }

  async command(text: string): Promise<void> {
    await this.#watched(() => this.#connection.execute(text));
  }

  async begin(mode: TransactionMode): Promise<void> {
    this.#hasBegun = true;
    const text = beginnings[mode];
    if (text !== undefined) await this.command(text);
  }

  async commit(): Promise<undefined> {
    await this.#watched(() => this.#connection.commit());
    this.#hasBegun = false;
    return undefined;
  }

  async rollback(): Promise<void> {
    await this.#watched(() => this.#connection.rollback());
    this.#hasBegun = false;
  }

  /** A round trip: `isHealthy` of the driver looks at the socket only. */
  async ping(): Promise<void> {
    await this.#watched(() => this.#connection.ping());
  }

  /** The driver has heard it when it connected. */
  async version(): Promise<string> {
    return `Oracle Database ${this.#connection.oracleServerVersionString}`;
  }

  destroy(): void {
    this.#isBroken = true;
    this.#sockets.cut();
  }

  async close(): Promise<void> {
    this.#isBroken = true;
    await this.#connection.close();
  }

  #execute<Row>(text: string, values: readonly unknown[], options: OracleDriver.ExecuteOptions): Promise<OracleDriver.Result<Row>> {
    const binds = bindsOf(this.#driver, text, values);
    const { OUT_FORMAT_ARRAY: outFormat } = this.#driver;
    return this.#watched(() =>
      this.#connection.execute<Row>(text, binds, { ...options, outFormat, prefetchRows, fetchArraySize, autoCommit: !this.#hasBegun }),
    );
  }

  async #watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (understand(error, undefined).isLost === true) this.#isBroken = true;
      throw error;
    }
  }
}
