import { id, int, int64, json, text, version } from '../column.ts';
import type { Session } from '../database.ts';
import { type Entity, defineEntity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { MapDefinition } from './shard-map.ts';

/** What the library keeps on each shard for itself has names that no game can take. */
function bookkeeping<E extends Entity>(entity: E): E {
  return { ...entity, name: `midgard_${entity.table}`, table: `midgard_${entity.table}` };
}

/**
 * What a shard says of itself, which is the truth of what it owns; every row says the same.
 *
 * Each transaction reads one row, so that nobody can change it until the transaction ends, before it does anything else; and
 * whoever changes the rows changes all of them in one transaction. So on every database, whatever its isolation, a transaction
 * comes wholly before or wholly after a change. There are several rows so that transactions seldom wait for each other.
 *
 * - `settled`: owns what map `mapVersion` gives it
 * - `moving`: the same, but changed rows that map `nextVersion` gives to another shard are noted, see {@link changeRecord}
 * - `cleaning`: owns what map `mapVersion` gives it, and still holds rows that it owned before
 */
export const fenceRecord = bookkeeping(
  defineEntity('shard_fence', {
    columns: {
      stripe: int(),
      shardId: text(40),
      mapVersion: int(),
      nextVersion: int(),
      phase: text(16),
      /** Who makes writers of moved keys wait; empty: nobody. */
      pausedBy: text(36),
      pausedUntilMs: int64(),
      version: version(),
    },
    key: ['stripe'],
  }),
);

/** The maps that this shard has been part of. */
export const mapRecord = bookkeeping(defineEntity('shard_map', { columns: { mapVersion: int(), definition: json<MapDefinition>() }, key: ['mapVersion'] }));

/** A row that changed while its key was being moved: written in the transaction that changed it, deleted once the change was carried. */
export const changeRecord = bookkeeping(
  defineEntity('shard_change', {
    columns: { id: text(32), entity: text(64), key: json<readonly string[]>(), times: id(), version: version() },
    key: ['id'],
  }),
);

/** How far a move has come (on its source), and who runs it (on both sides): each of the mover's writes holds itself against `owner`. */
export const moveRecord = bookkeeping(
  defineEntity('shard_move', {
    columns: {
      /** `out` on the source; `in-<source>` on the target. */
      id: text(44),
      nextVersion: int(),
      owner: text(36),
      phase: text(16),
      /** Entity that is being copied, and the key up to which it was; empty: from the beginning. */
      entity: text(64),
      place: json<readonly string[]>(),
    },
    key: ['id'],
  }),
);

/** All of them, for `migrate`. */
export const shardRecords: readonly Entity[] = [fenceRecord, mapRecord, changeRecord, moveRecord];

/** The rows of {@link fenceRecord} on a shard. */
const stripes: readonly number[] = Array.from({ length: 64 }, (_, stripe) => stripe);

/** What a shard says of itself. */
export interface Fence {
  readonly shardId: string;
  readonly mapVersion: number;
  readonly nextVersion: number;
  readonly phase: string;
  readonly pausedBy: string;
  readonly pausedUntilMs: bigint;
}

/** @returns what the shard says in the moment that a read sees, or undefined where it says nothing yet */
export async function readFence(session: Session): Promise<Fence | undefined> {
  return session.dao(fenceRecord).get(0);
}

/**
 * Lets a transaction pass the fence: from here to its end, what the shard says of itself does not change.
 *
 * @throws {DaoError} `ERR_DAO_SHARD`: the shard says nothing of itself
 */
export async function passFence(session: Session, hash: bigint): Promise<Fence> {
  const row = await session.dao(fenceRecord).get(stripeOf(hash), { forUpdate: true });
  if (row === undefined) throw noRecord();
  return row;
}

/** Ends a pause for a transaction that has passed the fence. Whoever paused finds that out: it must find all rows paused. */
export async function liftPause(session: Session, hash: bigint): Promise<void> {
  await session.dao(fenceRecord).update(stripeOf(hash), { pausedBy: '' });
}

function stripeOf(hash: bigint): number {
  return Number(hash % BigInt(stripes.length));
}

/**
 * Changes what a shard says of itself, after every transaction that has passed the fence has ended.
 *
 * @param change of every row; undefined changes nothing
 * @returns whether it was changed
 */
export async function changeFence(session: Session, change: (rows: readonly Fence[]) => Partial<Fence> | undefined): Promise<boolean> {
  const dao = session.dao(fenceRecord);
  const rows = await dao.getMany(stripes, { forUpdate: true });
  if (rows.length < stripes.length) throw noRecord();
  const changed = change(rows);
  if (changed === undefined) return false;
  await dao.saveNewer(rows.map(({ version, ...row }) => ({ row: { ...row, ...changed }, version: version + 1 })));
  return true;
}

function noRecord(): DaoError {
  return new DaoError('ERR_DAO_SHARD', 'the shard holds no record of its map: is it the right database?');
}

/** Writes what a shard says of itself at first. */
export async function insertFence(session: Session, shardId: string, mapVersion: number): Promise<void> {
  const row = { shardId, mapVersion, nextVersion: mapVersion, phase: 'settled', pausedBy: '', pausedUntilMs: 0n };
  await session.dao(fenceRecord).insertMany(stripes.map((stripe) => ({ stripe, ...row })));
}

/** Records a map, unless it is there. */
export async function recordMap(session: Session, definition: MapDefinition): Promise<void> {
  const dao = session.dao(mapRecord);
  if ((await dao.get(definition.version)) === undefined) await dao.insert({ mapVersion: definition.version, definition });
}
