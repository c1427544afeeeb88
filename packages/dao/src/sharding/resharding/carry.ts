import type { RowValues } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';
import { DaoError } from '../../errors.ts';
import { type PlainDao, plainDao } from '../plain-dao.ts';
import { keyFromTexts, keyTexts, rowId } from '../shard-key.ts';
import { checksum, isSameChecksum, rowDigest } from './checksum.ts';
import { type MoveParts, isMoved, writeOwned } from './move-parts.ts';

/** Rows as they are on the source: each key with its row, or without one where the source has none. */
export interface SourceRows {
  readonly entity: Entity;
  readonly keys: readonly (readonly string[])[];
  readonly rows: readonly RowValues[];
}

/**
 * Makes the target's rows of some keys what they are on the source, in one transaction: those that are gone are deleted, too.
 * It is right to do that twice, and it leaves equal rows alone. What was written is read back and compared.
 *
 * Only the move's owner calls it, one call after the other, with rows read after the call before: so it never buries a newer row.
 *
 * @throws {DaoError} `ERR_DAO_SHARD`: the target's own rows hold such a key, or what reads back is not what was written;
 *   `ERR_DAO_DUPLICATE`: a unique index of the target holds values that their row on the source has given up since
 */
export async function carryRows(parts: MoveParts, all: readonly SourceRows[]): Promise<void> {
  await writeOwned(parts, 'target', async (session) => {
    const daos = all.map((source) => ({ source, dao: plainDao(session, source.entity) }));
    // Every deletion before any insertion: rows may have passed on the values of a unique index among themselves.
    const missing: { readonly source: SourceRows; readonly dao: PlainDao; readonly rows: readonly RowValues[] }[] = [];
    for (const { source, dao } of daos) missing.push({ source, dao, rows: await clearDifferent(parts, dao, source) });
    for (const { dao, rows } of missing) if (rows.length > 0) await dao.insertMany(rows);
    for (const { source, dao } of daos) await requireCarried(dao, source);
  });
}

/** Deletes the target's rows that are not as on the source. @returns the source's rows that are then to be inserted */
async function clearDifferent(parts: MoveParts, dao: PlainDao, { entity, keys, rows }: SourceRows): Promise<readonly RowValues[]> {
  const missing = new Map(rows.map((row) => [rowId(entity, keyTexts(entity, row)), row]));
  for (const there of await dao.getMany(keys.map((key) => keyFromTexts(entity, key)))) {
    if (!isMoved(parts, entity, there)) throw sameKey(entity);
    const id = rowId(entity, keyTexts(entity, there));
    const row = missing.get(id);
    if (row !== undefined && rowDigest(entity, row) === rowDigest(entity, there)) missing.delete(id);
    else await dao.delete(keyFromTexts(entity, keyTexts(entity, there)));
  }
  return [...missing.values()];
}

async function requireCarried(dao: PlainDao, { entity, keys, rows }: SourceRows): Promise<void> {
  const there = await dao.getMany(keys.map((key) => keyFromTexts(entity, key)));
  if (isSameChecksum(checksum(entity, there), checksum(entity, rows))) return;
  throw new DaoError('ERR_DAO_SHARD', `${entity.name}: a row reads back from the added shard as another than it was written`, { entity: entity.name });
}

function sameKey(entity: Entity): DaoError {
  return new DaoError('ERR_DAO_SHARD', `${entity.name}: two shards hold a row of the same key; a key must be unique over all of them`, {
    entity: entity.name,
    columns: entity.key,
  });
}
