import type { Database, Session } from '@midgard/dao';
import { outbox, outboxHead } from '../entities/bookkeeping.ts';
import { GameKitError } from '../game-kit-error.ts';
import { isDaoError } from '../refusals.ts';

/** There is one stream of events in a database. */
const stream = 0;

/**
 * Gives rows of the outbox their places in the sequence. Several instances may try at once: each row gets one place, and who locks the head
 * has committed before the next one reads it, so nobody who reads the sequence in its order ever misses a row.
 *
 * @param ids of rows that were committed, in the order that they are to have
 * @param isAfterHole whether older rows are left out: then a number is left out, too, so that all can tell
 */
export async function publish(database: Database, ids: readonly bigint[], { now, isAfterHole }: { now: Date; isAfterHole: boolean }): Promise<void> {
  await database.transaction(
    async (session) => {
      let sequence = (await lockedHead(session)) + (isAfterHole ? 1n : 0n);
      const rows = session.dao(outbox);
      // Those that exist, by their keys: a range would be locked with its gaps, into which writers put new rows.
      const unpublished = (await rows.getMany(ids, { forUpdate: true })).filter((row) => row.sequence === null);
      if (unpublished.length === 0) return;
      const places = unpublished.map(({ id }) => rows.update(id, { sequence: (sequence += 1n), publishedAt: now }));
      await Promise.all(places);
      await session.dao(outboxHead).update(stream, { sequence });
    },
    { isolation: 'readCommitted', isRepeatable: true },
  );
}

/** Makes the head where there is none, so that those who publish for the first time at once are in nobody's way. */
export async function prepareHead(database: Database): Promise<void> {
  const isThere = await database.read(async (session) => (await session.dao(outboxHead).get(stream)) !== undefined, { freshness: 'newest' });
  if (isThere) return;
  try {
    await database.transaction((session) => session.dao(outboxHead).insert({ stream, sequence: 0n }));
  } catch (error) {
    // Another instance was first.
    if (!isDaoError(error, 'ERR_DAO_DUPLICATE')) throw error;
  }
}

/** @returns the sequence that was given last */
export async function headOf(session: Session): Promise<bigint> {
  return (await session.dao(outboxHead).get(stream))?.sequence ?? 0n;
}

async function lockedHead(session: Session): Promise<bigint> {
  const head = await session.dao(outboxHead).get(stream, { forUpdate: true });
  if (head === undefined) throw new GameKitError('ERR_GAME_STATE', 'the head of the outbox was removed while somebody listened');
  return head.sequence;
}
