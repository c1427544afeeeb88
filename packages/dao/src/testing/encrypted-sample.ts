import { randomBytes } from 'node:crypto';
import { bool, bytes, createdAt, decimal, id, int, int64, json, text, timestamp, updatedAt, version } from '../column.ts';
import type { Database, DatabaseOptions } from '../database.ts';
import { localKeyWrapper } from '../encryption/key-wrapper.ts';
import { rawEntity } from '../encryption/stored-entity.ts';
import { type Entity, type NewRow, defineEntity } from '../entity.ts';
import type { EncryptionOptions } from '../encryption/options.ts';
import { type PlainDao, plainDao } from '../sharding/plain-dao.ts';
import { type OpenForTest, onFresh } from './sample.ts';

/** An encrypted column of each kind, and two that can be looked up. */
export const contact = defineEntity('contact', {
  columns: {
    id: id(),
    area: text(16),
    email: text(64).encrypted({ searchable: true }),
    phone: int64().encrypted({ searchable: true }).nullable(),
    note: text(4000).encrypted().nullable(),
    twin: text(4000).encrypted().nullable(),
    data: json().encrypted(),
    blob: bytes(3000).encrypted(),
    age: int().encrypted(),
    balance: int64().encrypted(),
    amount: decimal(18, 4).encrypted(),
    isAdult: bool().encrypted(),
    bornAt: timestamp().encrypted().nullable(),
    visits: int(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  indexes: [{ on: ['email'], unique: true }, { on: ['area', 'phone'] }],
});

/** The same columns in another table, under a key of two columns. */
export const letter = defineEntity('letter', {
  columns: { box: id(), name: text(16), email: text(64).encrypted({ searchable: true }), note: text(4000).encrypted().nullable() },
  key: ['box', 'name'],
});

/** A column of {@link contact} in another table under the same key. */
export const diary = defineEntity('diary', { columns: { id: id(), note: text(4000).encrypted().nullable() }, key: ['id'] });

export const encryptedSamples: readonly Entity[] = [contact, letter, diary];

const keyWrapper = localKeyWrapper(randomBytes(32));

/** @returns options with a key-encryption key of this process, and keys that are looked for often */
export function encryptionForTest(changes: Partial<EncryptionOptions> = {}): DatabaseOptions {
  return { encryption: { keyWrapper, refreshMs: 20, ...changes } };
}

/** @returns a row that fits; `changes` differ from it */
export function contactRow(rowId: bigint, changes: Partial<NewRow<typeof contact>> = {}): NewRow<typeof contact> {
  return {
    id: rowId,
    area: 'north',
    email: `player-${rowId}@example.org`,
    data: { secret: 'plaintext of a document' },
    blob: Buffer.from('plaintext of bytes'),
    age: 41,
    balance: -5n,
    amount: '12.5',
    isAdult: true,
    visits: 0,
    ...changes,
  };
}

/** Runs a case on a fresh database with the encrypted tables. */
export function onEncrypted<T>(open: OpenForTest, work: (database: Database) => Promise<T>, options: DatabaseOptions = {}): Promise<T> {
  return onFresh(
    open,
    async (database) => {
      await database.migrate(encryptedSamples);
      return work(database);
    },
    { ...encryptionForTest(), ...options },
  );
}

/** Does something to rows as they are stored, as somebody with the database and without the keys can. */
export function tamper<T>(database: Database, entity: Entity, work: (dao: PlainDao) => Promise<T>): Promise<T> {
  return database.transaction((session) => work(plainDao(session, rawEntity(entity))));
}
