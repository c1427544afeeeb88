import type { Session } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { changeFence, changeRecord, moveRecord } from '../records.ts';
import { drain } from './drain.ts';
import { type MoveParts, sourceRecordId, writeOwned } from './move-parts.ts';

/** How often the writers are made to wait before the move gives up; between the pauses they go on. */
const maxPauses = 50;

/**
 * Hands the moved keys over: their writers wait, the last changes are carried, and one transaction of the source says that it does not
 * own them any more. Only that transaction decides, and it happens only if no writer has gone on and nothing is noted.
 *
 * @returns how long the writers waited, in milliseconds
 * @throws {DaoError} `ERR_DAO_SHARD`: in no pause the changes could be carried
 */
export async function cutOver(parts: MoveParts): Promise<number> {
  for (let pause = 1; pause <= maxPauses; pause += 1) {
    await drain(parts);
    const startedAt = performance.now();
    if (await cutWithinPause(parts, startedAt + parts.pauseMs)) return performance.now() - startedAt;
  }
  throw new DaoError('ERR_DAO_SHARD', 'the rows of this shard are written faster than they can be carried: try again when less is written');
}

async function cutWithinPause(parts: MoveParts, endsAt: number): Promise<boolean> {
  let isCut = false;
  try {
    const pausedUntilMs = BigInt(Math.ceil(parts.clock.now() + parts.pauseMs));
    await writeOwned(parts, 'source', (session) => changeFence(session, () => ({ pausedBy: parts.owner, pausedUntilMs })));
    isCut = (await drain(parts, endsAt)) && (await writeOwned(parts, 'source', (session) => cut(session, parts)));
    return isCut;
  } finally {
    if (!isCut) await resume(parts);
  }
}

async function cut(session: Session, { owner, definition: { version } }: MoveParts): Promise<boolean> {
  const isChanged = await changeFence(session, (rows) => {
    // A hole in the pause: a writer has gone on by itself, and may have written.
    if (rows.some(({ pausedBy }) => pausedBy !== owner)) return undefined;
    return { mapVersion: version, nextVersion: version, phase: 'cleaning', pausedBy: '' };
  });
  if (!isChanged) return false;
  if ((await session.dao(changeRecord).count()) > 0) throw new DaoError('ERR_DAO_SHARD', 'a change was noted within the pause');
  await session.dao(moveRecord).update(sourceRecordId, { phase: 'cleaning', entity: '', place: [] });
  return true;
}

/** Lets the writers go on at once. If even that fails they do so when the pause has run out. */
async function resume(parts: MoveParts): Promise<void> {
  const lift = (session: Session): Promise<boolean> =>
    changeFence(session, (rows) => (rows.some(({ pausedBy }) => pausedBy === parts.owner) ? { pausedBy: '' } : undefined));
  await writeOwned(parts, 'source', lift).catch(() => false);
}
