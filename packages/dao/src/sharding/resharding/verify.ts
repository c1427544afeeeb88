import type { RowValues } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';
import { ChangeNotes } from '../change-notes.ts';
import { type RowOrder, rowOrder } from '../row-order.ts';
import { keyFromTexts, keyTexts, rowId } from '../shard-key.ts';
import { checksum, isSameChecksum, rowDigest } from './checksum.ts';
import { type MoveParts, isMoved, writeOwned } from './move-parts.ts';
import { pageAfter } from './source-pages.ts';

/** What a comparison of both sides found. */
export interface Verified {
  /** Moved rows on the source. */
  readonly rows: number;
  /** Their checksum over all entities. */
  readonly sum: bigint;
  /** Rows that were not the same on both sides; all are noted, so they are carried before the cut-over. */
  readonly differences: number;
}

/**
 * Compares the moved rows of both sides, key range by key range, each by its checksum; only where these differ, row by row. Rows
 * that differ (because they are just being written, or for whatever reason) are noted as if they had changed.
 *
 * So at the end each row was equal on both sides when it was compared, or is noted; every later write notes itself; and every
 * noted row is read back from the target as it is carried. Once nothing is noted and nobody writes, both sides are equal.
 */
export async function verifyRows(parts: MoveParts): Promise<Verified> {
  let total: Verified = { rows: 0, sum: 0n, differences: 0 };
  for (const entity of parts.entities) {
    let after: readonly string[] | undefined = [];
    while (after !== undefined) {
      const { end, ...part }: ComparedRange = await compareRange(parts, entity, after);
      total = { rows: total.rows + part.rows, sum: BigInt.asUintN(64, total.sum + part.sum), differences: total.differences + part.differences };
      after = end;
    }
  }
  return total;
}

interface ComparedRange extends Verified {
  readonly end: readonly string[] | undefined;
}

async function compareRange(parts: MoveParts, entity: Entity, after: readonly string[]): Promise<ComparedRange> {
  const { items, end } = await pageAfter(parts, parts.source, entity, after, parts.batchRows);
  const rows = items.filter((row) => isMoved(parts, entity, row));
  const there = await targetRows(parts, entity, after, end);
  const sums = checksum(entity, rows);
  const result = { rows: sums.rows, sum: sums.sum, end };
  if (isSameChecksum(sums, checksum(entity, there))) return { ...result, differences: 0 };
  const different = differentRows(entity, rows, there);
  const notes = new ChangeNotes();
  for (const row of different) notes.add(entity, row);
  await writeOwned(parts, 'source', (session) => notes.write(session));
  return { ...result, differences: different.length };
}

/** The target's rows of this move between two keys of the source. */
async function targetRows(parts: MoveParts, entity: Entity, from: readonly string[], to: readonly string[] | undefined): Promise<readonly RowValues[]> {
  const order: RowOrder = rowOrder(entity, { orderBy: entity.key, descending: false });
  const last = to && keyFromTexts(entity, to);
  const rows: RowValues[] = [];
  let after: readonly string[] | undefined = from;
  while (after !== undefined) {
    const page = await pageAfter(parts, parts.target, entity, after, parts.batchRows);
    const within = last === undefined ? page.items : page.items.filter((row) => order(row, last) <= 0);
    rows.push(...within.filter((row) => isMoved(parts, entity, row)));
    after = within.length < page.items.length ? undefined : page.end;
  }
  return rows;
}

function differentRows(entity: Entity, rows: readonly RowValues[], there: readonly RowValues[]): readonly RowValues[] {
  const different = new Map(rows.map((row) => [rowId(entity, keyTexts(entity, row)), row]));
  for (const row of there) {
    const id = rowId(entity, keyTexts(entity, row));
    const wanted = different.get(id);
    if (wanted !== undefined && rowDigest(entity, wanted) === rowDigest(entity, row)) different.delete(id);
    else different.set(id, row);
  }
  return [...different.values()];
}
