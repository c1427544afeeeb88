import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { plainDao } from '../plain-dao.ts';
import { changeRecord } from '../records.ts';
import { keyFromTexts } from '../shard-key.ts';
import { type SourceRows, carryRows } from './carry.ts';
import { type MoveParts, readSide, writeOwned } from './move-parts.ts';

/** A note of a changed row, in the version that was read. */
interface Note {
  readonly id: string;
  readonly entity: string;
  readonly key: readonly string[];
  readonly version: number;
}

/** What was noted, and the rows that the notes name, as they are in the same moment. */
interface Noted {
  readonly notes: readonly Note[];
  readonly rows: readonly SourceRows[];
}

/** Notes that are taken at once at most, where rows that pass on the values of a unique index must go together. */
const mostNotes = 8000;

/**
 * Carries what was noted, until nothing is.
 *
 * A note goes only after its row, as it was in the moment of the note or later, is durable on the target, and only if it was not
 * written again since. So whatever breaks off between these steps, what was noted is carried by whoever goes on.
 *
 * @param endsAt when to give up, in milliseconds of `performance.now()`
 * @returns whether nothing was noted in the end
 */
export async function drain(parts: MoveParts, endsAt = Number.POSITIVE_INFINITY): Promise<boolean> {
  let limit = parts.batchRows;
  do {
    const { notes, rows } = await readNoted(parts, limit);
    if (notes.length === 0) return true;
    try {
      await carryRows(parts, rows);
    } catch (error) {
      // The row that has the value now may be noted further on.
      if (!isDuplicate(error) || limit >= mostNotes) throw error;
      limit = Math.min(limit * 4, mostNotes);
      continue;
    }
    await removeNotes(parts, notes);
  } while (performance.now() < endsAt);
  return false;
}

/** @returns whether the values of a unique index were in the way */
export function isDuplicate(error: unknown): boolean {
  return error instanceof DaoError && error.code === 'ERR_DAO_DUPLICATE';
}

async function readNoted({ source, entities }: MoveParts, limit: number): Promise<Noted> {
  return readSide(source, async (session) => {
    const notes: readonly Note[] = await session.dao(changeRecord).find({ limit });
    const rows: SourceRows[] = [];
    for (const entity of entities) {
      const keys = notes.filter((note) => note.entity === entity.name).map(({ key }) => key);
      if (keys.length === 0) continue;
      rows.push({ entity, keys, rows: await plainDao(session, entity).getMany(keys.map((key) => keyFromTexts(entity, key))) });
    }
    requireKnown(notes, entities);
    return { notes, rows };
  });
}

/** A process with another list of entities writes, too: what it noted cannot be carried by this one, and must not be lost. */
function requireKnown(notes: readonly Note[], entities: readonly Entity[]): void {
  const names = new Set(entities.map(({ name }) => name));
  const unknown = notes.find(({ entity }) => !names.has(entity));
  if (unknown !== undefined) throw new DaoError('ERR_DAO_SHARD', `${unknown.entity} moves, and this process was not given it`, { entity: unknown.entity });
}

async function removeNotes(parts: MoveParts, notes: readonly Note[]): Promise<void> {
  await writeOwned(parts, 'source', async (session) => {
    for (const { id, version } of notes) {
      try {
        await session.dao(changeRecord).delete(id, { expectedVersion: version });
      } catch (error) {
        // Noted again since it was read: it stays.
        if (!(error instanceof DaoError && error.code === 'ERR_DAO_VERSION')) throw error;
      }
    }
  });
}
