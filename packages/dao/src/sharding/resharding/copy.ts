import type { Entity } from '../../entity.ts';
import { moveRecord } from '../records.ts';
import { keyTexts } from '../shard-key.ts';
import { carryRows } from './carry.ts';
import { drain, isDuplicate } from './drain.ts';
import { type MoveParts, isMoved, sourceRecordId, writeOwned } from './move-parts.ts';
import { pageAfter } from './source-pages.ts';

/** Up to where the copy has come. */
export interface CopyPlace {
  readonly entity: string;
  readonly key: readonly string[];
}

/** How often a page is read anew whose rows have passed on the values of a unique index since they were noted. */
const maxAttempts = 5;

/** Copies the moved rows, from the recorded place on; reads all rows of the source, page by page. @returns how many it copied */
export async function copyRows(parts: MoveParts, from: CopyPlace): Promise<number> {
  const start = parts.entities.findIndex(({ name }) => name === from.entity);
  let copied = 0;
  for (const entity of parts.entities.slice(Math.max(start, 0))) copied += await copyEntity(parts, entity, entity.name === from.entity ? from.key : []);
  return copied;
}

async function copyEntity(parts: MoveParts, entity: Entity, from: readonly string[]): Promise<number> {
  let copied = 0;
  let after: readonly string[] | undefined = from;
  while (after !== undefined) {
    const page: CopiedPage = await copyPage(parts, entity, after);
    copied += page.copied;
    after = page.end;
    if (after !== undefined) await recordPlace(parts, { entity: entity.name, key: after });
  }
  return copied;
}

interface CopiedPage {
  readonly copied: number;
  readonly end: readonly string[] | undefined;
}

async function copyPage(parts: MoveParts, entity: Entity, after: readonly string[]): Promise<CopiedPage> {
  for (let attempt = 1; ; attempt += 1) {
    const { items, end } = await pageAfter(parts, parts.source, entity, after, parts.batchRows);
    const rows = items.filter((row) => isMoved(parts, entity, row));
    try {
      if (rows.length > 0) await carryRows(parts, [{ entity, keys: rows.map((row) => keyTexts(entity, row)), rows }]);
      return { copied: rows.length, end };
    } catch (error) {
      if (!isDuplicate(error) || attempt === maxAttempts) throw error;
      await drain(parts);
    }
  }
}

async function recordPlace(parts: MoveParts, { entity, key }: CopyPlace): Promise<void> {
  await writeOwned(parts, 'source', (session) => session.dao(moveRecord).update(sourceRecordId, { entity, place: key }));
}
