import type { Entity } from '../../entity.ts';
import { type Fault, columnsOfIndex } from '../../server/server-dialect.ts';
import { primaryKeyName } from './schema.ts';

// Oracle has undone the statement only, but what the transaction read is no longer so: it is rolled back and begins again.
const conflict: Fault = { code: 'ERR_DAO_CONFLICT', isRolledBack: true };
const lost: Fault = { code: 'ERR_DAO_UNAVAILABLE', isLost: true };
const late: Fault = { code: 'ERR_DAO_TIMEOUT' };

/** Numbers of Oracle's errors, https://docs.oracle.com/en/error-help/db/; what is not here is the statement's fault. */
const serverFaults: readonly (readonly [fault: Fault, numbers: readonly number[]])[] = [
  // Deadlock, a row that changed after the snapshot, a lock that was not to be had in time.
  [conflict, [60, 8177, 54, 30006]],
  [{ code: 'ERR_DAO_DUPLICATE' }, [1]],
  // Null, too long, too great, no number, no such day, a check of the table.
  [{ code: 'ERR_DAO_RANGE' }, [1400, 1407, 1401, 12899, 1438, 1426, 1455, 1722, 1840, 1841, 1847, 1861, 2290, 1461, 1465]],
  [{ code: 'ERR_DAO_READ_ONLY' }, [1456]],
  // Cancelled, or over a bound of the user's profile.
  [late, [1013, 2393, 2395, 40]],
  // No room in a table space, quota, undo, temporary space; archiver stuck; no sessions or processes; the old state of a row is gone.
  [{ code: 'ERR_DAO_UNAVAILABLE' }, [1536, 1652, 1653, 1654, 1655, 1658, 1688, 1691, 1692, 1950, 30036, 257, 18, 20, 1555, 1000, 4031]],
  // No such user, no right to connect, locked, expired; starting, stopping, mounted only; a standby that only reads.
  [lost, [1017, 1045, 28000, 28001, 28002, 1033, 1034, 1089, 1090, 1109, 1219, 16000, 16456, 3113, 3114, 3135, 1012, 1092, 28, 2396, 603, 600]],
  // The listener: no such service, no handler for it, too many; no answer; a refusal.
  [lost, [12154, 12170, 12505, 12514, 12516, 12518, 12519, 12520, 12521, 12523, 12526, 12527, 12528, 12535, 12537, 12541, 12545, 12547, 12564, 12570, 12571]],
];
const byNumber: ReadonlyMap<number, Fault> = new Map(serverFaults.flatMap(([fault, numbers]) => numbers.map((number) => [number, fault])));

/** The driver's own: all about the network stand from 500 on; 3 is a connection that was closed, 123 a call that took too long. */
const firstOfNetwork = 500;
const closed = 3;
const tookTooLong = 123;

/** @returns what an error of oracledb or of the server means */
export function understand(error: unknown, entity: Entity | undefined): Fault {
  const { origin, number } = sourceOf(error);
  if (origin === 'NJS') {
    if (number === tookTooLong) return late;
    return number >= firstOfNetwork || number === closed ? lost : { code: 'ERR_DAO_STATEMENT' };
  }
  const fault: Fault = byNumber.get(number) ?? { code: 'ERR_DAO_STATEMENT' };
  return fault.code === 'ERR_DAO_DUPLICATE' ? { ...fault, columns: violatedColumns(error, entity) } : fault;
}

/** The driver says `ORA-00001` or `NJS-500` in `code`; errors of many rows have it in their message only. */
function sourceOf(error: unknown): { readonly origin: string; readonly number: number } {
  if (!(error instanceof Error)) return { origin: '', number: 0 };
  const text = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  const [, origin = '', digits = '0'] = /^(ORA|NJS|DPI)-(\d+)/.exec(text) ?? [];
  return { origin, number: Number(digits) };
}

/** Oracle says "unique constraint (MIDGARD.UQ_PLAYER_1A2B) violated": the name of an index, or of the key's constraint. */
function violatedColumns(error: unknown, entity: Entity | undefined): readonly string[] | undefined {
  if (entity === undefined || !(error instanceof Error)) return undefined;
  const [, written = ''] = /unique constraint \((?:[^.()]*\.)?"?([^."()]+)"?\) violated/.exec(error.message) ?? [];
  const name = written.toLowerCase();
  return name === primaryKeyName(entity.table) ? entity.key : columnsOfIndex(entity, name);
}
