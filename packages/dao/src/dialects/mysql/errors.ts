import type { DaoErrorCode } from '../../errors.ts';
import type { Entity } from '../../entity.ts';
import { type Fault, columnsOfIndex } from '../../server/server-dialect.ts';

const conflict: Fault = { code: 'ERR_DAO_CONFLICT', isRolledBack: true };
const lost: Fault = { code: 'ERR_DAO_UNAVAILABLE', isLost: true };

/** Error numbers, https://mariadb.com/kb/en/mariadb-error-codes/; what is not here is the statement's fault. */
const faults: ReadonlyMap<number, Fault> = new Map([
  [1213, conflict], // deadlock: InnoDB has rolled the transaction back
  [1205, conflict], // waited too long for a lock
  [1020, conflict], // the row changed after the snapshot (MariaDB 11)
  [1792, { code: 'ERR_DAO_READ_ONLY' }], // a write in a transaction that only reads
  [9007, conflict], // TiDB: another transaction has written the row meanwhile
  [8022, conflict],
  [1290, lost], // the whole server only reads: it is a standby now
  [1836, lost],
  [1053, lost], // shut down
  [1927, lost], // killed
  [1047, lost], // a cluster node without its cluster
  [1317, { code: 'ERR_DAO_TIMEOUT' }],
  [1969, { code: 'ERR_DAO_TIMEOUT' }],
  [3024, { code: 'ERR_DAO_TIMEOUT' }],
]);
const byCode: readonly (readonly [code: DaoErrorCode, numbers: ReadonlySet<number>])[] = [
  ['ERR_DAO_DUPLICATE', new Set([1062, 1586])],
  // Out of range, too long, not a value of the type, null, a packet beyond the server's bound.
  ['ERR_DAO_RANGE', new Set([1264, 1406, 1690, 1366, 1292, 1048, 1265, 1364, 4025, 3819, 1153])],
  // No room, no connections, no right to connect, no such database, too many statements prepared.
  ['ERR_DAO_UNAVAILABLE', new Set([3, 28, 1021, 1114, 1040, 1203, 1226, 1044, 1045, 1049, 1130, 1698, 1461, 1041, 1135])],
];

function numberOf(error: unknown): number | undefined {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
}

/** @returns what an error of mysql2 or of the server means */
export function understand(error: unknown, entity: Entity | undefined): Fault {
  const number = numberOf(error);
  // Errors of the network have negative numbers or none, and the driver calls `fatal` what ended the connection.
  const isFatal = error instanceof Error && 'fatal' in error && error.fatal === true;
  const known = number === undefined ? undefined : faults.get(number);
  if (known !== undefined) return known;
  if (isFatal || (number !== undefined && number < 0)) return lost;
  const [code = 'ERR_DAO_STATEMENT'] = byCode.find(([, numbers]) => numbers.has(number ?? 0)) ?? [];
  return code === 'ERR_DAO_DUPLICATE' ? { code, columns: violatedColumns(error, entity) } : { code };
}

/** The server says "Duplicate entry '…' for key 'uq_player_1a2b'"; MySQL 8 puts the table and a point before the name. */
function violatedColumns(error: unknown, entity: Entity | undefined): readonly string[] | undefined {
  if (entity === undefined || !(error instanceof Error)) return undefined;
  const [, key = ''] = /for key '(?:[^'.]*\.)?([^'.]*)'$/.exec(error.message) ?? [];
  if (key.toUpperCase() === 'PRIMARY') return entity.key;
  return columnsOfIndex(entity, key);
}
