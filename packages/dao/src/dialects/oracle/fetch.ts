import type OracleDriver from 'oracledb';
import type { Driver } from './binds.ts';
import { fromText } from './codec.ts';

type Metadata = OracleDriver.Metadata<unknown>;
type FetchType = OracleDriver.FetchTypeResponse;
/** Tells the driver as what a column is fetched. */
export type FetchHandler = (metadata: Metadata) => FetchType | undefined;

interface Handlers {
  readonly ours: FetchHandler;
  readonly records: FetchHandler;
}

const known = new WeakMap<object, Handlers>();

/** @returns what fetches the columns of our statements: numbers and LOBs as texts, so that nothing is rounded, times as moments */
export function fetchOurs(driver: Driver): FetchHandler {
  return handlersOf(driver).ours;
}

/** @returns what fetches the columns of hand-written statements; integers become bigints */
export function fetchRecords(driver: Driver): FetchHandler {
  return handlersOf(driver).records;
}

function handlersOf(driver: Driver): Handlers {
  let handlers = known.get(driver);
  if (handlers === undefined) {
    const types = fetchTypes(driver);
    const ours: FetchHandler = ({ dbType }) => {
      const type = dbType === undefined ? undefined : types.get(dbType);
      return type === undefined ? undefined : { type };
    };
    const records: FetchHandler = (metadata) => {
      const { type } = ours(metadata) ?? {};
      return { ...(type === undefined ? {} : { type }), converter: converterOf(driver, metadata) };
    };
    handlers = { ours, records };
    known.set(driver, handlers);
  }
  return handlers;
}

function fetchTypes(driver: Driver): ReadonlyMap<unknown, OracleDriver.DbType> {
  return new Map<unknown, OracleDriver.DbType>([
    [driver.DB_TYPE_NUMBER, driver.DB_TYPE_VARCHAR],
    [driver.DB_TYPE_CLOB, driver.DB_TYPE_VARCHAR],
    [driver.DB_TYPE_BLOB, driver.DB_TYPE_RAW],
    // As it is, the driver would read its fields in the zone of the process. With a zone it is a moment, and the session's zone is UTC.
    [driver.DB_TYPE_TIMESTAMP, driver.DB_TYPE_TIMESTAMP_LTZ],
    [driver.DB_TYPE_DATE, driver.DB_TYPE_TIMESTAMP_LTZ],
  ]);
}

/** A number without a declared scale, such as a count, is an integer if it looks like one. */
function converterOf(driver: Driver, { dbType, scale = 0 }: Metadata): (cell: unknown) => unknown {
  if (dbType !== driver.DB_TYPE_NUMBER) return fromText;
  return (cell) => (typeof cell === 'string' && scale <= 0 && /^-?\d+$/.test(cell) ? BigInt(cell) : cell);
}

/** @returns the rows of a result by column names in lower case */
export function recordsOf({ rows, metaData }: OracleDriver.Result<unknown[]>): readonly Readonly<Record<string, unknown>>[] {
  const names = (metaData ?? []).map(({ name }) => name.toLowerCase());
  return (rows ?? []).map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]])));
}
