import { bytes, createdAt, int, int64, text, timestamp, version } from '../column.ts';
import type { Session } from '../database.ts';
import { type Entity, type Row, defineEntity } from '../entity.ts';
import { DaoError } from '../errors.ts';

/** What a wrapper may give, and what may name its key. */
export const maxWrappedBytes = 8192;
export const maxWrapperId = 200;

/** The number of the key from which the keys of hashes are derived; data keys count from 1. */
export const searchRootId = 0;

const definition = defineEntity('data_key', {
  columns: {
    id: int(),
    wrappedBy: text(maxWrapperId),
    wrapped: bytes(maxWrappedBytes),
    /** About how many values it has encrypted. */
    used: int64(),
    /** When every value was found to be under it or a newer one; null while older ones are encrypted anew. */
    rotatedAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
  },
  key: ['id'],
});

/** The wrapped data keys of a database, in a table of the library. The newest one encrypts; all of them decrypt. */
export const keyRecord: typeof definition = { ...definition, name: 'midgard_data_key', table: 'midgard_data_key' };

/** A wrapped data key. */
export type KeyRow = Row<typeof keyRecord>;

/** A key that is to be recorded. */
export type NewKey = Pick<KeyRow, 'id' | 'wrappedBy' | 'wrapped' | 'rotatedAt'>;

/** How the keyring reaches its table: work of the database that does not wait for the keyring. */
export interface KeyStore {
  read<T>(work: (session: Session) => Promise<T>): Promise<T>;
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  migrate(entities: readonly Entity[]): Promise<unknown>;
}

/** @returns all keys by their numbers; makes the table where there is none */
export async function readKeys(store: KeyStore): Promise<readonly KeyRow[]> {
  const find = (): Promise<readonly KeyRow[]> => store.read((session) => session.dao(keyRecord).find());
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof DaoError) || error.code !== 'ERR_DAO_STATEMENT') throw error;
    await store.migrate([keyRecord]);
    return find();
  }
}

/** Records keys, all or none: where another instance was first, its keys are the ones. */
export async function insertKeys(store: KeyStore, keys: readonly NewKey[]): Promise<void> {
  try {
    await store.transaction((session) => session.dao(keyRecord).insertMany(keys.map((key) => ({ ...key, used: 0n }))));
  } catch (error) {
    if (!(error instanceof DaoError) || error.code !== 'ERR_DAO_DUPLICATE') throw error;
  }
}
