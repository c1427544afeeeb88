import type { MergeRule, RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { keyName } from '../rows.ts';
import { sumError } from '../statements/sum-error.ts';
import type { ServerExecutor } from './executor.ts';

/**
 * Merges on a server, whose statement does not say which rows it wrote: they are read before where that matters, and after.
 *
 * @returns the rows that were written, as they are now
 */
export async function mergeRows(executor: ServerExecutor, entity: Entity, rows: readonly RowValues[], rule: MergeRule): Promise<readonly RowValues[]> {
  const keys = rows.map((row) => keyOf(entity, row));
  const hasUnique = entity.indexes.some(({ unique }) => unique);
  const mustLook = rule.kind === 'raise' || (hasUnique && executor.dialect.mergesByAnyIndex);
  const there = mustLook ? new Map((await executor.readMany(entity, keys, true)).map((row) => [nameOf(entity, row), row])) : undefined;
  const wanted = rule.kind === 'raise' ? rows.filter((row) => isNewer(entity, row, there?.get(nameOf(entity, row)))) : rows;
  const isNew = (row: RowValues): boolean => hasUnique && executor.dialect.mergesByAnyIndex && there?.has(nameOf(entity, row)) === false;
  // A new row that is inserted alone fails where another unique index has its values; merged, it would change that other row.
  await executor.writeNew(entity, wanted.filter(isNew));
  await executor.writeMerged(
    entity,
    wanted.filter((row) => !isNew(row)),
    rule,
  );
  if (wanted.length === 0) return [];
  const after = await executor.readMany(
    entity,
    wanted.map((row) => keyOf(entity, row)),
    false,
  );
  if (rule.kind === 'add') for (const row of after) requireSums(entity, row, rule);
  return inOrder(entity, wanted, after);
}

function keyOf(entity: Entity, row: RowValues): readonly unknown[] {
  return entity.key.map((name) => row[name]);
}

function nameOf(entity: Entity, row: RowValues): string {
  return keyName(keyOf(entity, row));
}

function isNewer(entity: Entity, row: RowValues, before: RowValues | undefined): boolean {
  const version = entity.managed.version ?? '';
  return before === undefined || Number(before[version]) < Number(row[version]);
}

/** The server refuses what its type cannot hold; an id, which is never negative, has a type that could. */
function requireSums(entity: Entity, row: RowValues, rule: Extract<MergeRule, { kind: 'add' }>): void {
  const isWithin = rule.columns.every(({ column, min, max }) => {
    const sum = BigInt(String(row[column]));
    return sum >= min && sum <= max;
  });
  if (!isWithin) throw sumError(entity, rule);
}

function inOrder(entity: Entity, wanted: readonly RowValues[], found: readonly RowValues[]): readonly RowValues[] {
  const byName = new Map(found.map((row) => [nameOf(entity, row), row]));
  return wanted.map((row) => byName.get(nameOf(entity, row))).filter((row) => row !== undefined);
}
