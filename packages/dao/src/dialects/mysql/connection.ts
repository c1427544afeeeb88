import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type Connection, type ConnectionOptions, type FieldPacket, type QueryError, createConnection } from 'mysql2';
import type { ServerConnection, StatementResult, TransactionMode } from '../../server/connection.ts';
import type { MysqlCell } from './codec.ts';
import type { MysqlTarget } from './target.ts';

/** Prepared statements of one connection; the server's own bound is 16,382 for all connections together. */
const maxPreparedStatements = 256;

/**
 * In strict modes the server refuses what does not fit instead of cutting it. A lock is waited for a few seconds and no minute:
 * whoever waits has a time limit of his own, and a server that is not asked to give up holds the row until then.
 */
const settings =
  "set session transaction isolation level repeatable read; set session autocommit = 1, time_zone = '+00:00', innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/** Asks MariaDB to tell with each commit under which id it will reach the replicas. */
const trackCommits = "set session session_track_system_variables = 'last_gtid'";

/** The isolation is that of the next transaction only; a snapshot is the session's own kind. All in one round trip. */
const beginnings: Readonly<Record<TransactionMode, string>> = {
  serializable: 'set transaction isolation level serializable; start transaction',
  repeatableRead: 'start transaction',
  readCommitted: 'set transaction isolation level read committed; start transaction',
  snapshot: 'start transaction read only',
};

/** Integer types of the protocol, https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const integerTypes: ReadonlySet<number | undefined> = new Set([1, 2, 3, 8, 9, 13]);
const timeTypes: ReadonlySet<number | undefined> = new Set([7, 12]);

/** One connection through mysql2. Values go to prepared statements only; text goes by itself only where it is ours. */
export class MysqlConnection implements ServerConnection {
  readonly #connection: Connection;
  /** Our own, since the driver only says goodbye: to a server that is silent the socket would stay open, and who waits would wait on. */
  readonly #socket: Socket;
  #isBroken = false;

  private constructor(options: ConnectionOptions, host: string, port: number) {
    const breaks = (): void => {
      this.#isBroken = true;
    };
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true });
    // Before the driver, which tells the end to who waits: they look whether it is broken.
    for (const event of ['error', 'end', 'close']) this.#socket.on(event, breaks);
    this.#connection = createConnection({ ...options, host, port, stream: this.#socket });
    this.#connection.on('error', breaks);
  }

  /** @param signal ends the attempt; rejects with the driver's error */
  static async open({ isEncrypted, tracksCommits, ...target }: MysqlTarget, signal: AbortSignal): Promise<MysqlConnection> {
    const { database, host, port, ...user } = target;
    const options: ConnectionOptions = {
      ...user,
      ...(database === undefined ? {} : { database }),
      // The driver would take any certificate that some authority has signed, for whatever name.
      ...(isEncrypted ? { ssl: { verifyIdentity: true } } : {}),
      // Without these two an id above 2^53 would be rounded.
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      multipleStatements: true,
      // Here and not with each statement, where it would be part of the name by which a prepared one is found.
      rowsAsArray: true,
      maxPreparedStatements,
      charset: 'utf8mb4',
    };
    signal.throwIfAborted();
    const connection = new MysqlConnection(options, host, port);
    const abort = (): void => connection.destroy();
    signal.addEventListener('abort', abort);
    try {
      await connection.command(tracksCommits ? `${settings}; ${trackCommits}` : settings);
      signal.throwIfAborted();
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  async run(text: string, values: readonly MysqlCell[]): Promise<StatementResult> {
    const { result } = await this.#execute(text, values);
    return Array.isArray(result) ? { rows: result, affected: 0 } : { rows: [], affected: affectedRows(result) };
  }

  async records(text: string, values: readonly MysqlCell[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    // Hand-written text may differ each time: kept, it would push out the statements that repeat.
    const { result, fields } = await this.#execute(text, values).finally(() => this.#connection.unprepare(text));
    if (!Array.isArray(result)) return [];
    return result.map((cells: readonly unknown[]) =>
      Object.fromEntries(fields.map((field, index) => [field.name.toLowerCase(), looseCell(field, cells[index])])),
    );
  }

  async command(text: string): Promise<void> {
    await this.#query(text);
  }

  async begin(mode: TransactionMode): Promise<void> {
    await this.#query(beginnings[mode]);
  }

  async commit(): Promise<string | undefined> {
    return gtidOf(await this.#query('commit'));
  }

  async rollback(): Promise<void> {
    await this.#query('rollback');
  }

  ping(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.ping((error: unknown) => (isError(error) ? reject(error) : resolve()));
    });
  }

  async version(): Promise<string> {
    const [row] = await this.records('select version() as version', []);
    // MariaDB: `10.11.14-MariaDB-0+deb12u2`.
    const [number = '', product = ''] = String(row?.['version']).split('-');
    return product === 'MariaDB' ? `MariaDB ${number}` : `MySQL ${number}`;
  }

  destroy(): void {
    this.#isBroken = true;
    // The driver hears of it, and tells those who wait.
    this.#socket.destroy();
  }

  /** Ends with the socket, so that who waits in vain can still destroy it. */
  async close(): Promise<void> {
    this.#isBroken = true;
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#connection.end();
    await closed;
  }

  #execute(sql: string, values: readonly MysqlCell[]): Promise<{ readonly result: unknown; readonly fields: readonly FieldPacket[] }> {
    return new Promise((resolve, reject) => {
      this.#connection.execute(sql, [...values], (error: QueryError | null, result: unknown, fields: FieldPacket[] | undefined) =>
        error === null ? resolve({ result, fields: fields ?? [] }) : reject(error),
      );
    });
  }

  /** The text protocol: for commands of ours alone. */
  #query(text: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#connection.query(text, (error: QueryError | null, result: unknown) => (error === null ? resolve(result) : reject(error)));
    });
  }
}

function isError(error: unknown): error is Error {
  return error instanceof Error;
}

function affectedRows(result: unknown): number {
  return typeof result === 'object' && result !== null && 'affectedRows' in result ? Number(result.affectedRows) : 0;
}

/** What a hand-written statement gives: integers as bigint, times as Date, everything else as the driver has it. */
function looseCell({ columnType }: FieldPacket, cell: unknown): unknown {
  if (typeof cell !== 'string' && typeof cell !== 'number') return cell;
  if (integerTypes.has(columnType)) return BigInt(cell);
  if (timeTypes.has(columnType)) return new Date(`${String(cell).replace(' ', 'T')}Z`);
  return cell;
}

function gtidOf(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('stateChanges' in result)) return undefined;
  const { stateChanges } = result;
  if (typeof stateChanges !== 'object' || stateChanges === null || !('systemVariables' in stateChanges)) return undefined;
  const { systemVariables } = stateChanges;
  if (typeof systemVariables !== 'object' || systemVariables === null || !('last_gtid' in systemVariables)) return undefined;
  return String(systemVariables.last_gtid);
}
