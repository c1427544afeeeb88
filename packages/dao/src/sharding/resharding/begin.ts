import type { Session } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { plainDao } from '../plain-dao.ts';
import { changeFence, insertFence, moveRecord, readFence, recordMap } from '../records.ts';
import type { CopyPlace } from './copy.ts';
import { type MoveParts, sourceRecordId, targetRecordId } from './move-parts.ts';

/** Steps of a move, in their order. The cut-over is one transaction and the pause before it, so it is never what a crash leaves. */
export type MovePhase = 'copying' | 'verifying' | 'cut-over' | 'cleaning' | 'done';

const recordedPhases = ['copying', 'verifying', 'cleaning', 'done'] as const;

/** Where a move stands. */
export interface Progress {
  readonly phase: (typeof recordedPhases)[number];
  readonly place: CopyPlace;
}

/**
 * Begins a move, or takes it over: first on the target, then on the source, and nothing else is done before. From then on every
 * transaction of the source notes what it changes of the moved keys.
 *
 * @throws {DaoError} `ERR_DAO_SHARD`: the added shard holds rows that nobody moved there
 */
export async function beginMove(parts: MoveParts): Promise<Progress> {
  await parts.target.database.transaction(async (session) => {
    if ((await readFence(session)) === undefined) await settleTarget(session, parts);
    await takeOver(session, parts, targetRecordId(parts.source));
  });
  return parts.source.database.transaction(async (session) => {
    await recordMap(session, parts.definition);
    const progress = await takeOver(session, parts, sourceRecordId);
    await changeFence(session, ([fence]) => {
      const isBegun = fence?.nextVersion === parts.definition.version;
      // A pause of whoever ran it before is over: its cut-over can not happen any more.
      return isBegun ? { pausedBy: '' } : { nextVersion: parts.definition.version, phase: 'moving', pausedBy: '' };
    });
    return progress;
  });
}

/** The added shard is part of the new map from the beginning; no key is looked for there before its source says so. */
async function settleTarget(session: Session, { target, definition, entities }: MoveParts): Promise<void> {
  for (const entity of entities) {
    if ((await plainDao(session, entity).count()) > 0)
      throw new DaoError('ERR_DAO_SHARD', `${entity.name}: the added shard ${target.id} is not empty`, { entity: entity.name });
  }
  await insertFence(session, target.id, definition.version);
  await recordMap(session, definition);
}

async function takeOver(session: Session, { owner, definition }: MoveParts, id: string): Promise<Progress> {
  const dao = session.dao(moveRecord);
  const known = await dao.get(id, { forUpdate: true });
  if (known?.nextVersion === definition.version) {
    await dao.update(id, { owner });
    return { phase: phaseOf(known.phase), place: { entity: known.entity, key: known.place } };
  }
  await dao.upsert({ id, nextVersion: definition.version, owner, phase: 'copying', entity: '', place: [] });
  return { phase: 'copying', place: { entity: '', key: [] } };
}

function phaseOf(text: string): Progress['phase'] {
  for (const phase of recordedPhases) if (phase === text) return phase;
  throw new DaoError('ERR_DAO_SHARD', 'the move is recorded in a phase that is not known here');
}
