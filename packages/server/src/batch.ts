import type { ErrorBody } from '@midgard/errors';
import { MidgardError, toMidgardError } from '@midgard/errors';
import { z } from 'zod';

/** Most items of one batch (protocol.md). */
export const maxBatchItems = 256;

const Item = z.strictObject({
  game: z.union([z.string(), z.int()]),
  operation: z.union([z.string(), z.int()]),
  input: z.unknown().optional(),
});
const Batch = z.array(Item).max(maxBatchItems);

/** One operation of a batch. */
export interface BatchItem {
  /** Id or number. */
  readonly game: string | number;
  /** Name or code. */
  readonly operation: string | number;
  readonly input?: unknown;
}

/** What became of one item; a failed one does not fail the others. */
export type BatchResult = { readonly ok: unknown } | { readonly error: ErrorBody };

/** What {@link runBatch} asks of the dispatcher. */
export interface BatchRunner {
  /** Runs one item as a request of its own, with all of a request's checks. */
  readonly run: (item: BatchItem) => Promise<unknown>;
  /** True for an item that changes something, and so has a place in the order. */
  readonly isWrite: (item: BatchItem) => boolean;
}

/**
 * Checks the shape of a batch.
 * @throws {MidgardError} 2001 with the path of every fault; the inputs of the items are their own operations' business
 */
export function parseBatch(input: unknown): readonly BatchItem[] {
  const parsed = Batch.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message, code }) => ({ path: path.join('.'), message, expected: code }));
  throw new MidgardError('invalidInput', `a batch is a list of at most ${maxBatchItems} {game, operation, input}`, { details: { issues } });
}

/**
 * Runs the items so that the outcome is that of running them one after the other: neighbouring reads run together, so that
 * their loads join into one query per table; a write waits for what stands before it, and what stands behind it waits for the write.
 *
 * @returns one result an item, in the order of the items
 */
export async function runBatch(items: readonly BatchItem[], { run, isWrite }: BatchRunner): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  let reads: Promise<BatchResult>[] = [];
  for (const item of items) {
    if (!isWrite(item)) {
      reads.push(settle(run(item)));
      continue;
    }
    results.push(...(await Promise.all(reads)));
    reads = [];
    results.push(await settle(run(item)));
  }
  results.push(...(await Promise.all(reads)));
  return results;
}

async function settle(outcome: Promise<unknown>): Promise<BatchResult> {
  try {
    return { ok: await outcome };
  } catch (error) {
    return { error: toMidgardError(error).toBody() };
  }
}
