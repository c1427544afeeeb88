import { internals, type BindVariable, type ColumnMetadata, type DbType } from './internals.ts';
import { DoubleLob } from './lob.ts';
import { oracleError } from './oracle-errors.ts';
import type { Reader, WireValue } from './wire.ts';

const { types } = internals;
const none = 'no type';

/** @returns a bind as the bridge takes it; '' is NULL, as in Oracle */
export function bindValue(value: unknown, type: DbType): WireValue {
  if (value === undefined || value === null) return null;
  if (value instanceof DoubleLob) return bindValue(value.content, type);
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number' || typeof value === 'bigint') return numberBind(value, type);
  if (value instanceof Date) return dateBind(value, type);
  if (Buffer.isBuffer(value)) return value.length === 0 ? null : value;
  if (typeof value === 'boolean') throw oracleError(3115, 'unsupported network datatype or representation');
  throw oracleError(20999, 'the double cannot bind such a value');
}

function numberBind(value: number | bigint, type: DbType): WireValue {
  if (type === types['DB_TYPE_BINARY_DOUBLE'] || type === types['DB_TYPE_BINARY_FLOAT']) return { double: Number(value) };
  return { number: String(value) };
}

/** DATE and TIMESTAMP take the fields of the zone of this process, the ones with a zone take the instant. */
function dateBind(date: Date, type: DbType): WireValue {
  if (type === types['DB_TYPE_TIMESTAMP_TZ'] || type === types['DB_TYPE_TIMESTAMP_LTZ']) return { instantMs: date.getTime() };
  const seconds = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds());
  return { localMs: type === types['DB_TYPE_DATE'] ? seconds : seconds + date.getUTCMilliseconds() };
}

const columnTypes: Readonly<Record<string, string>> = {
  'CHARACTER VARYING': 'DB_TYPE_VARCHAR',
  CHARACTER: 'DB_TYPE_CHAR',
  'CHARACTER LARGE OBJECT': 'DB_TYPE_CLOB',
  'BINARY LARGE OBJECT': 'DB_TYPE_BLOB',
  'BINARY VARYING': 'DB_TYPE_RAW',
  BINARY: 'DB_TYPE_RAW',
  'DOUBLE PRECISION': 'DB_TYPE_BINARY_DOUBLE',
  REAL: 'DB_TYPE_BINARY_FLOAT',
  'TIMESTAMP WITH TIME ZONE': 'DB_TYPE_TIMESTAMP_TZ',
  DATE: 'DB_TYPE_DATE',
  NULL: 'DB_TYPE_VARCHAR',
};
const numbers = new Set(['NUMERIC', 'DECFLOAT', 'BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT']);

/** Reads the description of one column. */
export function readColumn(reply: Reader): ColumnMetadata {
  const name = reply.text();
  const h2Type = reply.text();
  const precision = reply.i32();
  const scale = reply.i32();
  const nullable = reply.u8() === 1;
  const isOfTable = reply.u8() === 1;
  const dbType = typeOf(h2Type, scale);
  if (dbType === undefined)
    throw h2Type === 'BOOLEAN' ? oracleError(923, 'FROM keyword not found where expected') : oracleError(20999, `the double has no ${h2Type}`);
  const column = { name, dbType, nullable };
  if (dbType === types['DB_TYPE_NUMBER']) {
    // What a query computes has no precision in Oracle, as a plain NUMBER has none.
    return h2Type === 'NUMERIC' && isOfTable ? { ...column, precision, scale } : { ...column, precision: 0, scale: -127 };
  }
  if (h2Type.startsWith('TIMESTAMP') && dbType !== types['DB_TYPE_DATE']) return { ...column, precision: scale };
  if (h2Type.startsWith('CHARACTER VAR') || h2Type === 'CHARACTER') return { ...column, byteSize: Math.min(precision * 4, 32767) };
  return h2Type.startsWith('BINARY V') ? { ...column, byteSize: precision } : column;
}

function typeOf(h2Type: string, scale: number): DbType | undefined {
  if (numbers.has(h2Type)) return types['DB_TYPE_NUMBER'];
  // H2 stores Oracle's DATE as a TIMESTAMP without fractions.
  if (h2Type === 'TIMESTAMP') return types[scale === 0 ? 'DB_TYPE_DATE' : 'DB_TYPE_TIMESTAMP'];
  return types[columnTypes[h2Type] ?? none];
}

/** @returns a cell as the real driver hands it to its own conversions: a NUMBER as text, a LOB that is not to be text or bytes as a LOB */
export function fetchedCell(value: WireValue, connection: object, { dbType, fetchType }: ColumnMetadata): unknown {
  const plain = plainCell(value);
  if (plain === null || (dbType !== types['DB_TYPE_CLOB'] && dbType !== types['DB_TYPE_BLOB'])) return plain;
  if (typeof plain !== 'string' && !Buffer.isBuffer(plain)) return plain;
  return fetchType === dbType ? new DoubleLob(connection, dbType, plain) : plain;
}

/** @returns a cell as it comes back in a bind of a RETURNING clause */
export function outCell(value: WireValue, connection: object, { type, maxSize }: BindVariable): unknown {
  const plain = plainCell(value);
  if (plain === null) return null;
  if (type === types['DB_TYPE_NUMBER'] || type === types['DB_TYPE_BINARY_INTEGER'] || type === types['DB_TYPE_BINARY_DOUBLE']) return Number(plain);
  if ((type === types['DB_TYPE_CLOB'] || type === types['DB_TYPE_BLOB']) && (typeof plain === 'string' || Buffer.isBuffer(plain))) {
    return new DoubleLob(connection, type, plain);
  }
  if (type === types['DB_TYPE_VARCHAR'] && (plain instanceof Date || Buffer.isBuffer(plain)))
    throw oracleError(20999, 'the double does not format times and bytes for out binds');
  if (typeof plain === 'string' && maxSize !== undefined && Buffer.byteLength(plain) > maxSize) throw oracleError(1406, 'fetched column value was truncated');
  return plain;
}

function plainCell(value: WireValue): string | number | Buffer | Date | null {
  if (value === null || value === '') return null;
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.length === 0 ? null : value;
  if ('number' in value) return value.number;
  if ('instantMs' in value) return new Date(value.instantMs);
  if ('localMs' in value) return localDate(value.localMs);
  if ('double' in value) return value.double;
  throw oracleError(923, 'FROM keyword not found where expected');
}

function localDate(ms: number): Date {
  const utc = new Date(ms);
  const date = new Date(0);
  date.setFullYear(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate());
  date.setHours(utc.getUTCHours(), utc.getUTCMinutes(), utc.getUTCSeconds(), utc.getUTCMilliseconds());
  return date;
}
