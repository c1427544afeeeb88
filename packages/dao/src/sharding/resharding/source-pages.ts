import type { RowValues } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';
import { type PlainPage, plainDao } from '../plain-dao.ts';
import { keyFromTexts } from '../shard-key.ts';
import { type MoveParts, type MoveSide, readSide } from './move-parts.ts';

/** A page of one side's rows by key. */
export interface KeyPage {
  readonly items: readonly RowValues[];
  /** Key of the last row; undefined on the last page. */
  readonly end: readonly string[] | undefined;
}

/**
 * @param after key behind which to begin; empty: the beginning
 * @returns rows in the order of the key. The place is a key and no cursor, since cursors may end with the process that signed them.
 */
export async function pageAfter(parts: MoveParts, side: MoveSide, entity: Entity, after: readonly string[], limit: number): Promise<KeyPage> {
  const order = { orderBy: entity.key, descending: false };
  const cursor = after.length === 0 ? null : parts.cursors.sign(entity, order, keyFromTexts(entity, after));
  const page: PlainPage = await readSide(side, (session) => plainDao(session, entity).page({ limit, cursor }));
  const last = page.items.at(-1);
  return { items: page.items, end: page.nextCursor === null || last === undefined ? undefined : entity.key.map((name) => String(last[name])) };
}
