import type { Clock } from '../../clock.ts';
import type { CursorSigner } from '../../cursor.ts';
import type { Database, Session } from '../../database.ts';
import type { RowValues } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { type MovedRange, findRange } from '../hash-ring.ts';
import { moveRecord } from '../records.ts';
import { rowHash } from '../shard-key.ts';
import type { MapDefinition } from '../shard-map.ts';

/** One side of a move. */
export interface MoveSide {
  readonly id: string;
  readonly database: Database;
}

/** What all steps of one move know: the ranges that go from one source to the target. */
export interface MoveParts {
  readonly source: MoveSide;
  readonly target: MoveSide;
  readonly definition: MapDefinition;
  /** Those of this source only. */
  readonly ranges: readonly MovedRange[];
  /** With version and times as plain columns; all that lie on the shards. */
  readonly entities: readonly Entity[];
  /** Who runs this move: made up anew each time that it is begun or resumed. */
  readonly owner: string;
  readonly clock: Clock;
  readonly cursors: CursorSigner;
  /** Rows in a page and in a batch. */
  readonly batchRows: number;
  /** How long writers of the moved keys wait at most before they may go on by themselves. */
  readonly pauseMs: number;
}

/** Enough for a batch of rows on a slow server; the writers of a shard need not wait for it. */
const stepTimeoutMs = 60_000;

/** @returns whether a row's key goes from this source to the target */
export function isMoved({ ranges }: MoveParts, entity: Entity, row: RowValues): boolean {
  return findRange(ranges, rowHash(entity, row)) !== undefined;
}

/** The move's record on the source, and that on the target. */
export const sourceRecordId = 'out';
export const targetRecordId = (source: MoveSide): string => `in-${source.id}`;

/**
 * Writes to one side, unless another process has taken the move over: its record's lock stands between the two, so what was begun
 * before and comes late can bury nothing.
 *
 * @throws {DaoError} `ERR_DAO_SHARD`: it has
 */
export async function writeOwned<T>(parts: MoveParts, side: 'source' | 'target', work: (session: Session) => Promise<T>): Promise<T> {
  const id = side === 'source' ? sourceRecordId : targetRecordId(parts.source);
  return parts[side].database.transaction(
    async (session) => {
      const record = await session.dao(moveRecord).get(id, { forUpdate: true });
      if (record?.owner !== parts.owner) throw new DaoError('ERR_DAO_SHARD', 'another process has taken over the move of this shard');
      return work(session);
    },
    { timeoutMs: stepTimeoutMs },
  );
}

/** Reads one side as it is, not as a replica has it, and locks nothing where that can be. */
export async function readSide<T>({ database }: MoveSide, work: (session: Session) => Promise<T>): Promise<T> {
  return database.transaction(work, { isolation: 'repeatableRead', timeoutMs: stepTimeoutMs });
}
