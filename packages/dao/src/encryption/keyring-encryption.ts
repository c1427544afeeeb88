import type { Database } from '../database.ts';
import type { Entity } from '../entity.ts';
import type { DatabaseEncryption, DataKeyStatus, EncryptionStatus, RotateOptions, RotationReport, SealedCount } from './database-encryption.ts';
import { type KeyRow, keyRecord, readKeys, searchRootId } from './key-records.ts';
import { type Keyring, newestOf } from './keyring.ts';
import { rawPages, sealedOf } from './raw-rows.ts';
import { Rotation } from './rotation.ts';
import { dataKeyOf } from './sealed-value.ts';
import { rawEntity } from './stored-entity.ts';

/** Rows that are read at once to be counted. */
const countedRows = 500;

/** {@link DatabaseEncryption} of one database. */
export class KeyringEncryption implements DatabaseEncryption {
  readonly #database: Database;
  readonly #keyring: Keyring;

  constructor(database: Database, keyring: Keyring) {
    this.#database = database;
    this.#keyring = keyring;
  }

  ready(): Promise<void> {
    return this.#keyring.ready();
  }

  async status(entities: readonly Entity[]): Promise<EncryptionStatus> {
    await this.#keyring.ready();
    const values: SealedCount[] = [];
    for (const entity of sealedOf(entities)) values.push(...(await this.#count(entity)));
    const rows = await readKeys(this.#keyring.store);
    return { keys: rows.filter(({ id }) => id !== searchRootId).map((row) => statusOf(row, newestOf(rows)?.id)), values };
  }

  async rotate(entities: readonly Entity[], options: RotateOptions = {}): Promise<RotationReport> {
    return new Rotation(this.#database, this.#keyring, options).run(entities);
  }

  async rewrap(): Promise<number> {
    const { store, wrapper } = this.#keyring;
    let wrapped = 0;
    for (const row of await readKeys(store)) {
      if (row.wrappedBy === wrapper.id) continue;
      const anew = await this.#keyring.wrap(row.id, await this.#keyring.unwrap(row));
      await store.transaction((session) => session.dao(keyRecord).update(row.id, anew));
      wrapped += 1;
    }
    return wrapped;
  }

  async #count(entity: Entity): Promise<readonly SealedCount[]> {
    const counts = new Map<string, { readonly column: string; readonly key: number | null; values: number }>();
    for await (const page of rawPages(this.#database, rawEntity(entity), countedRows)) {
      for (const [column, value] of page.flatMap((row) => entity.encrypted.map((name) => [name, row[name]] as const))) {
        if (!(value instanceof Uint8Array)) continue;
        const key = dataKeyOf(value) ?? null;
        const count = counts.get(`${column} ${key}`) ?? { column, key, values: 0 };
        count.values += 1;
        counts.set(`${column} ${key}`, count);
      }
    }
    return [...counts.values()].map((count) => ({ entity: entity.name, ...count }));
  }
}

function statusOf({ id, wrappedBy, createdAt, used, rotatedAt }: KeyRow, newest: number | undefined): DataKeyStatus {
  const isCurrent = id === newest;
  return { id, wrappedBy, createdAt, used, isCurrent, isRotating: isCurrent && rotatedAt === null };
}
