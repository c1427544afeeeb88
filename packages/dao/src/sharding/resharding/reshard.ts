import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { type HashRing, movedRanges } from '../hash-ring.ts';
import { moveRecord } from '../records.ts';
import { addedShard, ringOf } from '../shard-map.ts';
import type { Shards } from '../shards.ts';
import { type MovePhase, beginMove } from './begin.ts';
import { cleanSource } from './clean.ts';
import { copyRows } from './copy.ts';
import { cutOver } from './cut-over.ts';
import { drain } from './drain.ts';
import { exactEntity } from './exact-entity.ts';
import { type MoveParts, type MoveSide, sourceRecordId, writeOwned } from './move-parts.ts';
import { type Verified, verifyRows } from './verify.ts';

/** Settings of a move. */
export interface ReshardOptions {
  /** Rows in a page and in a batch, 1 to 1000 (default 500). */
  readonly batchRows?: number;
  /** How long writers of moved keys wait at most in one pause, in milliseconds (default 1000). */
  readonly pauseMs?: number;
  /** Hears of each step of each source. */
  readonly onPhase?: (event: { readonly source: string; readonly target: string; readonly phase: MovePhase }) => void;
}

/** What was moved from one shard to the added one. */
export interface MoveReport {
  readonly source: string;
  readonly target: string;
  /** What the comparison found; undefined where this run began behind it. */
  readonly verified: Verified | undefined;
  /** How long writers of these keys waited in the pause of the cut-over, in milliseconds; undefined where this run began behind it. */
  readonly pausedMs: number | undefined;
}

/** Runs what is left to do of the moves to the added shard, one source after the other. */
export async function reshard(shards: Shards, entities: readonly Entity[], clock: Clock, options: ReshardOptions): Promise<readonly MoveReport[]> {
  const { batchRows = 500, pauseMs = 1000, onPhase } = options;
  if (!(Number.isInteger(batchRows) && batchRows >= 1 && batchRows <= 1000)) throw new DaoError('ERR_DAO_INPUT', 'batchRows must be an integer from 1 to 1000');
  if (!(pauseMs >= 1)) throw new DaoError('ERR_DAO_INPUT', 'pauseMs must be at least 1');
  const topology = await shards.refresh();
  const [from, to] = topology.pending === undefined ? [topology.previous, topology.current] : [topology.current, topology.pending.definition];
  if (from === undefined || (topology.pending === undefined && !topology.isMixed)) return [];
  const side = (id: string): MoveSide => ({ id, database: shards.database(id) });
  const target = side(addedShard(from, to));
  await target.database.migrate(entities);
  const ring = ringOf(to);
  const ranges = movedRanges(ringOf(from), ring);
  const shared = { target, definition: to, entities: entities.map(exactEntity), clock, cursors: shards.cursors, batchRows, pauseMs };
  const reports: MoveReport[] = [];
  for (const { id } of from.shards) {
    const parts = { ...shared, source: side(id), ranges: ranges.filter((range) => range.from === id), owner: randomUUID() };
    const report = await moveOne(parts, ring, (phase) => onPhase?.({ source: id, target: target.id, phase }));
    if (report !== undefined) reports.push(report);
  }
  await shards.refresh();
  return reports;
}

/** @returns undefined where all was done before */
async function moveOne(parts: MoveParts, ring: HashRing, onPhase: (phase: MovePhase) => void): Promise<MoveReport | undefined> {
  const begun = await beginMove(parts);
  if (begun.phase === 'done') return undefined;
  let verified: Verified | undefined;
  let pausedMs: number | undefined;
  if (begun.phase === 'copying') {
    onPhase('copying');
    await copyRows(parts, begun.place);
    await writeOwned(parts, 'source', (session) => session.dao(moveRecord).update(sourceRecordId, { phase: 'verifying', entity: '', place: [] }));
  }
  if (begun.phase !== 'cleaning') {
    onPhase('verifying');
    // What changed while it was copied is no difference.
    await drain(parts);
    verified = await verifyRows(parts);
    onPhase('cut-over');
    pausedMs = await cutOver(parts);
  }
  onPhase('cleaning');
  await cleanSource(parts, ring);
  onPhase('done');
  return { source: parts.source.id, target: parts.target.id, verified, pausedMs };
}
