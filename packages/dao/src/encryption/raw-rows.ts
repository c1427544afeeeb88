import type { Database } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { type PlainPage, plainDao } from '../sharding/plain-dao.ts';

/** Time for one batch, in milliseconds: it is nobody's request. */
export const batchTimeoutMs = 30_000;

/** Reads all rows of an entity as they are stored, page by page in the order of the key; what is written meanwhile may be among them or not. */
export async function* rawPages(database: Database, raw: Entity, limit: number): AsyncGenerator<readonly RowValues[]> {
  let cursor: string | null = null;
  do {
    const page: PlainPage = await readPage(database, raw, { limit, cursor });
    yield page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

function readPage(database: Database, raw: Entity, query: { readonly limit: number; readonly cursor: string | null }): Promise<PlainPage> {
  return database.read((session) => plainDao(session, raw).page(query), { isolation: 'statement', freshness: 'newest', timeoutMs: batchTimeoutMs });
}

/** @returns the entities that have encrypted columns */
export function sealedOf(entities: readonly Entity[]): readonly Entity[] {
  return entities.filter(({ encrypted }) => encrypted.length > 0);
}
