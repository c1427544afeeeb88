import { DaoError, type DaoErrorCode } from '../../errors.ts';
import type { Entity } from '../../entity.ts';

/** Result codes of SQLite, https://sqlite.org/rescode.html; the low byte is the primary code. */
const uniqueViolations: ReadonlySet<number> = new Set([2067, 1555, 2579]);
const byPrimaryCode: Readonly<Record<number, DaoErrorCode>> = {
  5: 'ERR_DAO_UNAVAILABLE', // BUSY
  6: 'ERR_DAO_UNAVAILABLE', // LOCKED
  7: 'ERR_DAO_UNAVAILABLE', // NOMEM
  8: 'ERR_DAO_UNAVAILABLE', // READONLY: the file's permissions, as sessions that may not write never get here
  9: 'ERR_DAO_UNAVAILABLE', // INTERRUPT
  10: 'ERR_DAO_UNAVAILABLE', // IOERR
  11: 'ERR_DAO_UNAVAILABLE', // CORRUPT
  13: 'ERR_DAO_UNAVAILABLE', // FULL
  14: 'ERR_DAO_UNAVAILABLE', // CANTOPEN
  15: 'ERR_DAO_UNAVAILABLE', // PROTOCOL
  26: 'ERR_DAO_UNAVAILABLE', // NOTADB
  18: 'ERR_DAO_RANGE', // TOOBIG
  19: 'ERR_DAO_RANGE', // CONSTRAINT other than uniqueness
};

function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** @returns whether another connection holds the lock */
export function isBusy(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === 5;
}

/** @returns whether a connection that only reads was told to write */
export function isReadOnly(error: unknown): boolean {
  return ((resultCode(error) ?? 0) & 0xff) === 8;
}

/**
 * Turns what node:sqlite throws into the library's error. The message tells neither the statement nor a value; the cause keeps
 * what SQLite said.
 */
export function toDaoError(error: unknown, entity?: Entity): DaoError {
  if (error instanceof DaoError) return error;
  const code = resultCode(error);
  const prefix = entity === undefined ? '' : `${entity.name}: `;
  if (code !== undefined && uniqueViolations.has(code)) {
    return new DaoError('ERR_DAO_DUPLICATE', `${prefix}exists already`, { entity: entity?.name, columns: violatedColumns(error, entity), cause: error });
  }
  const daoCode = (code === undefined ? undefined : byPrimaryCode[code & 0xff]) ?? 'ERR_DAO_STATEMENT';
  return new DaoError(daoCode, prefix + messages[daoCode], { entity: entity?.name, cause: error });
}

const messages: Readonly<Partial<Record<DaoErrorCode, string>>> = {
  ERR_DAO_UNAVAILABLE: 'database unavailable',
  ERR_DAO_RANGE: 'a value does not fit',
  ERR_DAO_STATEMENT: 'the database refused the statement; were the entities migrated?',
};

/** SQLite says "UNIQUE constraint failed: player.external_id, player.channel". */
function violatedColumns(error: unknown, entity: Entity | undefined): readonly string[] | undefined {
  if (entity === undefined || !(error instanceof Error)) return undefined;
  const failed = new Set((error.message.split('constraint failed: ')[1] ?? '').split(', '));
  return Object.keys(entity.columns).filter((name) => failed.has(`${entity.table}.${entity.physicalNames[name] ?? ''}`));
}
