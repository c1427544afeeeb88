import type { RowChange } from './database.ts';

/** One text for each cached thing, so that changes of it can be told from those of others. */
export function changeName({ entity, column, cacheKey }: RowChange): string {
  return `${entity}.${column}:${cacheKey}`;
}
