import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowValues } from '../dialects/dialect.ts';
import type { PlainDao, PlainPage, PlainQuery } from './plain-dao.ts';

/** Tells whether the shard that gave a row owns it. */
export type Ownership = (row: RowValues) => boolean;

const scanRows = 1000;

/**
 * What a shard owns of the rows that fulfil `where`, while it also holds others: all are looked at, in the order of the key,
 * because no index knows what a hash is. O(rows that fulfil it), and only while a shard is being added.
 */
export async function* scanOwned(dao: PlainDao, where: RowValues | undefined, isOwned: Ownership): AsyncGenerator<RowValues> {
  let cursor: string | null = null;
  do {
    const page: PlainPage = await dao.page({ ...(where && { where }), limit: scanRows, cursor });
    yield* page.items.filter(isOwned);
    cursor = page.nextCursor;
    // SQLite answers at once: the process's other work gets its turn between pages.
    await nextTurn();
  } while (cursor !== null);
}

/** A page of owned rows: as many pages of the shard as it takes to fill one. */
export async function pageOwned(dao: PlainDao, query: PlainQuery & { readonly cursor?: string | null }, isOwned: Ownership): Promise<PlainPage> {
  const { limit = 50 } = query;
  const items: RowValues[] = [];
  let cursor: string | null = query.cursor ?? null;
  do {
    const page: PlainPage = await dao.page({ ...query, cursor });
    items.push(...page.items.filter(isOwned));
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return { items, nextCursor: cursor };
}
