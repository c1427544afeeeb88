import { z } from 'zod';
import { queryInt } from './numbers.ts';

const MOST_ROWS = 200;
const DEFAULT_ROWS = 50;
const MAX_CURSOR_CHARACTERS = 1024;

/** How many rows a page holds: 1–200, 50 unless told. */
export const Limit = queryInt(1, MOST_ROWS).default(DEFAULT_ROWS);

/** Where the next page begins: the `nextCursor` of the page before, opaque. */
export const Cursor = z.string({ error: 'the nextCursor of the page before' }).max(MAX_CURSOR_CHARACTERS, { error: 'the nextCursor of the page before' });

/** The two fields that every list takes; spread them into its input. */
export const paging = { limit: Limit, cursor: Cursor.optional() } as const;

/**
 * The output of a list.
 *
 * @param row what one row looks like on the wire
 */
export function listOf<Row extends z.ZodType>(row: Row) {
  return z.object({ items: z.array(row), nextCursor: z.string().nullable() });
}
