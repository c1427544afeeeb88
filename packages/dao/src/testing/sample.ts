import { bool, bytes, createdAt, decimal, id, int, int64, json, text, timestamp, updatedAt, version } from '../column.ts';
import type { Database, DatabaseOptions } from '../database.ts';
import { type Entity, type NewRow, defineEntity } from '../entity.ts';

/** Opens an empty database for one case, which closes it. */
export type OpenForTest = (options?: DatabaseOptions) => Promise<Database>;

/** One column of each kind, required and nullable. */
export const sample = defineEntity('sample', {
  columns: {
    id: id(),
    name: text(64),
    level: int(),
    balance: int64(),
    amount: decimal(18, 4),
    isActive: bool(),
    data: json(),
    at: timestamp(),
    blob: bytes(1024),
    note: text(4000).nullable(),
    rank: int().nullable(),
    extra: json().nullable(),
    seenAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  indexes: [{ on: ['level', 'id'] }, { on: ['note'], unique: true }],
});

/** A composite key, and cached things that are not the key. */
export const holding = defineEntity('holding', {
  columns: { bag: id(), slot: text(16), owner: id(), quantity: int64(), version: version() },
  key: ['bag', 'slot'],
  cacheBy: ['owner', 'bag'],
});

/** Words that mean something in SQL, as names. */
export const reserved = defineEntity('order', {
  columns: { select: id(), level: int(), user: text(32), group: text(32).nullable(), order: int(), index: int(), date: timestamp(), from: text(8) },
  key: ['select'],
  indexes: [{ on: ['group', 'order'] }],
});

/** All of them. */
export const samples: readonly Entity[] = [sample, holding, reserved];

/** The moment that the suite's clock shows. */
export const nowMs: number = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** @returns a row that fits; `changes` differ from it */
export function sampleRow(rowId: bigint, changes: Partial<NewRow<typeof sample>> = {}): NewRow<typeof sample> {
  return {
    id: rowId,
    name: `name ${rowId}`,
    level: 1,
    balance: 0n,
    amount: '0',
    isActive: false,
    data: {},
    at: new Date(0),
    blob: new Uint8Array(),
    ...changes,
  };
}

/** A case that is not about time must not fail for it: on a busy machine connecting alone took more than the default. */
const patienceMs = 30_000;

/** Runs a case on a fresh database with the sample tables. */
export async function onFresh<T>(open: OpenForTest, work: (database: Database) => Promise<T>, options: DatabaseOptions = {}): Promise<T> {
  const database = await open({ clock: { now: () => nowMs }, cursorSecret: new Uint8Array(32).fill(7), timeoutMs: patienceMs, ...options });
  try {
    await database.migrate(samples);
    return await work(database);
  } finally {
    await database.close();
  }
}
