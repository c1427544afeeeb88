import type { Column } from '../column.ts';
import { requireColumn } from '../conditions.ts';
import type { CursorOrder } from '../cursor.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { toUnits } from '../statements/decimal.ts';

/** Compares rows as every dialect sorts them. */
export type RowOrder = (a: RowValues, b: RowValues) => number;

/**
 * @param order with every column that it needs to be total: the key's are among them
 * @returns the order in which a database gives rows: null first, text by code points; descending the other way round
 */
export function rowOrder(entity: Entity, { orderBy, descending }: CursorOrder): RowOrder {
  const columns = orderBy.map((name) => ({ name, column: requireColumn(entity, name) }));
  const sign = descending ? -1 : 1;
  return (a, b) => {
    for (const { name, column } of columns) {
      const order = compareValues(column, a[name], b[name]);
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

function compareValues(column: Column, a: unknown, b: unknown): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === 'string' && typeof b === 'string') {
    const { scale } = column.traits;
    return column.kind === 'decimal' ? compareBig(toUnits(a, scale), toUnits(b, scale)) : compareTexts(a, b);
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return compareBig(a, b);
  return Number(a) - Number(b);
}

function compareBig(a: bigint, b: bigint): number {
  return Number(a > b) - Number(a < b);
}

/** JavaScript compares halves of pairs, by which U+1F600 would come before U+FFFD. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.codePointAt(at) === b.codePointAt(at)) at += (a.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}
