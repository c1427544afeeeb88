import type { CursorOrder, CursorSigner } from '../cursor.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import type { PlainPage } from './plain-dao.ts';
import { rowOrder } from './row-order.ts';

/**
 * @param lists each in the order
 * @returns the first `limit` rows of all, in the order; sorting finds the runs that are there, so it is a merge
 */
export function mergeRows(entity: Entity, order: CursorOrder, lists: readonly (readonly RowValues[])[], limit: number): readonly RowValues[] {
  return lists.flat().sort(rowOrder(entity, order)).slice(0, limit);
}

/**
 * One page of what several shards have, out of a page of each: all begin behind the same place, and each gave up to `limit` rows,
 * so the first `limit` of all are among them. The cursor names the last row, not a place on each shard: it stays right when rows
 * come, go, or move between shards, and it is the very one that an unsharded database would give.
 */
export function mergePages(entity: Entity, order: CursorOrder, pages: readonly PlainPage[], limit: number, cursors: CursorSigner): PlainPage {
  const lists = pages.map(({ items }) => items);
  const items = mergeRows(entity, order, lists, limit);
  const last = items.at(-1);
  const hasMore = lists.flat().length > items.length || pages.some(({ nextCursor }) => nextCursor !== null);
  return { items, nextCursor: hasMore && last !== undefined ? cursors.sign(entity, order, last) : null };
}

/** @returns an order that leaves nothing open, as a dao makes it of a query */
export function totalOrder(entity: Entity, query: { readonly orderBy?: string | readonly string[]; readonly descending?: boolean }): CursorOrder {
  const { orderBy = [], descending = false } = query;
  const named = typeof orderBy === 'string' ? [orderBy] : orderBy;
  return { orderBy: [...new Set([...named, ...entity.key])], descending };
}
