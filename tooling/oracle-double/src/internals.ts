/**
 * A private copy of the real driver, of which only the part that speaks to a server is replaced.
 *
 * Checks of arguments and binds, conversions, result sets, LOB streams and errors of the driver itself (NJS-…) thus are the real ones.
 * The copy is loaded beside the one that others import: what the double replaces must not reach a test of the real driver.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import type oracledb from 'oracledb';

/** The type of a column or bind, one of oracledb's DB_TYPE_ constants. */
export type DbType = oracledb.DbType;

/** One bind of a call, checked and normalised by the driver; `values` has one entry for each row of an executeMany. */
export interface BindVariable {
  readonly name?: string;
  readonly dir: number;
  readonly type: DbType;
  readonly maxSize?: number;
  readonly isArray?: boolean;
  readonly values: unknown[];
}

/** Options of a call, completed by the driver. */
export interface ExecuteOptions {
  readonly autoCommit?: boolean;
  readonly batchErrors?: boolean;
  readonly dmlRowCounts?: boolean;
  readonly fetchArraySize?: number;
}

/** What the driver says about a column of a result. */
export interface ColumnMetadata {
  readonly name: string;
  readonly dbType: DbType;
  readonly nullable: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly byteSize?: number;
  fetchType?: DbType;
}

/** What an executed statement gives to the driver. */
export interface ExecuteResult {
  resultSet?: ResultSetBase;
  rowsAffected?: number;
  outBinds?: unknown;
  dmlRowCounts?: number[];
  batchErrors?: Error[];
}

/** The driver's own parser of binds. */
export interface ParsedStatement {
  readonly bindInfoList: readonly { readonly bindName: string; readonly isReturnBind: boolean }[];
  readonly isQuery: boolean;
  readonly isPlSql: boolean;
  readonly isDdl: boolean;
  _prepare(sql: string): void;
}

interface ConnectionBase {
  _protocol: { callTimeout: number; txnInProgress: boolean };
  nscon: { connected: boolean };
  serverVersion: number;
  serverVersionString: string;
  serviceName: string;
  currentSchema: string;
}

interface ResultSetBase {
  readonly metaData: ColumnMetadata[];
  _setup(options: ExecuteOptions, metaData: ColumnMetadata[]): void;
}

type DriverErrorName =
  | 'ERR_CALL_TIMEOUT_EXCEEDED'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_CONNECTION_EOF'
  | 'ERR_CONNECTION_INCOMPLETE'
  | 'ERR_CONNECTION_LOSTCONTACT'
  | 'ERR_CONNECTION_TIMEDOUT'
  | 'ERR_EMPTY_CONNECT_STRING'
  | 'ERR_EXECMANY_NOT_ALLOWED_ON_QUERIES'
  | 'ERR_INVALID_BIND_NAME'
  | 'ERR_INVALID_CONNECTION'
  | 'ERR_INVALID_CONNECT_STRING_SYNTAX'
  | 'ERR_WRONG_NUMBER_OF_BINDS';

/** Makes and throws the driver's own errors. */
export interface DriverErrors extends Readonly<Record<DriverErrorName, number>> {
  getErr(error: number, ...details: unknown[]): Error;
  throwErr(error: number, ...details: unknown[]): never;
}

interface Internals {
  readonly oracledb: typeof oracledb;
  readonly types: Readonly<Record<string, DbType>>;
  readonly constants: { readonly BIND_IN: number };
  readonly errors: DriverErrors;
  readonly settings: { thinDriverInitialized: boolean };
  readonly impl: Record<'ConnectionImpl' | 'ResultSetImpl' | 'LobImpl' | 'PoolImpl', unknown>;
  readonly ConnectionImpl: new () => ConnectionBase;
  readonly ResultSetImpl: new () => ResultSetBase;
  readonly LobImpl: new () => object;
  readonly Statement: new () => ParsedStatement;
  readonly resolveConnectString: (connectString: string, configDir: string | undefined) => Promise<{ toString(): string }>;
  readonly outBinds: (statement: { bindInfoList: readonly { bindVar: BindVariable }[] }, executions: number, isMany: boolean) => unknown;
}

/** The parts of the private copy. */
export const internals: Internals = loadPrivateCopy();

function loadPrivateCopy(): Internals {
  const require = createRequire(import.meta.url);
  const root = path.dirname(require.resolve('oracledb/package.json'));
  const loaded = (): [string, NodeModule][] =>
    Object.entries(require.cache).flatMap(([file, module]) => (file.startsWith(root) && module !== undefined ? [[file, module]] : []));
  const others = loaded();
  for (const [file] of others) delete require.cache[file];
  try {
    return partsOf((file) => require(path.join(root, file)));
  } finally {
    for (const [file] of loaded()) delete require.cache[file];
    for (const [file, module] of others) require.cache[file] = module;
  }
}

/** What a file of the driver exports has no types; they are given here. */
type Load = (file: string) => ReturnType<NodeJS.Require>;

function partsOf(load: Load): Internals {
  // Makes the thin parts those of the copy; the driver would do so at its first connection, when the copy is not in the cache any more.
  load('lib/thin/index.js');
  const settings: Internals['settings'] = load('lib/settings.js');
  settings.thinDriverInitialized = true;
  return {
    oracledb: load('index.js'),
    types: load('lib/types.js'),
    constants: load('lib/constants.js'),
    errors: load('lib/errors.js'),
    settings,
    impl: load('lib/impl/index.js'),
    ConnectionImpl: load('lib/thin/connection.js'),
    ResultSetImpl: load('lib/impl/resultset.js'),
    LobImpl: load('lib/impl/lob.js'),
    Statement: load('lib/thin/statement.js')['Statement'],
    resolveConnectString: load('lib/impl/parserHelpers.js')['resolveConnectStr'],
    outBinds: load('lib/thin/util.js')['getOutBinds'],
  };
}
