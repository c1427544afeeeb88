import type { Entity } from '../../entity.ts';
import type { HashRing } from '../hash-ring.ts';
import { plainDao } from '../plain-dao.ts';
import { changeFence, moveRecord } from '../records.ts';
import { keyFromTexts, keyTexts, rowHash } from '../shard-key.ts';
import { type MoveParts, sourceRecordId, writeOwned } from './move-parts.ts';
import { pageAfter } from './source-pages.ts';

/** Deletes, in batches, what the source does not own any more; until then reads over all shards look at the owner of each row. */
export async function cleanSource(parts: MoveParts, ring: HashRing): Promise<void> {
  for (const entity of parts.entities) await cleanEntity(parts, ring, entity);
  await writeOwned(parts, 'source', async (session) => {
    await changeFence(session, () => ({ phase: 'settled' }));
    await session.dao(moveRecord).update(sourceRecordId, { phase: 'done' });
  });
}

async function cleanEntity(parts: MoveParts, ring: HashRing, entity: Entity): Promise<void> {
  let after: readonly string[] | undefined = [];
  while (after !== undefined) {
    const page: { readonly items: readonly Readonly<Record<string, unknown>>[]; readonly end: readonly string[] | undefined } = await pageAfter(
      parts,
      parts.source,
      entity,
      after,
      parts.batchRows,
    );
    const left = page.items.filter((row) => ring.locate(rowHash(entity, row)) !== parts.source.id);
    after = page.end;
    if (left.length === 0) continue;
    await writeOwned(parts, 'source', async (session) => {
      const dao = plainDao(session, entity);
      for (const row of left) await dao.delete(keyFromTexts(entity, keyTexts(entity, row)));
    });
  }
}
