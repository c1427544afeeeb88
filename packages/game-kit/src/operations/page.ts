import type { Entity, PageQuery, Row, Session } from '@midgard/dao';
import { invalidInput, isDaoError } from '../refusals.ts';

/**
 * One page of an entity's rows.
 *
 * @param cursor as the input has it
 * @param query as the database library takes it
 * @throws {MidgardError} 2001 at `cursor` where the cursor is not one of this list
 */
export async function page<E extends Entity>(
  session: Session,
  entity: E,
  cursor: string | undefined,
  query: PageQuery<E>,
): Promise<{ items: Row<E>[]; nextCursor: string | null }> {
  try {
    const { items, nextCursor } = await session.dao(entity).page({ ...query, cursor: cursor ?? null });
    return { items: [...items], nextCursor };
  } catch (error) {
    if (!isDaoError(error, 'ERR_DAO_CURSOR')) throw error;
    throw invalidInput([
      { path: 'cursor', message: 'not a cursor of this list', expected: 'the nextCursor of the page before, with the same filters and order' },
    ]);
  }
}
