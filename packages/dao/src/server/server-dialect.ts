import type { Entity } from '../entity.ts';
import { DaoError, type DaoErrorCode } from '../errors.ts';
import { shapeOf } from '../migrations/shape.ts';
import type { Flavor } from '../statements/flavor.ts';

/** What a driver's error means. */
export interface Fault {
  readonly code: DaoErrorCode;
  /** Property names of the columns concerned, where they are known. */
  readonly columns?: readonly string[] | undefined;
  /** The connection is gone, and its transaction with it. */
  readonly isLost?: boolean;
  /** The server has rolled back the whole transaction, not the statement alone. */
  readonly isRolledBack?: boolean;
}

/** In what database servers differ for a session: their statements, their errors and a few habits. */
export interface ServerDialect {
  readonly name: 'mysql' | 'oracle';
  readonly flavor: Flavor;
  /** @returns what an error of the driver means */
  understand(error: unknown, entity: Entity | undefined): Fault;
  /**
   * Whether a serializable transaction sees its own snapshot and no more (Oracle): then a duplicate may be a row that
   * came after the snapshot, and the work must run again to see it.
   */
  readonly hasSnapshotWrites: boolean;
  /** Whether the merge statement takes any unique index for the key (MySQL): then rows are looked at before they are merged. */
  readonly mergesByAnyIndex: boolean;
}

const messages: Readonly<Partial<Record<DaoErrorCode, string>>> = {
  ERR_DAO_DUPLICATE: 'exists already',
  ERR_DAO_UNAVAILABLE: 'database unavailable',
  ERR_DAO_RANGE: 'a value does not fit',
  ERR_DAO_CONFLICT: 'other transactions were in the way',
  ERR_DAO_READ_ONLY: 'a read cannot write: use transaction',
  ERR_DAO_TIMEOUT: 'the database took too long',
  ERR_DAO_STATEMENT: 'the database refused the statement; were the entities migrated?',
};

/** @returns the library's error: its message tells neither the statement nor a value, the cause keeps what the driver said */
export function faultError({ code, columns }: Fault, entity: Entity | undefined, cause: unknown): DaoError {
  const prefix = entity === undefined ? '' : `${entity.name}: `;
  return new DaoError(code, prefix + (messages[code] ?? 'the database failed'), { entity: entity?.name, columns, cause });
}

/** @returns the property names behind one of our indexes, which a duplicate violated */
export function columnsOfIndex(entity: Entity, index: string): readonly string[] | undefined {
  const on = shapeOf(entity).indexes[index]?.on;
  return on === undefined ? undefined : Object.keys(entity.columns).filter((name) => on.includes(entity.physicalNames[name] ?? name));
}
